import { describe, expect, it } from "vitest";

import { fakeCanvas, openPanel, type Opened } from "../../charts/fakes";
import { Store } from "../../store";
import { readTheme } from "../../theme";
import raster from ".";

interface Raster {
  opened: Opened;
  sent: unknown[];
  ticks: () => number[][];
  alphas: () => number[];
}

function open(sorted: boolean, end = 100): Raster {
  const drawn = fakeCanvas();
  const sent: unknown[] = [];
  const store = new Store({ picked: {} }) as never;
  const data = { ensemble: "ens", first: 0, end, sorted };
  const opened = openPanel(raster.make(), data, { store, send: (said) => sent.push(said) });
  const drawing = (): typeof drawn => {
    drawn.length = 0;
    opened.panel.draw?.(0, 1);
    return drawn.filter(
      ({ method, args }) => method === "fillRect" && args[2] === 1 && Number(args[3]) < 130,
    );
  };
  const ticks = (): number[][] => drawing().map(({ args }) => args.map(Number));
  const alphas = (): number[] => drawing().map(({ alpha }) => alpha);
  return { opened, sent, ticks, alphas };
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

describe("more neurons than lines", () => {
  const [LINES, SHARED] = [140, 10];
  /** In each of some columns every line has a spike, the lowest one four. */
  const busy = (columns: number): typeof SPIKES => {
    const all = Array.from({ length: LINES * columns }, (_, k) => k);
    return {
      t: Float64Array.from(all, (k) => 0.1 + Math.floor(k / LINES) / 322),
      i: Uint16Array.from(all, (k) => SHARED * (k % LINES)),
      n: Uint8Array.from(all, (k) => (k % LINES === 0 ? 4 : 1)),
    };
  };

  it("have ticks that lie beside each other, as strong as there are spikes", () => {
    const { opened, ticks, alphas } = open(false, LINES * SHARED);
    opened.give(busy(60), { t1: 0.5 });
    const column = ticks().slice(0, LINES);
    const tops = column.map(([, y]) => y);
    const heights = column.map((tick) => tick[3]);
    for (let k = 1; k < LINES; k++) expect(tops[k] + heights[k]).toBe(tops[k - 1]);
    opened.panel.retheme(readTheme(opened.body));
    const [most, one] = alphas();
    expect(most).toBe(1);
    expect(one).toBeGreaterThan(0.2);
    expect(one).toBeLessThan(0.6);
  });

  it("have strong ones where they are few", () => {
    const { opened, alphas } = open(false, LINES * SHARED);
    opened.give(SPIKES, { t1: 0.5 });
    expect(alphas()).toEqual([1, 1, 1]);
  });
});
