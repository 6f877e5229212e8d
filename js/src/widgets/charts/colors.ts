/** Maps from amounts to colours. */

import type { Theme } from "../theme";

export type MapName = "grey" | "amounts" | "signed";

export const STEPS = 256;

/** Lightness, and the two colour axes, of Ottosson's OKLab. */
type Lab = [number, number, number];

/** Red, green and blue from 0 to 255 (Ottosson, "A perceptual color space", 2020). */
export function rgbOf([lightness, a, b]: Lab): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const gamma = (x: number): number =>
    x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
  const [red, green, blue] = linear.map((x) =>
    Math.round(255 * gamma(Math.min(1, Math.max(0, x)))),
  );
  return [red, green, blue];
}

/** Colours between anchors: lightness even, hue and chroma along a curve that touches them. */
function between(anchors: Lab[]): (part: number) => Lab {
  return (part) => {
    const at = part * (anchors.length - 1);
    const index = Math.min(anchors.length - 2, Math.floor(at));
    const rest = at - index;
    const [p, q] = [anchors[index], anchors[index + 1]];
    return [0, 1, 2].map((i) => p[i] + rest * (q[i] - p[i])) as Lab;
  };
}

// From dark violet over blue, teal and green to yellow: even steps of lightness.
const AMOUNTS = between([
  [0.24, 0.06, -0.1],
  [0.38, 0, -0.115],
  [0.52, -0.085, -0.045],
  [0.66, -0.135, 0.085],
  [0.8, -0.1, 0.155],
  [0.94, -0.03, 0.17],
]);
// Blue below zero, red above it; zero is the ground, light or dark.
const SIGNED_LIGHT = between([
  [0.35, -0.02, -0.14],
  [0.62, -0.04, -0.11],
  [0.97, 0, 0],
  [0.65, 0.13, 0.08],
  [0.4, 0.13, 0.07],
]);
const SIGNED_DARK = between([
  [0.85, -0.06, -0.08],
  [0.6, -0.03, -0.13],
  [0.2, 0, 0],
  [0.6, 0.15, 0.09],
  [0.85, 0.06, 0.08],
]);

function tableOf(color: (part: number) => [number, number, number]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(4 * STEPS);
  for (let i = 0; i < STEPS; i++) table.set([...color(i / (STEPS - 1)), 255], 4 * i);
  return table;
}

const tables = new Map<string, Uint8ClampedArray>();

/** Red, green, blue, alpha of each of `STEPS` amounts. */
export function colorTable(name: MapName, theme: Pick<Theme, "dark">): Uint8ClampedArray {
  const key = name === "signed" ? `${name} ${theme.dark}` : name;
  let table = tables.get(key);
  if (table === undefined) {
    const signed = theme.dark ? SIGNED_DARK : SIGNED_LIGHT;
    if (name === "grey") table = tableOf((part) => [255 * part, 255 * part, 255 * part]);
    else table = tableOf((part) => rgbOf((name === "amounts" ? AMOUNTS : signed)(part)));
    tables.set(key, table);
  }
  return table;
}

/** Index into a table, four numbers an entry, of a value in a range; -1 for what is no number. */
export function entryOf(value: number, low: number, high: number): number {
  if (!(value === value)) return -1;
  const part = (value - low) / (high - low);
  return 4 * Math.min(STEPS - 1, Math.max(0, Math.floor(part * STEPS)));
}

/** CSS colour of a part of a table, 0 to 1. */
export function cssColor(table: Uint8ClampedArray, part: number): string {
  const at = entryOf(part, 0, 1);
  return `rgb(${table[at]}, ${table[at + 1]}, ${table[at + 2]})`;
}

/** A range that is as far below zero as above it. */
export function symmetric(low: number, high: number): [number, number] {
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-reach, reach];
}
