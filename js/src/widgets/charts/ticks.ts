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

/** Small numbers with more decimals than this are written with a power of ten. */
const MOST_DECIMALS = 3;
const SMALL = 0.1;

/** Write a tick: as many decimals as its step has, and never wider than seven characters. */
export function tickText(value: number, step: number): string {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  if (decimals > MOST_DECIMALS && Math.abs(value) < SMALL) return smallText(value, step);
  const plain = (Math.abs(value) < step / 2 ? 0 : value).toFixed(Math.min(decimals, 9));
  const text = plain.replace("-", "−");
  if (text.length <= 7) return text;
  return value.toExponential(1).replace("e+", "e").replace(/-/g, "−");
}

function smallText(value: number, step: number): string {
  if (Math.abs(value) < step / 2) return "0";
  const power = (x: number): number => Math.floor(Math.log10(Math.abs(x)) + 1e-9);
  const digits = Math.min(2, Math.max(0, power(value) - power(step)));
  return value.toExponential(digits).replace(/-/g, "−");
}
