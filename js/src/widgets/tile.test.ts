import { expect, it } from "vitest";

import { fakeCanvas } from "./charts/fakes";
import type { FrameArray } from "./frames";
import type { PanelLayout } from "./messages";
import { Store, type LabState, type LabStore } from "./store";
import { readTheme } from "./theme";
import { Tile } from "./tile";
import { Timeline } from "./timeline";

const IMAGE = { height: 1, width: 1, channels: 1, colours: "grey", range: [0, 255] };
const LINES = {
  axis: "value",
  lines: ["a"],
  likely: [-1, 1],
  range: null,
  image: false,
  per_row: 1,
  rows: null,
};

async function open(kind: string, data: Record<string, unknown>, given = true) {
  const drawn = fakeCanvas();
  const state = {
    status: { state: "paused" },
    theme: readTheme(document.body),
    selection: null,
    picked: {},
    playhead: { now: 2, window: 2, held: null, hover: null },
  };
  const store = new Store(state as unknown as LabState) as LabStore;
  const timeline = new Timeline(store);
  let asked = 0;
  const host = {
    store,
    timeline,
    redraw: () => void (asked += 1),
    remove: () => undefined,
    change: () => undefined,
    send: () => undefined,
    drive: () => undefined,
    driveAll: () => undefined,
    pick: () => undefined,
    bokeh: () => Promise.reject(new Error("none here")),
    editor: () => Promise.reject(new Error("none here")),
    cell: () => null,
    travel: () => undefined,
    settle: () => undefined,
    plots: true,
  };
  const layout = {
    id: "p",
    rev: 0,
    kind,
    title: "ens",
    what: "it",
    settings: [],
    python: "",
    columns: 1,
    height: null,
    data,
  } as PanelLayout;
  const tile = new Tile(layout, host);
  await tile.open([]);
  const t = Float64Array.of(0.5, 1, 1.5);
  const arrays = new Map<string, FrameArray>([
    ["t", t],
    ["y", Float32Array.of(50, 100, 150)],
  ]);
  if (given) tile.receive(arrays, { t0: 0, t1: 1.5, shapes: new Map() });
  return { tile, store, timeline, drawn, asked: () => asked };
}

it("shows the instant that is pointed at elsewhere, where it has no time axis", async () => {
  const { tile, timeline, drawn, asked } = await open("image", IMAGE);
  const grey = (): number | undefined => {
    drawn.length = 0;
    tile.draw(0, 2);
    const put = drawn.find(({ method }) => method === "putImageData");
    return put === undefined ? undefined : (put.args[0] as ImageData).data[0];
  };
  expect(grey()).toBe(150);
  const before = asked();
  timeline.hover(0.7);
  expect(asked()).toBeGreaterThan(before);
  expect(grey()).toBe(50);
  timeline.hover(1.2);
  expect(grey()).toBe(100);
  // The line has left the plots, or the pointer has.
  timeline.hover(5);
  expect(grey()).toBe(150);
  timeline.hover(null);
  expect(grey()).toBe(150);
});

it("shows the same stretch as before where it has one, and is told the instant", async () => {
  const { tile, timeline } = await open("value", LINES);
  const told: unknown[] = [];
  const { panel } = tile;
  if (panel === null) throw new Error("it is not open");
  panel.draw = (...args) => void told.push(args);
  tile.draw(0, 2);
  timeline.hover(0.7);
  tile.draw(0, 2);
  expect(told).toEqual([
    [0, 2, 2],
    [0, 2, 0.7],
  ]);
});

it("says what to do while it is empty, and nothing that would be in vain", async () => {
  const { tile, store } = await open("value", LINES, false);
  const said = (): string | undefined =>
    tile.element.querySelector(".nl-plot-hint:not([hidden])")?.textContent;
  const become = (state: string): void =>
    store.set({ status: { ...store.get().status, state } as never });
  become("ready");
  expect(said()).toBe("Press ▶ to run the network.");
  store.set({ life: "gone" });
  expect(said()).toContain("The kernel is gone");
  store.set({ life: "alive" });
  expect(said()).toBe("Press ▶ to run the network.");
  become("closed");
  expect(said()).toContain("This Lab is closed");
});
