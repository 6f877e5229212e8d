/** A y range that follows the data calmly: it widens at once and narrows late. */

/** A number no smaller than `x` (positive) with one leading digit of 1, 2, 2.5 or 5. */
export function niceCeil(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  const digit = x / power;
  const nice = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((n) => digit <= n * (1 + 1e-9)) ?? 10;
  return nice * power;
}

/** Narrow only when the data has filled less than this part of the range ... */
const FILL = 0.4;
/** ... for this long, in seconds of simulated time. */
const PATIENCE = 4;

/** The range that `first` gives is where it starts and the narrowest it gets; zero is in it. */
export class CalmRange {
  low: number;
  high: number;
  private readonly first: [number, number];
  private smallSince: number | null = null;

  constructor(first: [number, number]) {
    this.first = [Math.min(first[0], 0), Math.max(first[1], 0)];
    [this.low, this.high] = this.first;
  }

  reset(): void {
    [this.low, this.high] = this.first;
    this.smallSince = null;
  }

  /** Take in the extremes of what is on screen at simulated `time`; true when it moved. */
  update(min: number, max: number, time: number): boolean {
    if (!Number.isFinite(min) || !Number.isFinite(max)) return false;
    const [low, high] = this.wanted(min, max);
    if (low < this.low || high > this.high) {
      this.low = Math.min(low, this.low);
      this.high = Math.max(high, this.high);
      this.smallSince = null;
      return true;
    }
    if (high - low >= FILL * (this.high - this.low)) {
      this.smallSince = null;
      return false;
    }
    this.smallSince ??= time;
    if (time - this.smallSince < PATIENCE) return false;
    [this.low, this.high] = [low, high];
    this.smallSince = null;
    return true;
  }

  /** Nice bounds around the data, never narrower than the range it started with. */
  private wanted(min: number, max: number): [number, number] {
    const [low0, high0] = this.first;
    const low = min < low0 ? -niceCeil(-min * 1.05) : low0;
    const high = max > high0 ? niceCeil(max * 1.05) : high0;
    return [low, high];
  }
}
