/** What was tried, in words and along the axes of the picture. */

import type { TriedLine } from "./payload";

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const counted = (spikes: number): string =>
  spikes.toLocaleString("en", { maximumFractionDigits: spikes < 10 ? 1 : 0 });
export const hertz = (rate: number): string => `${Number(rate.toPrecision(4))} Hz`;
export const filter = (synapse: number): string =>
  synapse === 0 ? "none" : `${Number((1000 * synapse).toPrecision(4))} ms`;
export const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

export function rowsOf(one: TriedLine): [string, string][] {
  return [
    ["rate", hertz(one.rate)],
    ["synapse", filter(one.synapse)],
    ["accuracy", percent(one.accuracy)],
    ["latency", milliseconds(one.latency)],
    ["spikes an item", counted(one.spikes)],
  ];
}

/** Fewer spikes than this are drawn as this many: an axis of powers has no 0. */
const FEWEST = 1e-2;

export const powerOf = (spikes: number): number => Math.log10(Math.max(FEWEST, spikes));

/** Round numbers between two powers of ten, and how they are written: the fewer the wider. */
export function marksBetween(low: number, high: number): [number, string][] {
  const span = high - low;
  const factors = span > 2.5 ? [1] : span > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const found: [number, string][] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++)
    for (const factor of factors) {
      const at = power + Math.log10(factor);
      const value = Number((factor * 10 ** power).toPrecision(3));
      if (at >= low && at <= high) found.push([at, value.toLocaleString("en")]);
    }
  return found;
}
