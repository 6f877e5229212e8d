import { describe, expect, it } from "vitest";

import { colorTable, cssColor, entryOf, rgbOf, STEPS, symmetric } from "./colors";

const LIGHT = { dark: false };
const DARK = { dark: true };

/** OKLab's lightness of a colour (Ottosson 2020, forward), computed apart from what is tested. */
function lightness(table: Uint8ClampedArray, i: number): number {
  const [r, g, b] = [...table.slice(4 * i, 4 * i + 3)].map((x) =>
    x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4,
  );
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

describe("colorTable", () => {
  it("goes evenly from dark to light for amounts", () => {
    const table = colorTable("amounts", LIGHT);
    const steps = Array.from(
      { length: STEPS - 1 },
      (_, i) => lightness(table, i + 1) - lightness(table, i),
    );
    expect(lightness(table, STEPS - 1) - lightness(table, 0)).toBeGreaterThan(0.6);
    // In eighths, as colours are whole numbers: none is much steeper than another.
    const eighths = Array.from({ length: 8 }, (_, k) =>
      steps.slice(32 * k, 32 * k + 31).reduce((a, b) => a + b, 0),
    );
    expect(Math.min(...eighths)).toBeGreaterThan(0.5 * Math.max(...eighths));
  });

  it("has the ground at zero and both signs apart from it and from each other", () => {
    for (const theme of [LIGHT, DARK]) {
      const table = colorTable("signed", theme);
      const [ends, middle] = [
        [lightness(table, 0), lightness(table, STEPS - 1)],
        lightness(table, STEPS / 2),
      ];
      expect(Math.abs(ends[0] - ends[1])).toBeLessThan(0.12);
      for (const end of ends) expect(Math.abs(end - middle)).toBeGreaterThan(0.4);
      const at = 4 * (STEPS - 1);
      expect(table[at]).toBeGreaterThan(table[at + 2]);
      expect(table[0]).toBeLessThan(table[2]);
    }
  });

  it("puts values into entries, and what is no number into none", () => {
    expect([-9, 0, 0.5, 1, 9].map((v) => entryOf(v, 0, 1) / 4)).toEqual([0, 0, 128, 255, 255]);
    expect(entryOf(NaN, 0, 1)).toBe(-1);
    expect(cssColor(colorTable("grey", LIGHT), 1)).toBe("rgb(255, 255, 255)");
    expect(rgbOf([1, 0, 0])).toEqual([255, 255, 255]);
    expect(symmetric(-0.2, 3)).toEqual([-3, 3]);
  });
});
