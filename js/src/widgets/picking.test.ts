import { describe, expect, it } from "vitest";

import type { PageMessage } from "./messages";
import { combined, pickedOf, Picking } from "./picking";
import { Store, type LabState, type LabStore } from "./store";
import { readTheme } from "./theme";

function makeStore(): LabStore {
  return new Store<LabState>({
    status: {
      state: "paused",
      time: 0,
      n_steps: 0,
      rtf: null,
      returning: null,
      note: "",
      speed: 1,
      error: null,
    },
    life: "alive",
    layout: null,
    theme: readTheme(document.body),
    sight: { visible: true, width: 600 },
    selection: null,
    picked: {},
    playhead: { now: 0, window: 2, held: null, hover: null },
  });
}

describe("combined", () => {
  it("replaces, adds, takes away, and takes back a second click", () => {
    expect(combined([1, 2], [5], false)).toEqual([5]);
    expect(combined([5], [5], false)).toEqual([]);
    expect(combined([5], [2, 9], true)).toEqual([2, 5, 9]);
    expect(combined([2, 5, 9], [9, 2], true)).toEqual([5]);
    expect(combined([2], [], false)).toEqual([]);
  });
});

describe("Picking", () => {
  it("shows a pick at once, and minds no older word of the kernel", () => {
    const store = makeStore();
    const said: PageMessage[] = [];
    const picking = new Picking(store, (message) => said.push(message));
    picking.pick("ens", [3]);
    expect(pickedOf(store.get().picked, "ens")).toEqual([3]);
    picking.pick("ens", [3, 4]);
    const [first, second] = said;
    if (first.type !== "pick" || second.type !== "pick") throw new Error("no picks");
    const answer = { type: "picked", page: first.page } as const;
    picking.take({ ...answer, number: first.number, neurons: { ens: [3] } });
    picking.take({ type: "picked", page: "other", number: 9, neurons: { ens: [8] } });
    expect(pickedOf(store.get().picked, "ens")).toEqual([3, 4]);
    picking.take({ ...answer, number: second.number, neurons: { ens: [3, 4] } });
    // Now everything is heard, what others pick counts.
    picking.take({ type: "picked", page: "other", number: 10, neurons: { ens: [8] } });
    expect(pickedOf(store.get().picked, "ens")).toEqual([8]);
    picking.pick("ens", []);
    expect(store.get().picked).toEqual({});
  });

  it("gives the same array where nothing is picked", () => {
    expect(pickedOf({}, "a")).toBe(pickedOf({ b: [1] }, "a"));
    expect(pickedOf({}, "constructor")).toEqual([]);
  });
});
