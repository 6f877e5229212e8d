import { describe, expect, it } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { Store, type LabState } from "./store";
import { shown, Timeline } from "./timeline";

function lab(): { store: Store<LabState>; timeline: Timeline } {
  const playhead = { now: 10, window: 2, held: null, hover: null };
  const store = new Store({ playhead } as unknown as LabState);
  return { store, timeline: new Timeline(store) };
}

describe("Store", () => {
  it("tells only what has changed, and nothing after an abort", () => {
    const store = new Store({ a: 1, b: 1 });
    const heard: number[] = [];
    const controller = lifeOfTest();
    store.subscribe(
      (s) => s.a,
      controller.signal,
      (a) => heard.push(a),
    );
    store.set({ b: 2 });
    store.set({ a: 2 });
    store.set({ a: 2 });
    controller.abort();
    store.set({ a: 3 });
    expect(heard).toEqual([1, 2]);
  });
});

describe("Timeline", () => {
  it("follows the newest window, which starts at zero", () => {
    expect(shown({ now: 0.5, window: 2, held: null, hover: null })).toEqual({ from: 0, to: 2 });
    const { timeline } = lab();
    timeline.advance(11);
    expect(timeline.view).toEqual({ from: 9, to: 11 });
  });

  it("zooms around an instant, which stays where it is", () => {
    const { timeline } = lab();
    timeline.zoom(0.5, 8.5);
    expect(timeline.view).toEqual({ from: 8.25, to: 9.25 });
    timeline.advance(20);
    expect(timeline.view).toEqual({ from: 8.25, to: 9.25 });
    timeline.follow();
    expect(timeline.view).toEqual({ from: 18, to: 20 });
  });

  it("pans between time zero and now, and follows again at the newest instant", () => {
    const { timeline, store } = lab();
    timeline.pan(-5);
    expect(timeline.view).toEqual({ from: 3, to: 5 });
    timeline.pan(-50);
    expect(timeline.view).toEqual({ from: 0, to: 2 });
    timeline.pan(100);
    expect(store.get().playhead.held).toBeNull();
  });
});
