/** What the kernel tells of an ensemble, as arrays by name. */

import type { FrameArray } from "../../frames";

type Numbers = FrameArray;
const EMPTY = new Float32Array(0);

export interface Told {
  problem: string;
  beside: string;
  maxRates: Numbers;
  intercepts: Numbers;
  /** Where neurons behind a layer fire fastest; else there are none. */
  peaks: Numbers;
  silent: number[];
  saturated: number[];
  bad: number[];
  changed: number[];
  /** Neurons whose curves are drawn, in the order of `rates`. */
  drawn: Numbers;
  x: Numbers;
  rates: Numbers;
  builtRates: Numbers;
  /** The rates of neuron `planeOf` on a square, row by row; of a sphere on two, front and back. */
  plane: Numbers;
  builtPlane: Numbers;
  planeOf: number;
  px: Numbers;
  py: Numbers;
  builtPx: Numbers;
  builtPy: Numbers;
}

export function read(arrays: Map<string, FrameArray>): Told {
  const numbers = (name: string): Numbers => arrays.get(name) ?? EMPTY;
  const words = (name: string): string => {
    const bytes = arrays.get(name);
    return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : "";
  };
  return {
    problem: words("problem"),
    beside: words("beside"),
    maxRates: numbers("max_rates"),
    intercepts: numbers("intercepts"),
    peaks: numbers("peaks"),
    silent: [...numbers("silent")],
    saturated: [...numbers("saturated")],
    bad: [...numbers("bad")],
    changed: [...numbers("changed")],
    drawn: numbers("drawn"),
    x: numbers("x"),
    rates: numbers("rates"),
    builtRates: numbers("built_rates"),
    plane: numbers("plane"),
    builtPlane: numbers("built_plane"),
    planeOf: numbers("of")[0] ?? 0,
    px: numbers("px"),
    py: numbers("py"),
    builtPx: numbers("built_px"),
    builtPy: numbers("built_py"),
  };
}

const number = (value: number, digits = 3): string => String(Number(value.toPrecision(digits)));

/** A rate in words; neuron types without one have NaN. */
export function hertz(rate: number): string {
  return Number.isFinite(rate) ? `${number(rate)} Hz` : "not known";
}

/** What is said of one neuron. */
export function rowsOf(told: Told, neuron: number): [string, string][] {
  const [intercept, peak] = [told.intercepts[neuron], told.peaks[neuron]];
  const begins: [string, string] = [
    "intercept",
    Number.isFinite(intercept) ? number(intercept) : "never fires",
  ];
  return [
    ["neuron", String(neuron)],
    ["highest rate", hertz(told.maxRates[neuron])],
    peak === undefined ? begins : ["where", number(peak)],
  ];
}

/** From the lowest to the highest of the highest rates, in words. */
export function ratesOf({ maxRates }: Told): string {
  const known = [...maxRates].filter(Number.isFinite);
  if (known.length === 0) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low === high
    ? `highest rate ${hertz(high)}`
    : `highest rates ${number(low)} to ${hertz(high)}`;
}
