import { describe, expect, it } from "vitest";

import { readTheme } from "../theme";
import { listed, markColors } from "./marks";
import {
  beyond,
  curvesIn,
  extent,
  nearestCurve,
  nearestPoint,
  pointsIn,
  valueAt,
  type Curves,
} from "./near";

/** Two curves over -1 to 1: one rises from 0 to 10, one falls from 10 to 0. */
const CROSS: Curves = { x: [-1, 0, 1], y: [0, 5, 10, 10, 5, 0], count: 2 };
const PIXELS = { x: 100, y: 10 };

describe("what is near a pointer", () => {
  it("is the curve that passes by, and none where there is none", () => {
    expect(nearestCurve(CROSS, { x: 0.5, y: 7.6 }, PIXELS)).toBe(0);
    expect(nearestCurve(CROSS, { x: 0.5, y: 2.4 }, PIXELS)).toBe(1);
    expect(nearestCurve(CROSS, { x: 0.9, y: 5 }, PIXELS)).toBe(-1);
    expect(nearestCurve({ x: [], y: [], count: 0 }, { x: 0, y: 0 }, PIXELS)).toBe(-1);
  });

  it("has the value between its points", () => {
    expect(valueAt(CROSS, 0, 0.5)).toBeCloseTo(7.5);
    expect(valueAt(CROSS, 1, -0.25)).toBeCloseTo(6.25);
    expect(valueAt(CROSS, 1, 9)).toBe(0);
  });

  it("is the nearest point within reach", () => {
    const [x, y] = [
      [0, 1, NaN],
      [0, 1, 0],
    ];
    expect(nearestPoint(x, y, { x: 0.95, y: 1 }, PIXELS)).toBe(1);
    expect(nearestPoint(x, y, { x: 0.5, y: 0.5 }, PIXELS)).toBe(-1);
  });
});

describe("what is in a box", () => {
  it("are curves with a point in it, and points", () => {
    expect(curvesIn(CROSS, { x: [0.5, 2], y: [8, 11] })).toEqual([0]);
    expect(curvesIn(CROSS, { x: [-0.1, 0.1], y: [4, 6] })).toEqual([0, 1]);
    expect(pointsIn([0, 1, NaN], [0, 1, 0], { x: [-1, 2], y: [0, 0.5] })).toEqual([0]);
  });

  it("counts what rises", () => {
    expect([-2, -1, -0.5, 1, 2].map((at) => beyond([-1, 0, 1], at))).toEqual([0, 1, 1, 3, 3]);
  });
});

describe("ranges and marks", () => {
  it("reach as far as finite numbers, with room", () => {
    expect(extent([[0, 10, NaN, Infinity]], [0, 1], 0.1)).toEqual([-1, 11]);
    expect(extent([[NaN]], [0, 1])).toEqual([0, 1]);
    expect(extent([[3, 3]], [0, 1], 0.5)).toEqual([1.5, 4.5]);
  });

  it("give each picked neuron a colour, and those after the last the last", () => {
    const theme = readTheme(document.body);
    const picked = Array.from({ length: 9 }, (_, i) => 10 * i);
    const colors = [...markColors(theme, picked).values()];
    expect(new Set(colors.slice(0, 7)).size).toBe(7);
    expect(colors[8]).toBe(colors[6]);
    expect(listed([1, 2, 3])).toBe("1, 2, 3");
    expect(listed([1, 2, 3, 4], 2)).toBe("1, 2 and 2 more");
  });
});
