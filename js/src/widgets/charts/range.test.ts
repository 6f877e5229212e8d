import { describe, expect, it } from "vitest";

import { CalmRange, niceBounds } from "./range";
import { tickStep, ticksBetween, tickText } from "./ticks";

describe("niceBounds", () => {
  it("gives round bounds with room around the data", () => {
    expect(niceBounds(-0.1, 0.1, false)).toEqual([-0.15000000000000002, 0.15000000000000002]);
    const [low, high] = niceBounds(999, 1001, false);
    expect([low, high]).toEqual([998.5, 1001.5]);
    expect(niceBounds(80, 95, true)[0]).toBe(0);
  });
});

describe("CalmRange", () => {
  it("widens at once to what is there, on the side where it is", () => {
    const range = new CalmRange({ likely: [-1, 1] });
    expect(range.update(-0.9, 0.5, 0)).toBe(false);
    expect(range.update(-3.1, 0.5, 0.1)).toBe(true);
    expect(range.low).toBeLessThan(-3.1);
    expect(range.high).toBe(1);
  });

  it("goes to data that lies elsewhere", () => {
    const range = new CalmRange({ likely: [-1.2, 1.2] });
    range.update(999, 1001, 0);
    expect(range.low).toBeGreaterThan(990);
    expect(range.high).toBeLessThan(1010);
  });

  it("narrows late, and not to noise", () => {
    const range = new CalmRange({ likely: [0, 60], zero: true });
    range.update(0, 900, 0);
    expect(range.update(0, 10, 1)).toBe(false);
    expect(range.update(0, 800, 2)).toBe(false);
    expect(range.update(0, 10, 3)).toBe(false);
    expect(range.update(0, 10, 4.9)).toBe(false);
    expect(range.update(0, 10, 5.1)).toBe(true);
    expect(range.low).toBe(0);
    expect(range.high).toBeGreaterThanOrEqual(10);
    const noise = new CalmRange({ likely: [-1.2, 1.2] });
    noise.update(0.499, 0.501, 0);
    noise.update(0.499, 0.501, 3);
    expect(noise.high - noise.low).toBeGreaterThan(0.3);
  });

  it("stays where it is without finite data, or where a person set it", () => {
    const range = new CalmRange({ likely: [-1, 1] });
    expect(range.update(Infinity, -Infinity, 0)).toBe(false);
    expect(range.update(NaN, NaN, 0)).toBe(false);
    const fixed = new CalmRange({ likely: [-1, 1], fixed: [0, 0.5] });
    expect(fixed.update(-9, 9, 0)).toBe(false);
    expect([fixed.low, fixed.high]).toEqual([0, 0.5]);
  });
});

describe("ticks", () => {
  it("are round, and reach from end to end", () => {
    expect(tickStep(2, 4)).toBe(0.5);
    expect(tickStep(0.35, 5)).toBeCloseTo(0.1);
    expect(ticksBetween(-0.6, 1, 0.5)).toEqual([-0.5, 0, 0.5, 1]);
  });

  it("are written with the decimals of their step, and never wide", () => {
    expect(tickText(0.5, 0.5)).toBe("0.5");
    expect(tickText(-1, 0.5)).toBe("−1.0");
    expect(tickText(1e-17, 0.5)).toBe("0.0");
    // Beside the name of an axis there is no room for "0.0005".
    expect([0, 0.0005, 0.001, -0.0015].map((v) => tickText(v, 0.0005))).toEqual([
      "0",
      "5e−4",
      "1.0e−3",
      "−1.5e−3",
    ]);
    expect(tickText(2.0005, 0.0005)).toBe("2.0005");
    for (const value of [123456789, -0.000012345, 1e12]) {
      expect(tickText(value, Math.abs(value) / 10).length).toBeLessThanOrEqual(8);
    }
  });
});
