/** The spike raster: one row for each neuron, ticks nearly as high as the row. */

import { SlidingColumns } from "./columns";
import { Figure } from "./figure";
import type { FrameArray } from "./frames";
import type { PlotLayout } from "./messages";
import type { PlotDrawing } from "./plot";
import type { Theme } from "./theme";

/** Half the height of a tick; the rest of the row is the gap to its neighbours. */
const HALF = 0.42;
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
): { t: Float64Array; y: Float64Array } {
  const path = {
    t: new Float64Array(t.length * POINTS_PER_TICK),
    y: new Float64Array(t.length * POINTS_PER_TICK),
  };
  for (let spike = 0; spike < t.length; spike++) {
    const at = spike * POINTS_PER_TICK;
    path.t.fill(t[spike], at, at + POINTS_PER_TICK);
    path.y[at] = rows[spike] - HALF;
    path.y[at + 1] = rows[spike] + HALF;
    path.y[at + 2] = NaN;
  }
  return path;
}

export class RasterPlot implements PlotDrawing {
  readonly figure: Figure;
  readonly lineNames: string[] = [];
  private readonly columns = new SlidingColumns(1);

  constructor(layout: PlotLayout) {
    const [first, last] = layout.rows;
    this.figure = new Figure({
      axis: layout.axis,
      range: [first - 0.5, last - 0.5],
      columns: ["y"],
      integers: true,
    });
  }

  append(arrays: Map<string, FrameArray>): void {
    const t = arrays.get("t");
    const rows = arrays.get("i");
    if (t === undefined || rows === undefined) return;
    const path = tickPath(t, rows);
    this.columns.append(path.t, [path.y]);
  }

  clear(): void {
    this.columns.clear();
  }

  draw(start: number): void {
    this.columns.dropBefore(start, 0);
    this.figure.setData({ t: this.columns.t, y: this.columns.column(0) });
  }

  applyTheme(theme: Theme): void {
    this.figure.applyTheme(theme);
    this.figure.styleLine(0, theme.text, false, 1);
  }
}
