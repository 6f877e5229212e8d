/** The ticks of a spike raster, as the points of one line. */

const POINTS_PER_TICK = 3;

/**
 * The points of the path that draws ticks: bottom, top, and a gap.
 *
 * All ticks are one line glyph broken by NaN, hence one canvas stroke; a segment glyph
 * strokes every tick by itself, which is too slow for tens of thousands of spikes.
 */
export function tickPath(
  t: ArrayLike<number>,
  rows: ArrayLike<number>,
  half: number,
): { t: Float64Array; y: Float64Array } {
  const path = {
    t: new Float64Array(t.length * POINTS_PER_TICK),
    y: new Float64Array(t.length * POINTS_PER_TICK),
  };
  for (let spike = 0; spike < t.length; spike++) {
    const at = spike * POINTS_PER_TICK;
    path.t.fill(t[spike], at, at + POINTS_PER_TICK);
    path.y[at] = rows[spike] - half;
    path.y[at + 1] = rows[spike] + half;
    path.y[at + 2] = NaN;
  }
  return path;
}
