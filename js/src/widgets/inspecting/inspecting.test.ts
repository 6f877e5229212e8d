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
import { stepped, walk } from "./walking";

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

describe("keys through neurons", () => {
  const places = { x: [3, 1, 2, NaN, 1], y: [10, 30, 20, 5, 40] };

  it("go from left to right and from low to high, past none and over no end", () => {
    const way = (key: string, from: number): number[] => {
      const found = [from];
      for (let i = 0; i < 4; i++) found.push(stepped(places, found[i], key) ?? NaN);
      return found;
    };
    expect(way("ArrowRight", -1)).toEqual([-1, 1, 4, 2, 0]);
    expect(way("ArrowLeft", -1)).toEqual([-1, 0, 2, 4, 1]);
    expect(way("ArrowUp", 0)).toEqual([0, 2, 1, 4, 4]);
    expect(stepped(places, 2, "ArrowDown")).toBe(0);
    expect([stepped(places, 2, "Home"), stepped(places, 2, "End")]).toEqual([1, 0]);
    expect(stepped(places, 2, "a")).toBeNull();
    expect(stepped({ x: [], y: [] }, -1, "ArrowRight")).toBe(-1);
  });

  it("pick with Enter and Space, and say what they come to", () => {
    const element = document.createElement("div");
    const [told, picked]: [string[], [number, boolean][]] = [[], []];
    const figure = { element, point: () => undefined, tell: (words: string) => told.push(words) };
    walk(figure, {
      places: () => places,
      spot: () => ({ x: 0, y: 0 }),
      rows: (at) => [["neuron", String(at)]],
      pick: (at, adds) => picked.push([at, adds]),
      isPicked: (at) => picked.some(([one]) => one === at),
    });
    const press = (key: string, shiftKey = false): boolean =>
      element.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, cancelable: true }));
    expect(press("Enter")).toBe(true); // none is there yet: not ours
    expect(press("ArrowRight")).toBe(false);
    press("ArrowRight");
    press("Enter");
    press(" ", true);
    expect(press("x")).toBe(true);
    expect(told).toEqual(["neuron 1", "neuron 4", "neuron 4, picked", "neuron 4, picked"]);
    expect(picked).toEqual([
      [4, false],
      [4, true],
    ]);
    press("Escape");
    expect(told.at(-1)).toBe("");
  });
});
