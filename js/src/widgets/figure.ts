/** One Bokeh plot: axes, grid and a source, on the time axis that all plots of a Lab share. */

import {
  BasicTicker,
  ColumnDataSource,
  Document,
  Grid,
  LinearAxis,
  Plot,
  PlotView,
  Range1d,
  ViewManager,
} from "./bokeh";
import type { Theme } from "./theme";
import { UnindexedLine } from "./unindexed_line";

/** Room for the y axis, the same in every plot: that is what keeps the frames aligned. */
const LEFT = 64;
const RIGHT = 14;
/** The same in every plot, so that those side by side are level. */
const HEIGHT = 184;
/** About what is left of that for the data. */
export const FRAME_PIXELS = 136;
const TEXT_SIZE = "12px";

export interface FigureOptions {
  axis: string;
  range: [number, number];
  columns: string[];
  /** Whole numbers only on the y axis (neuron indices). */
  integers?: boolean;
}

function axisModel(label: string, integers: boolean): LinearAxis {
  const ticker = new BasicTicker({
    desired_num_ticks: 5,
    num_minor_ticks: 0,
    ...(integers ? { min_interval: 1 } : {}),
  });
  return new LinearAxis({
    axis_label: label,
    ticker,
    axis_label_standoff: 4,
    axis_label_text_font_style: "normal",
    axis_label_text_font_size: TEXT_SIZE,
    major_label_text_font_size: TEXT_SIZE,
    major_tick_in: 0,
    major_tick_out: 4,
    minor_tick_out: 0,
  });
}

/** A plot whose x range is the shared timeline. */
export class Figure {
  readonly source: ColumnDataSource;
  readonly plot: Plot;
  private readonly lines: UnindexedLine[] = [];
  private readonly axes: LinearAxis[];
  private readonly grids: Grid[];
  private readonly views = new ViewManager();
  private readonly document = new Document();
  private readonly timeline = new Range1d({ start: 0, end: 1 });
  private readonly yRange: Range1d;

  constructor(options: FigureOptions) {
    const [start, end] = options.range;
    this.yRange = new Range1d({ start, end });
    this.source = new ColumnDataSource({
      data: Object.fromEntries(["t", ...options.columns].map((name) => [name, new Float64Array()])),
    });
    this.plot = new Plot({
      x_range: this.timeline,
      y_range: this.yRange,
      height: HEIGHT,
      min_width: 120,
      sizing_mode: "stretch_width",
      toolbar_location: null,
      min_border_left: LEFT,
      min_border_right: RIGHT,
      min_border_top: 6,
      // The page shows through: a fill of the old theme would leave a rim when it changes.
      background_fill_color: null,
      border_fill_color: null,
    });
    const x = axisModel("time (s)", false);
    const y = axisModel(options.axis, options.integers ?? false);
    this.axes = [x, y];
    this.grids = [
      new Grid({ dimension: 0, axis: x }),
      new Grid({ dimension: 1, axis: y }),
    ];
    this.plot.add_layout(x, "below");
    this.plot.add_layout(y, "left");
    for (const grid of this.grids) this.plot.add_layout(grid);
    for (const column of options.columns) this.addLine(column);
    this.document.add_root(this.plot);
  }

  /** Attach the plot to the page. */
  async show(element: HTMLElement): Promise<void> {
    this.document.views_manager = this.views;
    const view = await this.views.build_view(this.plot);
    if (view instanceof PlotView) view.build(element);
  }

  setTime(start: number, end: number): void {
    this.timeline.setv({ start, end });
  }

  setRange(start: number, end: number): void {
    this.yRange.setv({ start, end });
  }

  /** Show these columns; the arrays may be used again once the next ones are set. */
  setData(data: Record<string, Float64Array>): void {
    this.source.data = data;
  }

  /** Colour and width of line `index`. */
  styleLine(index: number, color: string, dashed: boolean, width: number): void {
    this.lines[index].setv({
      line_color: color,
      line_width: width,
      line_dash: dashed ? "dashed" : "solid",
    });
  }

  applyTheme(theme: Theme): void {
    this.plot.setv({ outline_line_color: theme.frame });
    for (const grid of this.grids) {
      grid.setv({ grid_line_color: theme.grid, grid_line_alpha: theme.gridAlpha });
    }
    for (const axis of this.axes) {
      axis.setv({
        axis_label_text_color: theme.text,
        axis_label_text_font: theme.font,
        major_label_text_color: theme.text,
        major_label_text_font: theme.font,
        axis_line_color: theme.frame,
        major_tick_line_color: theme.frame,
      });
    }
  }

  /** What is drawn now, for the picture that a saved notebook keeps. */
  canvas(): HTMLCanvasElement | null {
    const view = this.views.get(this.plot);
    return view instanceof PlotView ? view.export("png", true).canvas : null;
  }

  /** The columns of the source as plain numbers. */
  columns(): Record<string, number[]> {
    const entries = Object.entries(this.source.data as Record<string, ArrayLike<number>>);
    return Object.fromEntries(entries.map(([name, values]) => [name, Array.from(values)]));
  }

  remove(): void {
    this.views.clear();
    this.document.clear();
  }

  private addLine(column: string): void {
    const glyph = new UnindexedLine({
      x: { field: "t" },
      y: { field: column },
      line_join: "round",
    });
    this.lines.push(glyph);
    this.plot.add_glyph(glyph, this.source, { selection_glyph: null, nonselection_glyph: null });
  }
}
