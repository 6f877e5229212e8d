/** Round numbers along an axis, and how they are written. */

/** The round step (1, 2 or 5 times a power of ten) that gives at most about `count` ticks. */
export function tickStep(span: number, count: number): number {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Multiples of a step from `low` to `high`. */
export function ticksBetween(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Write a tick: as many decimals as its step has, and never wider than seven characters. */
export function tickText(value: number, step: number): string {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const plain = (Math.abs(value) < step / 2 ? 0 : value).toFixed(Math.min(decimals, 9));
  const text = plain.replace("-", "−");
  if (text.length <= 7) return text;
  return value.toExponential(1).replace("e+", "e").replace(/-/g, "−");
}
