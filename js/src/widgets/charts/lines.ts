/** Lines over time on a strip: what value and rate plots, and others, are made of. */

import type { FrameArray } from "../frames";
import type { FrameMeta, LegendItem, PanelContext, Reading } from "../panel";
import { lineStyle, type Theme } from "../theme";
import { CalmRange, type RangeOptions } from "./range";
import { Series } from "./series";
import { Strip, type Scale } from "./strip";

/** More lines than this are drawn thinner, to be told apart. */
const FEW_LINES = 4;
/** More are drawn as thin as a pixel: without a graphics card in a twelfth of the time. */
const MANY_LINES = 12;
/** A stretch without data that is longer than this (s) is no line. */
const GAP = 1e-6;

export interface LinesOptions extends RangeOptions {
  /** CSS pixels from top to bottom; by default that of all strips. */
  height?: number;
  axis: string;
  /** One name a line. */
  lines: string[];
  /** What a line is of, where each is drawn in a row of its own. */
  rows?: string;
}

/** Arrays `t` (k) and `y` (k, lines), as lines. */
export class Lines {
  readonly strip: Strip;
  readonly series: Series;
  private readonly range: CalmRange;
  private theme: Theme;
  /** What there is of another branch, and its name. */
  private other: Series | null = null;
  private otherName = "";
  /** Extremes of what is shown, and the instant up to which they were looked for. */
  private extremes = { min: Infinity, max: -Infinity, at: -Infinity };

  constructor(
    body: HTMLElement,
    context: PanelContext,
    private options: LinesOptions,
  ) {
    this.theme = context.theme;
    this.series = new Series(options.lines.length);
    this.range = new CalmRange(options);
    const apart = options.rows !== undefined && options.lines.length > 1;
    this.strip = new Strip(body, {
      axis: options.axis,
      bands: apart ? { names: options.lines, axis: options.rows ?? "" } : undefined,
      range: [this.range.low, this.range.high],
      height: options.height,
      theme: context.theme,
      paint: (canvas, scale, from, to) => this.paint(canvas, scale, from, to),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    const t = arrays.get("t");
    const y = arrays.get("y");
    if (t === undefined || y === undefined || t.length === 0) return;
    if (this.series.last > t[0]) this.clear();
    if (meta.t0 > this.series.last + GAP && this.series.length > 0) {
      const step = t.length > 1 ? t[1] - t[0] : 0;
      if (t[0] - this.series.last > 1.5 * step + 0.05) this.series.gap(meta.t0);
    }
    this.series.append(t, y);
    let { min, max } = this.extremes;
    for (const value of y) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.extremes = { ...this.extremes, min, max };
  }

  beside(arrays: Map<string, FrameArray> | null, name: string): void {
    const [t, y] = [arrays?.get("t"), arrays?.get("y")];
    this.other = null;
    this.otherName = name;
    if (t !== undefined && y !== undefined && y.length === t.length * this.series.width) {
      this.other = new Series(this.series.width);
      this.other.append(t, y);
    }
    this.extremes.at = -Infinity;
    this.strip.changed();
  }

  draw(from: number, to: number): void {
    this.look(from, to);
    if (this.range.update(this.extremes.min, this.extremes.max, to)) {
      this.strip.setRange(this.range.low, this.range.high);
    }
    this.strip.draw(from, to, this.series.last);
  }

  /** Another range or other names, the data stays. */
  relayout(options: LinesOptions): void {
    this.options = options;
    this.range.reset(options);
    this.extremes.at = -Infinity;
    this.strip.setRange(this.range.low, this.range.high);
  }

  clear(): void {
    this.series.clear();
    this.range.reset();
    this.extremes = { min: Infinity, max: -Infinity, at: -Infinity };
    this.strip.setRange(this.range.low, this.range.high);
    this.strip.changed();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.strip.retheme(theme);
  }

  legend(theme: Theme): LegendItem[] {
    const lines = this.options.lines.map((name, index) => ({ name, ...lineStyle(theme, index) }));
    if (this.other === null) return lines;
    // A single line goes by «now»: its own name stands in the heading.
    const shown = lines.length === 1 ? [{ ...lines[0], name: "now" }] : lines;
    return [...shown, { name: `dashed: ${this.otherName}`, color: theme.muted, dashed: true }];
  }

  readings(instant: number): Reading[] {
    const row = this.series.nearest(instant);
    if (row < 0) return [];
    return this.options.lines.map((name, index) => ({
      name,
      text: this.series.v[row * this.series.width + index].toPrecision(3),
      color: lineStyle(this.theme, index).color,
    }));
  }

  columns(): Record<string, number[]> {
    return this.series.columns(this.options.lines.map((_, index) => `y${index}`));
  }

  /** The extremes of what is shown; of all of it only four times a window. */
  private look(from: number, to: number): void {
    const { at } = this.extremes;
    if (to >= at && to - at < (to - from) / 4) return;
    let [min, max] = [Infinity, -Infinity];
    for (const series of this.other === null ? [this.series] : [this.series, this.other]) {
      const [first, last] = [series.from(from), series.from(to)];
      for (let i = first * series.width; i < last * series.width; i++) {
        const value = series.v[i];
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
    this.extremes = { min, max, at: to };
  }

  private paint(canvas: CanvasRenderingContext2D, scale: Scale, from: number, to: number): void {
    if (this.other !== null) {
      canvas.globalAlpha = 0.6;
      this.paintSeries(this.other, true, canvas, scale, from, to);
      canvas.globalAlpha = 1;
    }
    this.paintSeries(this.series, false, canvas, scale, from, to);
  }

  private paintSeries(
    series: Series,
    other: boolean,
    canvas: CanvasRenderingContext2D,
    scale: Scale,
    from: number,
    to: number,
  ): void {
    const { t, v, width } = series;
    const first = Math.max(series.start, series.from(from) - 1);
    const last = Math.min(series.end, series.from(to) + 1);
    canvas.lineJoin = "round";
    const { low, high } = this.range;
    const apart = this.options.rows !== undefined;
    canvas.lineWidth =
      (apart || width > MANY_LINES ? 1 : width > FEW_LINES ? 1.5 : 2) * scale.ratio;
    // What leaves a range that a person has set is not to run over the row above.
    const y = apart
      ? (value: number, dim: number) => scale.y(Math.min(Math.max(value, low), high), dim)
      : (value: number) => scale.y(value);
    for (let dim = 0; dim < width; dim++) {
      const { color, dashed } = lineStyle(this.theme, dim);
      canvas.strokeStyle = color;
      this.dash(canvas, scale, series.t[first], other ? 3 : dashed ? 6 : 0);
      canvas.beginPath();
      let pen = false;
      for (let row = first; row < last; row++) {
        const value = v[row * width + dim];
        if (Number.isNaN(value)) pen = false;
        else if (pen) canvas.lineTo(scale.x(t[row]), y(value, dim));
        else {
          canvas.moveTo(scale.x(t[row]), y(value, dim));
          pen = true;
        }
      }
      canvas.stroke();
    }
    canvas.setLineDash([]);
  }

  /** Dashes keep their place in time, however the line is cut into pieces. */
  private dash(canvas: CanvasRenderingContext2D, scale: Scale, t: number, length: number): void {
    if (length === 0) return canvas.setLineDash([]);
    const dash = length * scale.ratio;
    canvas.setLineDash([dash, dash]);
    canvas.lineDashOffset = (t / scale.pixel) % (2 * dash);
  }
}
