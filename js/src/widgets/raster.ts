/** The spike raster: one row for each neuron, ticks nearly as high as the row. */

import { SlidingColumns } from "./columns";
import { Figure, FRAME_PIXELS } from "./figure";
import type { FrameArray } from "./frames";
import type { PlotLayout } from "./messages";
import type { PlotDrawing } from "./drawing";
import type { Theme } from "./theme";
import { tickPath } from "./ticks";

/** Half the height of a tick in rows; the rest is the gap to its neighbours. */
const HALF = 0.42;
/** Of many rows each is thinner than a pixel; a tick this high can still be seen. */
const LEAST_PIXELS = 1.6;

export class RasterPlot implements PlotDrawing {
  readonly figure: Figure;
  readonly lineNames: string[] = [];
  private readonly columns = new SlidingColumns(1);
  private readonly half: number;

  constructor(layout: PlotLayout) {
    const [first, last] = layout.rows;
    this.half = Math.max(HALF, ((last - first) * LEAST_PIXELS) / 2 / FRAME_PIXELS);
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
    const path = tickPath(t, rows, this.half);
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
