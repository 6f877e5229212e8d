import { afterEach, expect, it, vi } from "vitest";

import { lifeOfTest } from "../../charts/fakes";
import type { FrameArray } from "../../frames";
import { Store, type LabState, type LabStore } from "../../store";
import { Activity } from "./activity";
import { Legend } from "./legend";
import { Watching } from "./watching";

afterEach(() => void vi.useRealTimers());

it("says why some of what is on the screen has no colour", () => {
  vi.useFakeTimers();
  const status = { state: "running", time: 0 } as LabState["status"];
  const store = new Store<Partial<LabState>>({ status, sight: { visible: true, width: 900 } });
  let [seen, partlySeen, version] = [[2], [1], 1];
  const told: number[][] = [];
  const [activity, legend, leaving] = [new Activity(), new Legend(), lifeOfTest()];
  const watching = new Watching(
    (partly) => (partly ? [...seen, ...partlySeen] : [...seen]),
    () => version,
    (objects) => void told.push(objects),
    () => legend.show(activity, watching.why(activity)),
    store as LabStore,
    leaving.signal,
  );
  const rest = (): void => {
    watching.rest();
    vi.runAllTimers();
  };
  const says = (): string => (legend.element.hidden ? "" : legend.element.textContent);
  rest();
  expect(told).toEqual([[1, 2]]);
  // Nothing has, before it runs.
  expect(says()).toBe("");
  store.set({ status: { ...status, time: 1 } });
  rest();
  expect(says()).toBe("2 more get colour while it runs");
  watching.hear({ type: "watched", objects: [1], why: "a network has none: open it" });
  activity.take(
    new Map<string, FrameArray>([
      ["of", Uint32Array.of(1)],
      ["y", Float32Array.of(30)],
      ["rate", Uint8Array.of(1)],
    ]),
  );
  rest();
  expect(says()).toBe("rate 0 to 50 Hza network has none: open it");
  // What is on the screen has other numbers in another network.
  version = 2;
  rest();
  expect(told).toHaveLength(2);
  watching.hear({ type: "watched", objects: [1], why: "" });
  expect(says()).toBe("rate 0 to 50 Hz");
  // Rather those of which most is seen than none.
  partlySeen = Array.from({ length: 40 }, (_, at) => at + 3);
  rest();
  expect(told.at(-1)).toEqual([2]);
  seen = Array.from({ length: 41 }, (_, at) => at + 1);
  activity.clear();
  rest();
  expect(told.at(-1)).toEqual([]);
  expect(says()).toBe("no colour for more than 40 things: zoom in");
  leaving.abort();
});
