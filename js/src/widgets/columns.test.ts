import { describe, expect, it } from "vitest";

import { SlidingColumns } from "./columns";

describe("SlidingColumns", () => {
  it("keeps what a plain array would keep, over many appends", () => {
    const columns = new SlidingColumns(2);
    let plain: [number, number, number][] = [];
    for (let frame = 0; frame < 500; frame++) {
      const t = Array.from({ length: (frame * 7) % 23 }, (_, i) => frame + i / 100);
      columns.append(t, [t.map((x) => 2 * x), t.map((x) => -x)]);
      plain.push(...t.map((x): [number, number, number] => [x, 2 * x, -x]));
      const edge = frame - 40;
      columns.dropBefore(edge);
      const first = plain.findIndex(([x]) => x >= edge);
      plain = plain.slice(Math.max(0, (first < 0 ? plain.length : first) - 1));
      expect(Array.from(columns.t)).toEqual(plain.map(([x]) => x));
      expect(Array.from(columns.column(0))).toEqual(plain.map(([, x]) => x));
      expect(Array.from(columns.column(1))).toEqual(plain.map(([, , x]) => x));
    }
  });

  it("does not grow with the length of a run", () => {
    const columns = new SlidingColumns(1);
    let largest = 0;
    for (let frame = 0; frame < 10_000; frame++) {
      columns.append([frame, frame + 0.5], [[1, 2]]);
      columns.dropBefore(frame - 200);
      largest = Math.max(largest, columns.capacity);
    }
    expect(columns.length).toBeLessThan(420);
    expect(largest).toBeLessThanOrEqual(1024);
  });

  it("takes a frame that is larger than all before", () => {
    const columns = new SlidingColumns(1);
    const t = Float64Array.from({ length: 5000 }, (_, i) => i);
    columns.append(t, [t]);
    expect(columns.length).toBe(5000);
    expect(columns.column(0)[4999]).toBe(4999);
  });

  it("keeps gaps, and drops spikes without keeping one", () => {
    const columns = new SlidingColumns(1);
    columns.append([1, 1, 1, 2, 2, 2], [[0, 1, NaN, 0, 1, NaN]]);
    columns.dropBefore(1.5, 0);
    expect(Array.from(columns.t)).toEqual([2, 2, 2]);
    expect(Array.from(columns.column(0))).toEqual([0, 1, NaN]);
    columns.clear();
    expect(columns.length).toBe(0);
  });

  it("refuses a wrong number of columns", () => {
    expect(() => new SlidingColumns(2).append([1], [[1]])).toThrow("expected 2");
  });
});
