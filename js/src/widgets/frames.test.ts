import { describe, expect, it } from "vitest";

import { decodeArrays } from "./frames";
import type { PanelEntry } from "./messages";

/** A buffer with t = 0.5, 1.5 and y = (1, 2), (3, 4), that starts `shift` bytes into another. */
function frame(shift: number): { plot: PanelEntry; buffer: DataView } {
  const bytes = new ArrayBuffer(32 + shift);
  const view = new DataView(bytes, shift);
  [0.5, 1.5].forEach((value, i) => view.setFloat64(8 * i, value, true));
  [1, 2, 3, 4].forEach((value, i) => view.setFloat32(16 + 4 * i, value, true));
  const arrays = [
    { name: "t", dtype: "float64", shape: [2], offset: 0 },
    { name: "y", dtype: "float32", shape: [2, 2], offset: 16 },
  ];
  return { plot: { id: "p", rev: 0, t0: 10, t1: 12, arrays }, buffer: view };
}

describe("decodeArrays", () => {
  for (const shift of [0, 8, 3]) {
    it(`reads arrays from a buffer that starts at byte ${shift}`, () => {
      const { plot, buffer } = frame(shift);
      const arrays = decodeArrays(plot, buffer);
      expect(Array.from(arrays.get("t") ?? [])).toEqual([10.5, 11.5]);
      expect(Array.from(arrays.get("y") ?? [])).toEqual([1, 2, 3, 4]);
    });
  }

  it("refuses types it does not know, and arrays that reach past the end", () => {
    const { plot, buffer } = frame(0);
    plot.arrays[0].dtype = "float16";
    expect(() => decodeArrays(plot, buffer)).toThrow("float16");
    plot.arrays[0] = { name: "t", dtype: "float64", shape: [5], offset: 0 };
    expect(() => decodeArrays(plot, buffer)).toThrow("past the end");
  });
});
