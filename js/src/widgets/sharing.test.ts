import { describe, expect, it } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { findModel, type WidgetModel } from "./host";
import { shareTimeline } from "./sharing";
import { Store, type LabState, type LabStore } from "./store";
import { readTheme } from "./theme";
import { Timeline } from "./timeline";

function makeStore(window = 2): LabStore {
  return new Store<LabState>({
    status: {
      state: "paused",
      time: 10,
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
    playhead: { now: 10, window, held: null, hover: null },
  });
}

describe("widgets of one session", () => {
  it("zoom, pan, hover and select together, and keep clock and window of their own", () => {
    const life = lifeOfTest();
    const [a, b, other] = [makeStore(2), makeStore(4), makeStore()];
    shareTimeline("s", a, life.signal);
    shareTimeline("s", b, life.signal);
    shareTimeline("t", other, life.signal);
    new Timeline(a).zoom(0.5, 9);
    new Timeline(b).hover(8.5);
    a.set({ selection: "ens" });
    expect(b.get().playhead.held).toEqual(a.get().playhead.held);
    expect(b.get().playhead.held).not.toBeNull();
    expect(a.get().playhead.hover).toBe(8.5);
    expect(b.get().selection).toBe("ens");
    expect(b.get().playhead.window).toBe(4);
    new Timeline(a).advance(11);
    expect(b.get().playhead.now).toBe(10);
    new Timeline(b).follow();
    expect(a.get().playhead.held).toBeNull();
    expect(other.get().playhead).toEqual(makeStore().get().playhead);
    life.abort();
  });

  it("take over what the others show when they come, and let go when they leave", () => {
    const [first, second] = [lifeOfTest(), lifeOfTest()];
    const [a, b] = [makeStore(), makeStore()];
    shareTimeline("s", a, first.signal);
    new Timeline(a).hold(3, 4);
    shareTimeline("s", b, second.signal);
    expect(b.get().playhead.held).toEqual({ from: 3, to: 4 });
    second.abort();
    new Timeline(a).hold(5, 6);
    expect(b.get().playhead.held).toEqual({ from: 3, to: 4 });
    first.abort();
    const late = makeStore();
    shareTimeline("s", late, lifeOfTest().signal);
    expect(late.get().playhead.held).toBeNull();
  });
});

describe("findModel", () => {
  const model = (get_model: (id: string) => unknown): WidgetModel => ({
    get: () => "",
    send: () => undefined,
    on: () => undefined,
    off: () => undefined,
    widget_manager: { get_model },
  });

  it("waits for a model that comes later, and takes no other thing for one", async () => {
    const hub = model(() => null);
    const answers: unknown[] = [Promise.reject(new Error("not yet")), {}, Promise.resolve(hub)];
    const found = await findModel(
      model(() => answers.shift()),
      "hub",
      lifeOfTest().signal,
    );
    expect(found).toBe(hub);
    const gone = lifeOfTest();
    gone.abort();
    expect(
      await findModel(
        model(() => hub),
        "hub",
        gone.signal,
      ),
    ).toBeNull();
  });
});
