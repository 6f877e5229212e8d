/** What a panel keeps of its signal: rows over time, at least a minute of them. */

const FIRST_ROWS = 512;

export interface Kept {
  /** Seconds of simulated time that are kept ... */
  seconds: number;
  /** ... unless that takes more bytes. */
  bytes: number;
}

export const KEPT: Kept = { seconds: 60, bytes: 16 * 2 ** 20 };

/**
 * Rows of `width` numbers, each at an instant; instants never decrease.
 *
 * New rows are appended at the end and old ones dropped at the front; the arrays are used again
 * and again, so that a long run allocates nothing.
 */
export class Series {
  /** Instants, seconds; those from `start` up to `end` count. */
  t = new Float64Array(FIRST_ROWS);
  /** Values, row by row. */
  v: Float32Array;
  start = 0;
  end = 0;
  private readonly most: number;

  constructor(
    readonly width: number,
    private readonly kept: Kept = KEPT,
  ) {
    this.v = new Float32Array(FIRST_ROWS * width);
    this.most = Math.max(FIRST_ROWS, Math.floor(kept.bytes / (8 + 4 * width)));
  }

  get length(): number {
    return this.end - this.start;
  }

  get bytes(): number {
    return this.t.byteLength + this.v.byteLength;
  }

  /** The newest instant, or -Infinity. */
  get last(): number {
    return this.end > this.start ? this.t[this.end - 1] : -Infinity;
  }

  /** Append rows; `values` holds `width` numbers for each of `t`. */
  append(t: ArrayLike<number>, values: ArrayLike<number>): void {
    if (values.length !== t.length * this.width) {
      throw new Error(`expected ${t.length} rows of ${this.width} values, got ${values.length}`);
    }
    if (t.length === 0) return;
    this.dropBefore(t[t.length - 1] - this.kept.seconds);
    this.reserve(t.length);
    this.t.set(t, this.end);
    this.v.set(values, this.end * this.width);
    this.end += t.length;
    if (this.length > this.most) this.start = this.end - this.most;
  }

  /**
   * Append the rows "t" and "y" of a frame. Where they begin before the newest row, time has
   * restarted: `restart` is called first, and must clear this.
   */
  take(arrays: ReadonlyMap<string, ArrayLike<number>>, restart: () => void): void {
    const [t, y] = [arrays.get("t"), arrays.get("y")];
    if (t === undefined || y === undefined || t.length === 0) return;
    if (this.last > t[0]) restart();
    this.append(t, y);
  }

  /** Leave a gap: a line is not drawn across it. */
  gap(t: number): void {
    if (this.length === 0) return;
    this.append([Math.max(t, this.last)], new Array<number>(this.width).fill(NaN));
  }

  /** Index of the first row at or after an instant, `end` where there is none. */
  from(instant: number): number {
    let [low, high] = [this.start, this.end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.t[middle] < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the row that is nearest to an instant, -1 where there is none. */
  nearest(instant: number): number {
    if (this.length === 0) return -1;
    const after = Math.min(this.from(instant), this.end - 1);
    const before = Math.max(after - 1, this.start);
    return instant - this.t[before] < this.t[after] - instant ? before : after;
  }

  /** Instants and columns as plain numbers. */
  columns(names: string[]): Record<string, number[]> {
    const rows = Array.from({ length: this.length }, (_, i) => this.start + i);
    const columns = names.map((name, k): [string, number[]] => [
      name,
      rows.map((row) => this.v[row * this.width + k]),
    ]);
    return { t: rows.map((row) => this.t[row]), ...Object.fromEntries(columns) };
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
  }

  private dropBefore(instant: number): void {
    // Old rows may lie about for a while: looking for them costs more than they do.
    if (this.length > 0 && this.t[this.start] < instant - 1) this.start = this.from(instant);
  }

  private reserve(extra: number): void {
    if (this.end + extra <= this.t.length) return;
    const needed = this.length + extra;
    // Half empty afterwards, so that moving happens once in many appends.
    const capacity = Math.max(this.t.length, needed * 2);
    const t = capacity === this.t.length ? this.t : new Float64Array(capacity);
    const v = t === this.t ? this.v : new Float32Array(capacity * this.width);
    t.set(this.t.subarray(this.start, this.end));
    v.set(this.v.subarray(this.start * this.width, this.end * this.width));
    [this.t, this.v] = [t, v];
    this.end -= this.start;
    this.start = 0;
  }
}
