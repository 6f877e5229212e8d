import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import type { Frame } from "./messages";
import { Stream } from "./stream";

const EMPTY = new DataView(new ArrayBuffer(0));

function frame(seq: number): Frame {
  const status = {
    state: "running" as const,
    time: 0,
    n_steps: 0,
    rtf: null,
    returning: null,
    note: "",
    speed: 1,
    error: null,
  };
  return {
    type: "frame",
    seq,
    clear: false,
    credit: 9,
    round_trip: 0.02,
    heard: 0,
    panels: [],
    ...status,
  };
}

describe("Stream", () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: [
          "setTimeout",
          "clearTimeout",
          "requestAnimationFrame",
          "cancelAnimationFrame",
          "performance",
        ],
      }),
  );
  afterEach(() => void vi.useRealTimers());

  function stream(): {
    made: Stream;
    reports: { seq: number; held: number; merged: number }[];
    taken: number[];
  } {
    const reports: { seq: number; held: number; merged: number }[] = [];
    const taken: number[] = [];
    const host = {
      take: ({ seq }: Frame) => void taken.push(seq),
      draw: () => undefined,
      report: (report: { seq: number; held: number; merged: number }) => void reports.push(report),
    };
    return { made: new Stream(host, lifeOfTest().signal), reports, taken };
  }

  it("draws each frame, and reports three times a second, the first at once", () => {
    const { made, reports, taken } = stream();
    for (let seq = 1; seq <= 120; seq++) {
      made.receive(frame(seq), EMPTY);
      vi.advanceTimersByTime(17);
    }
    expect(taken).toHaveLength(120);
    expect(made.stats.drawn).toBeGreaterThan(110);
    expect(reports.length).toBeGreaterThanOrEqual(6);
    expect(reports.length).toBeLessThanOrEqual(9);
    expect(reports[0].seq).toBeLessThanOrEqual(2);
    expect(reports.every(({ merged }) => merged < 1.2)).toBe(true);
  });

  it("reports the last frame too, and how long ago it was drawn", () => {
    const { made, reports } = stream();
    made.receive(frame(1), EMPTY);
    vi.advanceTimersByTime(40);
    made.receive(frame(2), EMPTY);
    vi.advanceTimersByTime(1000);
    const last = reports[reports.length - 1];
    expect(last.seq).toBe(2);
    expect(last.held).toBeGreaterThan(100);
    const count = reports.length;
    vi.advanceTimersByTime(5000);
    expect(reports).toHaveLength(count);
  });

  it("says at once that it has fallen behind", () => {
    const { made, reports } = stream();
    made.receive(frame(1), EMPTY);
    vi.advanceTimersByTime(120);
    for (let seq = 2; seq <= 21; seq++) made.receive(frame(seq), EMPTY);
    vi.advanceTimersByTime(40);
    const behind = reports.find(({ merged }) => merged > 8);
    expect(behind).toMatchObject({ seq: 20, merged: 19 });
    expect(made.stats.dropped).toBe(18);
  });

  it("keeps one of two frames for the next picture, but not while a hand waits", () => {
    const { made, taken } = stream();
    made.receive(frame(1), EMPTY);
    made.receive(frame(2), EMPTY);
    vi.advanceTimersByTime(17);
    expect(taken).toEqual([1]);
    vi.advanceTimersByTime(17);
    expect(taken).toEqual([1, 2]);
    made.hurry();
    made.receive(frame(3), EMPTY);
    made.receive(frame(4), EMPTY);
    vi.advanceTimersByTime(17);
    expect(taken).toEqual([1, 2, 3, 4]);
  });
});
