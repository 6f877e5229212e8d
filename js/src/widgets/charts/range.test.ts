import { describe, expect, it } from "vitest";

import { CalmRange, niceCeil } from "./scale";

describe("niceCeil", () => {
  it("gives the next round number", () => {
    const expected = [0.3, 1, 1.5, 50, 100, 150];
    [0.3, 1, 1.2, 42, 99, 101].forEach((x, i) => expect(niceCeil(x)).toBeCloseTo(expected[i]));
  });
});

describe("CalmRange", () => {
  it("widens at once to what is there", () => {
    const range = new CalmRange([-1, 1]);
    expect(range.update(-0.5, 0.5, 0)).toBe(false);
    expect(range.update(-3.1, 0.5, 0.1)).toBe(true);
    expect(range.low).toBe(-4);
    expect(range.high).toBe(1);
  });

  it("narrows late, and never below where it started", () => {
    const range = new CalmRange([0, 50]);
    range.update(0, 900, 0);
    expect(range.high).toBe(1000);
    expect(range.update(0, 10, 1)).toBe(false);
    expect(range.update(0, 800, 2)).toBe(false);
    expect(range.update(0, 10, 3)).toBe(false);
    expect(range.update(0, 10, 6)).toBe(false);
    expect(range.update(0, 10, 7.1)).toBe(true);
    expect([range.low, range.high]).toEqual([0, 50]);
  });

  it("stays where it is without finite data", () => {
    const range = new CalmRange([-1, 1]);
    expect(range.update(Infinity, -Infinity, 0)).toBe(false);
    expect(range.update(NaN, NaN, 0)).toBe(false);
    expect([range.low, range.high]).toEqual([-1, 1]);
  });
});
