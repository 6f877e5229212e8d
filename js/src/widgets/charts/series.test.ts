import { describe, expect, it } from "vitest";

import { Series } from "./series";

const WIDE = { seconds: 1e9, bytes: 2 ** 20 };

describe("Series", () => {
  it("keeps what a plain array would keep, over many appends", () => {
    const series = new Series(2, { seconds: 40, bytes: 2 ** 24 });
    const plain: [number, number, number][] = [];
    for (let frame = 0; frame < 500; frame++) {
      const t = Array.from({ length: (frame * 7) % 23 }, (_, i) => frame + i / 100);
      series.append(
        t,
        t.flatMap((x) => [2 * x, -x]),
      );
      plain.push(
        ...t.map((x): [number, number, number] => [x, Math.fround(2 * x), Math.fround(-x)]),
      );
    }
    const { t, a, b } = series.columns(["a", "b"]);
    const kept = plain.slice(-t.length);
    expect(t).toEqual(kept.map(([x]) => x));
    expect(a).toEqual(kept.map(([, x]) => x));
    expect(b).toEqual(kept.map(([, , x]) => x));
    expect(t[t.length - 1] - t[0]).toBeGreaterThanOrEqual(40);
    expect(t[t.length - 1] - t[0]).toBeLessThan(44);
  });

  it("does not grow with the length of a run, in time or in bytes", () => {
    const long = new Series(1, { seconds: 200, bytes: 2 ** 24 });
    const bounded = new Series(1, { seconds: 1e9, bytes: 12 * 1000 });
    for (let frame = 0; frame < 10_000; frame++) {
      long.append([frame, frame + 0.5], [1, 2]);
      bounded.append([frame, frame + 0.5], [1, 2]);
    }
    expect(long.length).toBeLessThan(420);
    expect(long.bytes).toBeLessThan(12 * 4096);
    expect(bounded.length).toBe(1000);
    expect(bounded.bytes).toBeLessThan(12 * 4096);
  });

  it("finds instants", () => {
    const series = new Series(1, WIDE);
    series.append([1, 2, 2, 3], [0, 0, 0, 0]);
    expect([0, 1, 2, 2.5, 9].map((t) => series.from(t))).toEqual([0, 0, 1, 3, 4]);
    expect([0, 1.4, 2.6, 9].map((t) => series.nearest(t))).toEqual([0, 0, 3, 3]);
    expect(new Series(1).nearest(1)).toBe(-1);
  });

  it("leaves a gap, and refuses rows of another width", () => {
    const series = new Series(1, WIDE);
    series.gap(1);
    series.append([1], [5]);
    series.gap(2);
    expect(series.columns(["y"])).toEqual({ t: [1, 2], y: [5, NaN] });
    expect(() => new Series(2).append([1], [1])).toThrow("rows of 2");
  });
});

it("rows that begin before the newest one restart it; a frame without rows does nothing", () => {
  const series = new Series(1);
  const frame = (t: number[]): Map<string, number[]> =>
    new Map([
      ["t", t],
      ["y", t],
    ]);
  let restarts = 0;
  const restart = (): void => {
    restarts += 1;
    series.clear();
  };
  series.take(frame([1, 2]), restart);
  series.take(new Map(), restart);
  series.take(frame([]), restart);
  series.take(frame([2, 3]), restart);
  expect([restarts, series.length, series.last]).toEqual([0, 4, 3]);
  series.take(frame([0.5]), restart);
  expect([restarts, series.length, series.last]).toEqual([1, 1, 0.5]);
});
