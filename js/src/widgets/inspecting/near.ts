/** What lies near the pointer, and what in a box: of curves over shared points, and of points. */

type Numbers = ArrayLike<number>;
type Range = [number, number];

/** Curves over the same `x`, one after the other in `y`. */
export interface Curves {
  x: Numbers;
  y: Numbers;
  count: number;
}

/** Distance from a point to a line between two, all in pixels. */
function toSegment(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const part = length === 0 ? 0 : ((px - ax) * dx + (py - ay) * dy) / length;
  const at = Math.min(1, Math.max(0, part));
  return Math.hypot(px - ax - at * dx, py - ay - at * dy);
}

/** Index of the first point of `x`, which rises, that is beyond a value. */
export function beyond(x: Numbers, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The curve that passes nearest, at most `reach` pixels away; -1 where there is none. */
export function nearestCurve(
  { x, y, count }: Curves,
  at: { x: number; y: number },
  pixels: { x: number; y: number },
  reach = 10,
): number {
  const n = x.length;
  const here = beyond(x, at.x);
  let [best, least] = [-1, reach];
  for (let curve = 0; curve < count; curve++) {
    for (let i = Math.max(1, here - 1); i <= Math.min(n - 1, here + 1); i++) {
      const [from, to] = [curve * n + i - 1, curve * n + i];
      const distance = toSegment(
        0,
        0,
        (x[i - 1] - at.x) * pixels.x,
        (y[from] - at.y) * pixels.y,
        (x[i] - at.x) * pixels.x,
        (y[to] - at.y) * pixels.y,
      );
      if (distance < least) [best, least] = [curve, distance];
    }
  }
  return best;
}

/** The value of a curve between its points. */
export function valueAt({ x, y }: Curves, curve: number, at: number): number {
  const n = x.length;
  const i = Math.min(n - 1, Math.max(1, beyond(x, at)));
  const part = Math.min(1, Math.max(0, (at - x[i - 1]) / (x[i] - x[i - 1])));
  const [from, to] = [y[curve * n + i - 1], y[curve * n + i]];
  return from + part * (to - from);
}

/** The curves of which a point is in a box. */
export function curvesIn({ x, y, count }: Curves, box: { x: Range; y: Range }): number[] {
  const n = x.length;
  const found: number[] = [];
  for (let curve = 0; curve < count; curve++) {
    for (let i = beyond(x, box.x[0]); i < n && x[i] <= box.x[1]; i++) {
      const value = y[curve * n + i];
      if (value < box.y[0] || value > box.y[1]) continue;
      found.push(curve);
      break;
    }
  }
  return found;
}

/** The point that is nearest, at most `reach` pixels away; -1 where there is none. */
export function nearestPoint(
  xs: Numbers,
  ys: Numbers,
  at: { x: number; y: number },
  pixels: { x: number; y: number },
  reach = 12,
): number {
  let [best, least] = [-1, reach];
  for (let i = 0; i < xs.length; i++) {
    const distance = Math.hypot((xs[i] - at.x) * pixels.x, (ys[i] - at.y) * pixels.y);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

/** The points that are in a box. */
export function pointsIn(xs: Numbers, ys: Numbers, box: { x: Range; y: Range }): number[] {
  const found: number[] = [];
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i], ys[i]];
    if (x >= box.x[0] && x <= box.x[1] && y >= box.y[0] && y <= box.y[1]) found.push(i);
  }
  return found;
}

/** From the least to the most finite number, with some room; `fallback` where there is none. */
export function extent(values: Numbers[], fallback: Range, room = 0.05): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const some of values) {
    for (let i = 0; i < some.length; i++) {
      const value = some[i];
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return fallback;
  const pad = (high - low || Math.abs(high) || 1) * room;
  return [low - pad, high + pad];
}
