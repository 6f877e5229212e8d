/** The value plot: one line for each dimension. Firing rates are drawn the same way. */

import { SlidingColumns } from "./columns";
import { Figure } from "./figure";
import { column, type FrameArray } from "./frames";
import type { PlotLayout } from "./messages";
import type { PlotDrawing } from "./drawing";
import { CalmRange } from "./scale";
import { lineStyle, type Theme } from "./theme";

/** More lines than this are drawn thinner, to be told apart. */
const FEW_LINES = 4;

export class LinesPlot implements PlotDrawing {
  readonly figure: Figure;
  readonly lineNames: string[];
  private readonly columns: SlidingColumns;
  private readonly names: string[];
  private readonly range: CalmRange;

  constructor(layout: PlotLayout) {
    this.lineNames = layout.lines;
    this.names = layout.lines.map((_, index) => `y${index}`);
    this.columns = new SlidingColumns(this.names.length);
    this.range = new CalmRange(layout.range);
    this.figure = new Figure({
      axis: layout.axis,
      range: [this.range.low, this.range.high],
      columns: this.names,
    });
  }

  append(arrays: Map<string, FrameArray>): void {
    const t = arrays.get("t");
    const y = arrays.get("y");
    if (t === undefined || y === undefined) return;
    const dims = this.names.length;
    this.columns.append(
      t,
      this.names.map((_, dim) => column(y, dims, dim)),
    );
  }

  clear(): void {
    this.columns.clear();
    this.range.reset();
    this.figure.setRange(this.range.low, this.range.high);
  }

  draw(start: number, end: number): void {
    this.columns.dropBefore(start);
    const data: Record<string, Float64Array> = { t: this.columns.t };
    let [min, max] = [Infinity, -Infinity];
    this.names.forEach((name, dim) => {
      const values = this.columns.column(dim);
      data[name] = values;
      for (const value of values) {
        if (value < min) min = value;
        if (value > max) max = value;
      }
    });
    if (this.range.update(min, max, end)) this.figure.setRange(this.range.low, this.range.high);
    this.figure.setData(data);
  }

  applyTheme(theme: Theme): void {
    this.figure.applyTheme(theme);
    const width = this.names.length > FEW_LINES ? 1.5 : 2;
    this.names.forEach((_, index) => {
      const { color, dashed } = lineStyle(theme, index);
      this.figure.styleLine(index, color, dashed, width);
    });
  }
}
