/** A y range that follows the data calmly: it widens at once and narrows late. */

import { tickStep } from "./ticks";

/** Narrow only when the data has filled less than this part of the range ... */
const FILL = 0.4;
/** ... for this long, in seconds of simulated time. */
const PATIENCE = 2;
/** Room above and below the data. */
const MARGIN = 0.08;
/** Never narrower than this part of the likely range: noise is not to look like a signal. */
const LEAST = 1 / 6;

/** Round bounds around some values. */
export function niceBounds(min: number, max: number, zero: boolean): [number, number] {
  const least = zero ? Math.min(0, min) : min;
  const span = max - least || Math.abs(max) * 0.1 || 1;
  const step = tickStep(span, 8);
  const low = zero && min >= 0 ? 0 : Math.floor((least - MARGIN * span) / step) * step;
  return [low, Math.ceil((max + MARGIN * span) / step) * step];
}

export interface RangeOptions {
  /** Where it starts. */
  likely: [number, number];
  /** Whether zero is always in it, as with rates. */
  zero?: boolean;
  /** A range that a person has set: then it does not follow the data. */
  fixed?: [number, number] | null;
}

export class CalmRange {
  low = 0;
  high = 1;
  private smallSince: number | null = null;

  constructor(private options: RangeOptions) {
    this.reset();
  }

  /** Back to the start, or to what is set. */
  reset(options: RangeOptions = this.options): void {
    this.options = options;
    [this.low, this.high] = options.fixed ?? options.likely;
    this.smallSince = null;
  }

  /** Take in the extremes of what is on screen at simulated `time`; true when it moved. */
  update(min: number, max: number, time: number): boolean {
    if (this.options.fixed != null) return false;
    if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) return false;
    if (min < this.low || max > this.high) return this.widen(min, max);
    const [low, high] = this.around(min, max);
    if (high - low >= FILL * (this.high - this.low)) {
      this.smallSince = null;
      return false;
    }
    if (this.smallSince === null || time < this.smallSince) this.smallSince = time;
    if (time - this.smallSince < PATIENCE) return false;
    return this.become(low, high);
  }

  private widen(min: number, max: number): boolean {
    const outside = min > this.high || max < this.low;
    const [from, to] = outside ? [min, max] : [Math.min(min, this.low), Math.max(max, this.high)];
    const [low, high] = this.around(from, to);
    // The side that holds stays where it is.
    if (outside) return this.become(low, high);
    return this.become(min < this.low ? low : this.low, max > this.high ? high : this.high);
  }

  private around(min: number, max: number): [number, number] {
    const { likely, zero = false } = this.options;
    const lacks = Math.max(0, LEAST * (likely[1] - likely[0]) - (max - min)) / 2;
    return niceBounds(min - (zero ? 0 : lacks), max + lacks, zero);
  }

  private become(low: number, high: number): boolean {
    this.smallSince = null;
    [this.low, this.high] = [low, high];
    return true;
  }
}
