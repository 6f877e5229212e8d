import { beforeEach, describe, expect, it, vi } from "vitest";

import rates from "../panels/rates";
import signal from "../panels/signal";
import value from "../panels/value";
import { shrunk } from "./heat";
import { fakeCanvas, openPanel, type Drawn } from "./fakes";

const PAYLOAD = {
  axis: "dimension",
  lines: ["0", "1", "2"],
  likely: [-1, 1],
  range: null,
  image: true,
  per_row: 1,
  rows: null,
};

let drawn: Drawn[];
beforeEach(() => (drawn = fakeCanvas()));

function images(): ImageData[] {
  return drawn
    .filter(({ method }) => method === "putImageData")
    .map(({ args }) => args[0] as ImageData);
}

describe("values as an image", () => {
  it("has a row for each value from the bottom up, zero the ground, red above and blue below", () => {
    const { panel, give } = openPanel(value.make(), PAYLOAD);
    give({
      t: Float64Array.from({ length: 100 }, (_, i) => i / 100),
      y: Float32Array.from({ length: 300 }, (_, i) => [-1, 0, 1][i % 3]),
    });
    panel.draw?.(0, 1);
    const image = images()[0];
    expect(image.height).toBe(3);
    const at = (row: number): number[] => [
      ...image.data.slice(4 * (row * image.width + 100), 4 * (row * image.width + 100) + 4),
    ];
    const [top, middle, bottom] = [at(0), at(1), at(2)];
    expect(top[0]).toBeGreaterThan(top[2] + 50);
    expect(bottom[2]).toBeGreaterThan(bottom[0] + 50);
    expect(Math.min(...middle)).toBeGreaterThan(235);
    expect(panel.legend?.({} as never)).toEqual([]);
    expect(panel.columns?.().y2.slice(0, 2)).toEqual([1, 1]);
  });

  it("reads the largest rows, with their names", () => {
    const payload = {
      ...PAYLOAD,
      axis: "neuron",
      lines: ["0", "1", "2", "3", "4"],
      per_row: 2,
      likely: [0, 50],
    };
    const { panel, give } = openPanel(rates.make(), payload);
    give({ t: Float64Array.of(0.1, 0.2), y: Float32Array.of(1, 2, 3, 30, 20, 10) });
    expect(panel.readings?.(0.2).map(({ name, text }) => `${name}: ${text}`)).toEqual([
      "neurons 0 to 1: 30.0 Hz",
      "neurons 2 to 3: 20.0 Hz",
      "neurons 4 to 4: 10.0 Hz",
    ]);
  });

  it("leaves out a stretch of which there is no data", () => {
    const { panel, give } = openPanel(signal.make(), { ...PAYLOAD, lines: ["0"] });
    give({ t: Float64Array.of(0.1, 0.11), y: Float32Array.of(1, 1) });
    give({ t: Float64Array.of(0.9, 0.91), y: Float32Array.of(1, 1) }, { t0: 0.89 });
    panel.draw?.(0, 1);
    const image = images()[0];
    const covered = Array.from({ length: image.width }, (_, x) => image.data[4 * x + 3] === 255);
    expect(covered.filter(Boolean).length).toBeLessThan(0.2 * image.width);
    expect(covered[Math.round(0.5 * image.width)]).toBe(false);
  });

  it.each([
    [1, 140],
    [2, 150],
  ])("has a line for each of 150 rows where there are %i pixels in one of CSS", (ratio, lines) => {
    vi.stubGlobal("devicePixelRatio", ratio);
    const names = Array.from({ length: 150 }, (_, i) => String(i));
    const { panel, give } = openPanel(value.make(), { ...PAYLOAD, lines: names });
    give({ t: Float64Array.of(0.1, 0.2), y: new Float32Array(300) });
    panel.draw?.(0, 1);
    expect(images()[0].height).toBe(lines);
    vi.unstubAllGlobals();
  });

  it("draws lines where it is none", () => {
    const { panel, give } = openPanel(value.make(), { ...PAYLOAD, image: false });
    give({ t: Float64Array.of(0.1, 0.2), y: Float32Array.of(1, 2, 3, 4, 5, 6) });
    panel.draw?.(0, 1);
    expect(drawn.filter(({ method }) => method === "stroke")).toHaveLength(3);
    expect(images()).toEqual([]);
  });
});

describe("fewer lines than rows", () => {
  it("are means in which each row counts the same", () => {
    const values = Float32Array.from({ length: 150 }, (_, i) => Math.sin(i * i));
    expect(shrunk(values, 150)).toBe(values);
    expect([...shrunk(Float32Array.of(0, 3, 6), 2)]).toEqual([1, 5]);
    for (const lines of [140, 75, 7, 1]) {
      // As if each row were `lines` fine rows, of which 150 make a line.
      const fine = Array.from({ length: 150 * lines }, (_, i) => values[Math.floor(i / lines)]);
      shrunk(values, lines).forEach((mean, line) => {
        const part = fine.slice(150 * line, 150 * (line + 1));
        expect(mean).toBeCloseTo(part.reduce((sum, v) => sum + v, 0) / 150, 5);
      });
    }
  });
});
