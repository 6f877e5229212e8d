import { describe, expect, it } from "vitest";

import { countIn, fourier, intervalsOf, meanOf, variationOf, welch } from "./statistics";

describe("countIn", () => {
  it("counts each value once: in its bin, or beside all", () => {
    const { edges, counts, beside } = countIn([0, 0.1, 0.25, 0.5, 1, 1.01, -0.01, NaN], 0, 1, 4);
    expect(edges).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(counts).toEqual([2, 1, 1, 1]);
    expect(beside).toBe(3);
  });
});

describe("fourier", () => {
  it("is the sum that defines it", () => {
    const values = Array.from({ length: 16 }, (_, i) => Math.sin(i * i) + i / 7);
    const [real, imaginary] = [Float64Array.from(values), new Float64Array(16)];
    fourier(real, imaginary);
    for (let k = 0; k < 16; k++) {
      const re = values.reduce((sum, v, i) => sum + v * Math.cos((2 * Math.PI * i * k) / 16), 0);
      const im = values.reduce((sum, v, i) => sum - v * Math.sin((2 * Math.PI * i * k) / 16), 0);
      expect(real[k]).toBeCloseTo(re, 10);
      expect(imaginary[k]).toBeCloseTo(im, 10);
    }
  });
});

describe("welch", () => {
  it("gives what scipy.signal.welch gives of the same samples", () => {
    // fs=1000, nperseg=128, noverlap=64, Hann window, constant detrended.
    const values = Array.from(
      { length: 256 },
      (_, i) => Math.sin(i * 0.7) + 0.5 * Math.cos(i * 0.1) + ((i * 37) % 11) / 11,
    );
    const found = welch(values, 0.001);
    expect(found?.frequency[1]).toBeCloseTo(7.8125, 10);
    const expected: [number, number][] = [
      [0, 4.3560070004632384e-5],
      [1, 0.0020379854234768837],
      [2, 0.010631598206876392],
      [14, 0.03906119774799583],
      [30, 1.2274903420159557e-9],
      [64, 4.0952145378817727e-10],
    ];
    for (const [k, power] of expected) expect((found?.power[k] ?? NaN) / power).toBeCloseTo(1, 6);
  });

  it("says nothing of too few samples", () => {
    expect(welch([1, 2, 3], 0.001)).toBeNull();
  });
});

describe("intervals", () => {
  it("are those of each neuron by itself", () => {
    const found = intervalsOf([0, 1, 2, 4, 5, 9], [0, 1, 0, 1, 1, 0]);
    expect(found).toEqual([
      [2, 7],
      [3, 1],
    ]);
    expect(intervalsOf([1], [0])).toEqual([[]]);
  });

  it("have a mean and a variation where there are enough", () => {
    expect(meanOf([2, 3, 1, 7])).toBe(3.25);
    expect(meanOf([])).toBeNull();
    expect(variationOf([2, 4])).toBeCloseTo(1 / 3, 12);
    expect(variationOf([2])).toBeNull();
  });
});
