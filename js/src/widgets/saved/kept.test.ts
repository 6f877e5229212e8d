import { gunzipSync, gzipSync, strFromU8, strToU8 } from "fflate";
import { describe, expect, it } from "vitest";

import { decodeArrays } from "../frames";
import type { Frame, Layout } from "../messages";
import { FrameLog, readKept, type Kept } from "./kept";

const LAYOUT: Layout = {
  type: "layout",
  title: "a network",
  model_id: "m",
  session: "s",
  undoes: "",
  redoes: "",
  path: "comm",
  window: 2,
  panels: [],
  inputs: [],
  aside: null,
  no_inputs: "",
  heard: 0,
  offers: null,
  foreign: [],
};

/** A frame of some panels, each with `count` values. */
function frameOf(seq: number, ids: string[], count: number, clear = false): [Frame, DataView] {
  const values = new Float32Array(count * ids.length).map((_, i) => seq * 1000 + i);
  const frame: Frame = {
    type: "frame",
    state: "running",
    time: seq / 10,
    n_steps: seq,
    rtf: null,
    returning: null,
    note: "",
    speed: 1,
    error: null,
    seq,
    clear,
    credit: 1,
    round_trip: null,
    heard: 0,
    panels: ids.map((id, i) => ({
      id,
      rev: 0,
      t0: seq / 10,
      t1: (seq + 1) / 10,
      arrays: [{ name: "y", dtype: "float32", shape: [count], offset: 4 * count * i }],
    })),
  };
  return [frame, new DataView(values.buffer)];
}

function read(log: FrameLog): { id: string; seq: number; y: number[] }[] {
  const found = readKept(log.pack(LAYOUT));
  if (found === null) return [];
  return found.kept.frames.flatMap((frame, i) =>
    frame.panels.map((entry) => ({
      id: entry.id,
      seq: frame.seq,
      y: [...(decodeArrays(entry, found.buffers[i]).get("y") ?? [])],
    })),
  );
}

describe("what BokehJS draws", () => {
  it("is kept as a picture, without its arrays", () => {
    const log = new FrameLog();
    log.add(...frameOf(1, ["a", "still"], 4));
    const address = "data:image/png;base64,AAAA";
    const found = readKept(log.pack(LAYOUT, "", { still: address, bad: "javascript:1" }));
    expect(found?.kept.pictures).toEqual({ still: address });
    expect(found?.kept.frames.flatMap(({ panels }) => panels.map(({ id }) => id))).toEqual(["a"]);
    expect([
      ...(decodeArrays(found!.kept.frames[0].panels[0], found!.buffers[0]).get("y") ?? []),
    ]).toEqual([1000, 1001, 1002, 1003]);
  });
});

describe("what is kept of a Lab", () => {
  it("is what its panels were told, number for number", () => {
    const log = new FrameLog();
    log.add(...frameOf(1, ["a", "b"], 2));
    log.add(...frameOf(2, ["a"], 2));
    expect(read(log)).toEqual([
      { id: "a", seq: 1, y: [1000, 1001] },
      { id: "b", seq: 1, y: [1002, 1003] },
      { id: "a", seq: 2, y: [2000, 2001] },
    ]);
  });

  it("starts again where the run does", () => {
    const log = new FrameLog();
    log.add(...frameOf(1, ["a"], 2));
    log.add(...frameOf(2, ["a"], 1, true));
    expect(read(log)).toEqual([{ id: "a", seq: 2, y: [2000] }]);
  });

  it("is bounded, and holds the last word of each panel", () => {
    const log = new FrameLog(4000);
    log.add(...frameOf(0, ["rare", "a"], 3));
    for (let seq = 1; seq < 200; seq++) log.add(...frameOf(seq, ["a"], 100));
    const kept = read(log);
    expect(kept.length).toBeLessThan(12);
    expect(kept[0]).toEqual({ id: "rare", seq: 0, y: [0, 1, 2] });
    expect(kept[kept.length - 1].seq).toBe(199);
    const seqs = kept.slice(1).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0] + i));
    expect(log.pack(LAYOUT).length).toBeLessThan(12000);
  });

  it("has a picture of the network, and reads what was kept without one", () => {
    const log = new FrameLog();
    log.add(...frameOf(1, ["a"], 2));
    const png = "data:image/png;base64,AAAA";
    expect(readKept(log.pack(LAYOUT, png))?.kept.network).toBe(png);
    expect(readKept(log.pack(LAYOUT, "https://elsewhere/a.png"))?.kept.network).toBe("");
    const whole = gunzipSync(Uint8Array.from(atob(log.pack(LAYOUT)), (c) => c.charCodeAt(0)));
    const end = whole.indexOf(10);
    const { network, ...old } = JSON.parse(strFromU8(whole.subarray(0, end))) as Kept;
    expect(network).toBe("");
    const frames = old.frames.map(({ note: _, ...frame }) => frame);
    const line = strToU8(`${JSON.stringify({ ...old, frames })}\n`);
    const packed = gzipSync(Uint8Array.from([...line, ...whole.subarray(end + 1)]));
    const found = readKept(btoa(String.fromCharCode(...packed)));
    expect(found?.kept.frames[0].note).toBe("");
    expect(found?.kept.network).toBe("");
  });

  it("is nothing while there is nothing, and is not read where it is something else", () => {
    expect(new FrameLog().pack(LAYOUT)).toBe("");
    for (const text of [undefined, "", "null", "{}", '{"version":1}', "<img>"])
      expect(readKept(text)).toBeNull();
    const newer = gzipSync(strToU8(`${JSON.stringify({ version: 99 })}\n`));
    expect(readKept(btoa(String.fromCharCode(...newer)))).toBeNull();
  });
});
