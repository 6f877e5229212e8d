/** Histogram, spectrum and intervals: from samples to what is drawn. */

import { beforeEach, expect, it } from "vitest";

import histogram from "../panels/histogram";
import intervals from "../panels/intervals";
import spectrum from "../panels/spectrum";
import { fakeCanvas, openPanel, type Drawn } from "./fakes";

let drawn: Drawn[];
beforeEach(() => (drawn = fakeCanvas()));

const times = (count: number): Float64Array<ArrayBuffer> =>
  Float64Array.from({ length: count }, (_, i) => (i + 1) / 1000);

it("shares of samples add up to one, over the window alone", () => {
  const payload = { names: ["x"], likely: [-1, 1], range: [-1, 1], bins: 4, span: 0.5 };
  const { panel, give } = openPanel(histogram.make(), payload);
  // First half far to the left, second half spread over the right.
  give({
    t: times(1000),
    y: Float32Array.from({ length: 1000 }, (_, i) => (i < 500 ? -0.9 : i % 2 ? 0.25 : 0.75)),
  });
  panel.draw?.(0, 1);
  expect(panel.columns?.().share0).toEqual([0, 0, 0.5, 0.5]);
  panel.draw?.(0, 0.5);
  expect(panel.columns?.().share0).toEqual([1, 0, 0, 0]);
});

it("a sine's power is at its frequency", () => {
  const payload = { names: ["x"], span: 1, highest: 100, logarithmic: true };
  const { panel, give } = openPanel(spectrum.make(), payload);
  give({
    t: times(1024),
    y: Float32Array.from({ length: 1024 }, (_, i) =>
      Math.sin((2 * Math.PI * 31.25 * (i + 1)) / 1000),
    ),
  });
  panel.draw?.(0, 1.024);
  const { frequency, power0 } = panel.columns?.() ?? {};
  const peak = power0.indexOf(Math.max(...power0));
  expect(frequency[peak]).toBeCloseTo(31.25, 0);
  // Its mean square is a half, whatever the window.
  const total = power0.reduce((sum, p) => sum + p, 0) * (frequency[1] - frequency[0]);
  expect(total).toBeCloseTo(0.5, 1);
  expect(drawn.some(({ method }) => method === "stroke")).toBe(true);
});

const texts = (): string[] =>
  drawn.filter(({ method }) => method === "fillText").map(({ args }) => String(args[0]));

it("intervals are of the chosen neurons, with mean and variation", () => {
  const payload = { neurons: [1], span: 1, longest: 0.1, bins: 10 };
  const { panel, give } = openPanel(intervals.make(), payload);
  give({ t: Float64Array.of(0.1, 0.11, 0.125, 0.13, 0.155), i: Uint32Array.of(1, 2, 1, 2, 1) });
  panel.draw?.(0, 0.2);
  expect(panel.columns?.().count).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect(texts()).toContain("mean 27.5 ms, mean CV of neurons 0.09, 2 in all");
});

it("regular neurons have no variation, however unlike they are, and the summary is above the bars", () => {
  const payload = { neurons: [0, 1, 2], span: 1, longest: 0.1, bins: 10 };
  const { panel, give } = openPanel(intervals.make(), payload);
  // Every 10 ms, every 40 ms, and one alone that has no variation to tell of.
  const spikes = [
    ...[10, 20, 30, 40].map((t) => [t, 0]),
    ...[15, 55, 95].map((t) => [t, 1]),
    [500, 2],
  ];
  spikes.sort(([a], [b]) => a - b);
  give({
    t: Float64Array.from(spikes, ([t]) => t / 1000),
    i: Uint32Array.from(spikes, ([, i]) => i),
  });
  panel.draw?.(0, 1);
  const summary = "mean 22.0 ms, mean CV of neurons 0.00, 5 in all";
  expect(texts()).toContain(summary);
  const [line] = drawn.filter(({ args }) => args[0] === summary);
  const clip = drawn.filter(({ method }) => method === "rect").at(-1);
  expect(line.args[2]).toBeLessThan(clip?.args[1] as number);
});

it("what does not fit is left out of the summary, the least telling first", () => {
  drawn = fakeCanvas(320);
  const { panel, give } = openPanel(intervals.make(), {
    neurons: [0],
    span: 1,
    longest: 0.01,
    bins: 10,
  });
  give({ t: Float64Array.of(0.1, 0.15, 0.2), i: Uint32Array.of(0, 0, 0) });
  panel.draw?.(0, 1);
  expect(texts()).toContain("mean 50.0 ms, mean CV of neurons 0.00, 2 longer");
});
