/** Lines, one over the other or each in a row of its own. */

import { beforeEach, expect, it } from "vitest";

import signal from "../panels/signal";
import { fakeCanvas, openPanel, type Drawn } from "./fakes";

let drawn: Drawn[];
beforeEach(() => (drawn = fakeCanvas()));

const PAYLOAD = { axis: "voltage", likely: [0, 1], range: null, image: false, per_row: 1 };

/** Open so many lines that go from 0 to 1 and back, and give the y of each line's points. */
function heights(
  count: number,
  rows: string | null,
  range: [number, number] | null = null,
): number[][] {
  const lines = Array.from({ length: count }, (_, i) => String(i));
  const { panel, give } = openPanel(signal.make(), { ...PAYLOAD, lines, rows, range });
  give({
    t: Float64Array.of(0.1, 0.2, 0.3),
    y: Float32Array.from({ length: 3 * count }, (_, i) => Math.floor(i / count) % 2),
  });
  drawn.length = 0;
  panel.draw?.(0, 0.4);
  const found: number[][] = [];
  for (const { method, args } of drawn) {
    if (method === "moveTo") found.push([]);
    if (method === "moveTo" || method === "lineTo") found[found.length - 1].push(args[1] as number);
  }
  return found;
}

const texts = (): unknown[] =>
  drawn.filter(({ method }) => method === "fillText").map(({ args }) => args[0]);

it("lines on one axis lie over each other", () => {
  const [first, second] = heights(2, null);
  expect(first).toEqual(second);
});

it.each([2, 3, 5, 20])("rows of %i lines keep apart, the first on top, all as high", (count) => {
  const found = heights(count, "neuron");
  expect(found.length).toBe(count);
  const sizes = found.map((line) => line[0] - line[1]);
  for (const size of sizes) expect(size).toBeCloseTo(sizes[0], 9);
  expect(sizes[0] * count).toBeGreaterThan(0.55 * 140);
  for (let i = 1; i < count; i++) {
    expect(Math.min(...found[i])).toBeGreaterThan(Math.max(...found[i - 1]));
  }
});

it("few rows have ticks, many have names", () => {
  heights(3, "neuron");
  // And one of the time axis.
  expect(texts().filter((text) => text === "0.0").length).toBe(4);
  expect(texts().filter((text) => text === "1.0").length).toBe(3);
  expect(texts()).toContain("voltage");
  heights(6, "neuron");
  for (const text of ["0", "3", "5", "neuron"]) expect(texts()).toContain(text);
  expect(texts()).not.toContain("voltage");
});

it("what leaves a range that was set stays in its row", () => {
  const [first, second] = heights(2, "neuron", [0.25, 0.5]);
  expect(Math.min(...second)).toBeGreaterThan(Math.max(...first));
});
