import { expect, it } from "vitest";

import { fakeCanvas, openPanel, type Opened } from "../../charts/fakes";
import { Store } from "../../store";
import raster from ".";

function open(sorted: boolean): { opened: Opened; sent: unknown[]; ticks: () => number[][] } {
  const drawn = fakeCanvas();
  const sent: unknown[] = [];
  const store = new Store({ picked: {} }) as never;
  const data = { ensemble: "ens", first: 0, end: 100, sorted };
  const opened = openPanel(raster.make(), data, { store, send: (said) => sent.push(said) });
  const ticks = (): number[][] => {
    drawn.length = 0;
    opened.panel.draw?.(0, 1);
    return drawn
      .filter(({ method, args }) => method === "fillRect" && args[2] === 1 && Number(args[3]) < 130)
      .map(({ args }) => args.map(Number));
  };
  return { opened, sent, ticks };
}

const SPIKES = {
  t: Float64Array.of(0.1, 0.2, 0.3),
  i: Uint16Array.of(7, 93, 7),
  n: Uint8Array.of(1, 1, 1),
};

it("has a tick for each spike, the first neuron lowest", () => {
  const { opened, sent, ticks } = open(false);
  opened.give(SPIKES, { t1: 0.5 });
  const found = ticks();
  expect(found).toHaveLength(3);
  expect(found[0][1]).toBeGreaterThan(found[1][1]);
  expect(sent).toEqual([]);
});

it("asks which neuron is in which row, and shows those that are in one", () => {
  const { opened, sent, ticks } = open(true);
  opened.give(SPIKES, { t1: 0.5 });
  expect(sent).toEqual([{ type: "rows" }]);
  expect(ticks()).toEqual([]);
  const rows = new DataView(Int32Array.of(93, 7, 12).buffer);
  opened.panel.hear?.({ type: "rows", problem: "" }, rows);
  const found = ticks();
  expect(found).toHaveLength(3);
  // Neuron 93 is in the lowest row now.
  expect(found[1][1]).toBeGreaterThan(found[0][1]);
  opened.panel.hear?.({ type: "rows", problem: "" }, new DataView(Int32Array.of(93).buffer));
  expect(ticks()).toHaveLength(1);
});

it("says why there are no rows", () => {
  const { opened } = open(true);
  const none = new DataView(new ArrayBuffer(0));
  opened.panel.hear?.({ type: "rows", problem: "no neuron prefers 1, 0" }, none);
  expect(opened.body.textContent).toContain("no neuron prefers 1, 0");
});
