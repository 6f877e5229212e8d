/** The part of each signal that the screen shows: columns that slide along with time. */

const FIRST_CAPACITY = 1024;

/**
 * Equally long columns, the first of which is time.
 *
 * New samples are appended at the end and old ones dropped at the front; the arrays are
 * used again and again, so that a long run allocates nothing.
 */
export class SlidingColumns {
  private readonly times: number;
  private columns: Float64Array[];
  private start = 0;
  private end = 0;

  /** @param count number of columns beside time */
  constructor(count: number) {
    this.times = count;
    this.columns = Array.from({ length: count + 1 }, () => new Float64Array(FIRST_CAPACITY));
  }

  get length(): number {
    return this.end - this.start;
  }

  get capacity(): number {
    return this.columns[0].length;
  }

  /** Time, seconds. A view that is valid until the next append. */
  get t(): Float64Array {
    return this.columns[this.times].subarray(this.start, this.end);
  }

  /** Column `index`. A view that is valid until the next append. */
  column(index: number): Float64Array {
    return this.columns[index].subarray(this.start, this.end);
  }

  /** Append samples; every array of `values` is as long as `t`. */
  append(t: ArrayLike<number>, values: ArrayLike<number>[]): void {
    if (values.length !== this.times) {
      throw new Error(`expected ${this.times} columns, got ${values.length}`);
    }
    this.reserve(t.length);
    values.forEach((value, index) => this.columns[index].set(value, this.end));
    this.columns[this.times].set(t, this.end);
    this.end += t.length;
  }

  /** Drop samples before `time`, but keep one so that a line reaches the edge of the plot. */
  dropBefore(time: number, keep = 1): void {
    const t = this.columns[this.times];
    let first = this.start;
    while (first < this.end && t[first] < time) first++;
    this.start = Math.max(this.start, first - keep);
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
  }

  private reserve(extra: number): void {
    if (this.end + extra <= this.capacity) return;
    const needed = this.length + extra;
    // Half empty afterwards, so that moving happens once in many appends.
    const capacity = needed * 2 > this.capacity ? needed * 2 : this.capacity;
    this.columns = this.columns.map((old) => {
      const target = capacity === old.length ? old : new Float64Array(capacity);
      if (target === old) old.copyWithin(0, this.start, this.end);
      else target.set(old.subarray(this.start, this.end));
      return target;
    });
    this.end -= this.start;
    this.start = 0;
  }
}
