/** Counting and spectra over a window of samples. */

export interface Counts {
  /** One more than there are bins. */
  edges: number[];
  /** How many values fell into each bin; the last bin holds its upper edge, too. */
  counts: number[];
  /** How many lay beside all bins. */
  beside: number;
}

/** Count values in even bins from `low` to `high`. */
export function countIn(values: Iterable<number>, low: number, high: number, bins: number): Counts {
  const counts = new Array<number>(bins).fill(0);
  let beside = 0;
  for (const value of values) {
    const at = Math.floor(((value - low) / (high - low)) * bins);
    if (at >= 0 && at < bins) counts[at] += 1;
    else if (value === high) counts[bins - 1] += 1;
    else beside += 1;
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
  return { edges, counts, beside };
}

/** Fourier transform in place; the length must be a power of two (Cooley and Tukey 1965). */
export function fourier(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let i = k; i < n; i += size) {
        const j = i + size / 2;
        const [re, im] = [real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c];
        [real[j], imaginary[j]] = [real[i] - re, imaginary[i] - im];
        real[i] += re;
        imaginary[i] += im;
      }
    }
  }
}

export interface Spectrum {
  /** Hz. */
  frequency: number[];
  /** Power density: what is seen, squared, for each Hz. */
  power: number[];
}

/**
 * Power density by Welch's method (Welch 1967): means over segments that overlap by half, each
 * without its own mean and under a Hann window. Null with fewer than eight samples.
 *
 * @param dt seconds between samples
 */
export function welch(values: ArrayLike<number>, dt: number): Spectrum | null {
  const count = values.length;
  if (count < 8) return null;
  // At least three segments where there are samples enough for fine steps of frequency.
  const size = 2 ** Math.floor(Math.log2(count >= 256 ? count / 2 : count));
  const half = size / 2;
  const taper = Float64Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
  );
  const norm = taper.reduce((sum, w) => sum + w * w, 0) / dt;
  const power = new Array<number>(half + 1).fill(0);
  let segments = 0;
  // The newest samples count for sure: segments are laid from the end.
  for (let end = count; end >= size; end -= half, segments++) {
    const start = end - size;
    let mean = 0;
    for (let i = start; i < end; i++) mean += values[i] / size;
    const real = Float64Array.from(
      { length: size },
      (_, i) => (values[start + i] - mean) * taper[i],
    );
    const imaginary = new Float64Array(size);
    fourier(real, imaginary);
    for (let k = 0; k <= half; k++) {
      const both = k === 0 || k === half ? 1 : 2;
      power[k] += (both * (real[k] ** 2 + imaginary[k] ** 2)) / norm;
    }
  }
  return {
    frequency: power.map((_, k) => k / (size * dt)),
    power: power.map((sum) => sum / segments),
  };
}

/** Intervals between the spikes of each row by itself, of spikes in order of time; in seconds. */
export function intervalsOf(times: ArrayLike<number>, rows: ArrayLike<number>): number[][] {
  const last = new Map<number, number>();
  const intervals = new Map<number, number[]>();
  for (let i = 0; i < times.length; i++) {
    const before = last.get(rows[i]);
    if (before === undefined) intervals.set(rows[i], []);
    else intervals.get(rows[i])?.push(times[i] - before);
    last.set(rows[i], times[i]);
  }
  return [...intervals.values()];
}

/** Mean; null of nothing. */
export function meanOf(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Standard deviation by mean; null of fewer than two. */
export function variationOf(values: number[]): number | null {
  const mean = meanOf(values);
  if (mean === null || values.length < 2) return null;
  return Math.sqrt(meanOf(values.map((v) => (v - mean) ** 2)) ?? 0) / mean;
}
