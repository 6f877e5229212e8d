/** What the kernel tells of the array that is shown, as arrays by name. */

import type { FrameArray } from "../../frames";

type Numbers = FrameArray;
const EMPTY = new Float32Array(0);

export interface Region {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** A part of a matrix: least and largest entry of each cell. */
export interface Part {
  shape: [rows: number, columns: number];
  region: Region;
  cells: [rows: number, columns: number];
  low: Numbers;
  high: Numbers;
  /** Numbers of the rows of the region, where they are not in their own order. */
  order: Numbers | null;
}

export interface Figures {
  entries: number;
  finite: number;
  zeros: number;
  mean: number;
  deviation: number;
  least: number;
  most: number;
  edges: Numbers;
  counts: Numbers;
}

export function partOf(arrays: Map<string, FrameArray>): Part | null {
  const [shape, region, low] = [arrays.get("shape"), arrays.get("region"), arrays.get("low")];
  const [high, grid] = [arrays.get("high"), arrays.get("grid")];
  if (shape === undefined || region === undefined || grid === undefined) return null;
  if (low === undefined || high === undefined) return null;
  const [top, bottom, left, right] = region;
  const [rows, columns] = shape;
  return {
    shape: [rows, columns],
    region: { top, bottom, left, right },
    cells: [grid[0], grid[1]],
    low,
    high,
    order: arrays.get("order") ?? null,
  };
}

export function figuresOf(arrays: Map<string, FrameArray>): Figures | null {
  const found = arrays.get("figures");
  if (found === undefined) return null;
  const [entries, finite, zeros, mean, deviation, least, most] = found;
  return {
    entries,
    finite,
    zeros,
    mean,
    deviation,
    least,
    most,
    edges: arrays.get("edges") ?? EMPTY,
    counts: arrays.get("counts") ?? EMPTY,
  };
}

/** How the array changed: moments that are kept of it. */
export interface History {
  axis: string;
  x: Numbers;
  /** A row for each figure, one value a moment. */
  figures: Numbers;
  numbers: Numbers;
  /** Numbers of the moments of which all entries are kept. */
  whole: Numbers;
  /** What is traced: beside the entries, then beside the norm. */
  trace: Numbers | null;
  /** Number of the moment that is shown; null is now. */
  moment: number | null;
  kept: string;
}

export function historyOf(arrays: Map<string, FrameArray>): History | null {
  const [x, figures, numbers] = ["time", "history", "numbers"].map((name) => arrays.get(name));
  if (x === undefined || figures === undefined || numbers === undefined) return null;
  return {
    axis: textOf(arrays, "axis"),
    x,
    figures,
    numbers,
    whole: arrays.get("whole") ?? EMPTY,
    trace: arrays.get("trace") ?? null,
    moment: arrays.get("moment")?.[0] ?? null,
    kept: textOf(arrays, "kept"),
  };
}

/** Words among the arrays. */
export function textOf(arrays: Map<string, FrameArray>, name: string): string {
  const bytes = arrays.get(name);
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : "";
}

/** The entry of a cell that is seen: the one farther from zero; NaN where there is one. */
export function farther(low: number, high: number): number {
  if (!(low <= high)) return NaN;
  return -low > high ? low : high;
}

export const short = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "NaN";

/** The figures of an array in a line. */
export function inWords(figures: Figures): string[] {
  const { entries, finite, zeros, mean, deviation, least, most } = figures;
  const bad = entries - finite;
  const share = finite > 0 ? Math.round((100 * zeros) / finite) : 0;
  return [
    `${entries.toLocaleString("en")} ${entries === 1 ? "entry" : "entries"}`,
    `from ${short(least)} to ${short(most)}`,
    `mean ${short(mean)}`,
    `deviation ${short(deviation)}`,
    zeros > 0 ? `${zeros === finite ? "all" : `${share} %`} zero` : "",
    bad > 0 ? `${bad.toLocaleString("en")} are NaN or infinite` : "",
  ].filter((text) => text !== "");
}
