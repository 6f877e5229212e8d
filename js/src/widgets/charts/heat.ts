/** Many values over time as an image on a strip: a row each, from the bottom up. */

import "./heat.css";

import { make } from "../dom";
import type { FrameArray } from "../frames";
import type { FrameMeta, PanelContext, Reading } from "../panel";
import type { Theme } from "../theme";
import { colorTable, cssColor, entryOf, symmetric, type MapName } from "./colors";
import { CalmRange, type RangeOptions } from "./range";
import { Series } from "./series";
import { Strip, type Scale } from "./strip";
import { tickStep, tickText } from "./ticks";

/** The colour bar: CSS pixels, and entries that its gradient is made of. */
const BAR_WIDTH = 56;
const BAR_HEIGHT = 10;
const BAR_STOPS = 16;
/** Room for the text beside the bar. */
const BAR_TEXT = 52;
/** Data this far apart (s) leaves a gap. */
const LONGEST = 0.05;

export interface HeatOptions extends RangeOptions {
  /** Name of the y axis: what a row is. */
  axis: string;
  /** Names of the values; rows are means of `perRow` neighbours. */
  names: string[];
  perRow: number;
  /** What is coloured, for readings: "Hz", or nothing. */
  unit: string;
  colors: MapName;
}

/** Means over so many even stretches, so that each value counts; the same where there is room. */
export function shrunk(values: Float32Array, lines: number): Float32Array {
  if (lines >= values.length) return values;
  const each = values.length / lines;
  return Float32Array.from({ length: lines }, (_, line) => {
    const [from, to] = [line * each, (line + 1) * each];
    let sum = 0;
    for (let i = Math.floor(from); i < Math.min(to, values.length); i++) {
      sum += values[i] * (Math.min(to, i + 1) - Math.max(from, i));
    }
    return sum / each;
  });
}

/** Arrays `t` (k) and `y` (k, rows), as an image. */
export class Heat {
  readonly strip: Strip;
  readonly series: Series;
  private readonly range: CalmRange;
  private readonly pixels = document.createElement("canvas");
  private readonly bar = make("canvas", "nl-heat-bar", { "aria-hidden": "true" });
  private theme: Theme;
  private extremes = { min: Infinity, max: -Infinity, at: -Infinity };

  constructor(
    body: HTMLElement,
    context: PanelContext,
    private options: HeatOptions,
  ) {
    this.theme = context.theme;
    const rows = Math.max(1, Math.ceil(options.names.length / options.perRow));
    this.series = new Series(rows);
    this.range = new CalmRange(options);
    this.strip = new Strip(body, {
      axis: options.axis,
      range: [-0.5, rows * options.perRow - 0.5],
      integers: true,
      theme: context.theme,
      paint: (canvas, scale, from, to) => this.paint(canvas, scale, from, to),
      redraw: context.redraw,
      signal: context.signal,
    });
    this.strip.element.append(this.bar);
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    const [t, y] = [arrays.get("t"), arrays.get("y")];
    if (t === undefined || y === undefined || t.length === 0) return;
    if (this.series.last > t[0]) this.clear();
    if (t[0] - this.series.last > 2 * LONGEST) this.series.gap(meta.t0);
    this.series.append(t, y);
    let { min, max } = this.extremes;
    for (const value of y) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.extremes = { ...this.extremes, min, max };
  }

  draw(from: number, to: number): void {
    this.look(from, to);
    if (this.range.update(this.extremes.min, this.extremes.max, to)) {
      this.strip.changed();
      this.drawBar();
    }
    if (this.bar.width === 0 || this.bar.dataset.made === undefined) this.drawBar();
    this.strip.draw(from, to, this.series.last);
  }

  relayout(options: HeatOptions): void {
    this.options = options;
    this.range.reset(options);
    this.extremes.at = -Infinity;
    this.strip.changed();
    this.drawBar();
  }

  clear(): void {
    this.series.clear();
    this.range.reset();
    this.extremes = { min: Infinity, max: -Infinity, at: -Infinity };
    this.strip.changed();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.strip.retheme(theme);
    this.drawBar();
  }

  /** The largest rows at an instant. */
  readings(instant: number): Reading[] {
    const row = this.series.nearest(instant);
    if (row < 0) return [];
    const { width, v } = this.series;
    const order = Array.from({ length: width }, (_, i) => i);
    order.sort((a, b) => v[row * width + b] - v[row * width + a]);
    return order.slice(0, 3).map((i) => ({
      name: this.nameOf(i),
      text: `${v[row * width + i].toPrecision(3)} ${this.options.unit}`.trim(),
    }));
  }

  picture(): HTMLCanvasElement | null {
    const canvas = this.strip.picture();
    if (canvas === null || this.bar.width === 0) return canvas;
    const context = canvas.getContext("2d");
    context?.drawImage(this.bar, canvas.width - this.bar.width, canvas.height - this.bar.height);
    return canvas;
  }

  columns(): Record<string, number[]> {
    return this.series.columns(Array.from({ length: this.series.width }, (_, i) => `y${i}`));
  }

  /** The ends of the colour map. */
  get bounds(): [number, number] {
    const { low, high } = this.range;
    return this.options.colors === "signed" ? symmetric(low, high) : [low, high];
  }

  private nameOf(row: number): string {
    const { axis, names, perRow } = this.options;
    const [first, last] = [row * perRow, Math.min(names.length, (row + 1) * perRow) - 1];
    const name = names[first];
    if (perRow > 1) return `${axis}s ${names[first]} to ${names[last]}`;
    return name.startsWith(axis) ? name : `${axis} ${name}`;
  }

  private look(from: number, to: number): void {
    const { at } = this.extremes;
    if (to >= at && to - at < (to - from) / 4) return;
    const { series } = this;
    let [min, max] = [Infinity, -Infinity];
    const end = series.from(to) * series.width;
    for (let i = series.from(from) * series.width; i < end; i++) {
      const value = series.v[i];
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.extremes = { min, max, at: to };
  }

  /** One pixel a row of data, drawn as wide as it lasts. */
  private paint(canvas: CanvasRenderingContext2D, scale: Scale, from: number, to: number): void {
    const { series } = this;
    const first = Math.max(series.start, series.from(from) - 1);
    const last = Math.min(series.end, series.from(to) + 1);
    const [start, stop] = [Math.floor(scale.x(from)) - 1, Math.ceil(scale.x(to)) + 1];
    const columns = stop - start;
    if (last <= first || columns <= 0) return;
    this.fill(scale, start, columns, first, last);
    canvas.imageSmoothingEnabled = false;
    const lines = this.pixels.height;
    canvas.drawImage(this.pixels, 0, 0, columns, lines, start, 0, columns, scale.height);
  }

  private fill(scale: Scale, start: number, columns: number, first: number, last: number): void {
    const { t, v, width } = this.series;
    const lines = Math.min(width, Math.max(1, Math.round(scale.height)));
    const image = new ImageData(columns, lines);
    const table = colorTable(this.options.colors, this.theme);
    const [low, high] = this.bounds;
    for (let row = first; row < last; row++) {
      // The newest row holds until the next one; at the end it has no length but its own pixel.
      const until = row + 1 < this.series.end ? t[row + 1] : t[row] + scale.pixel;
      const end = Math.min(until, t[row] + LONGEST);
      const x0 = Math.max(0, Math.floor(scale.x(t[row])) - start);
      const x1 = Math.min(columns, Math.max(x0 + 1, Math.ceil(scale.x(end)) - start));
      const values = shrunk(v.subarray(row * width, (row + 1) * width), lines);
      for (let i = 0; i < lines; i++) {
        const entry = entryOf(values[i], low, high);
        if (entry < 0) continue;
        for (let x = x0; x < x1; x++) {
          image.data.set(table.subarray(entry, entry + 4), 4 * ((lines - 1 - i) * columns + x));
        }
      }
    }
    this.pixels.width = columns;
    this.pixels.height = lines;
    this.pixels.getContext("2d")?.putImageData(image, 0, 0);
  }

  private drawBar(): void {
    const ratio = window.devicePixelRatio || 1;
    const [low, high] = this.bounds;
    const width = BAR_WIDTH + 2 * BAR_TEXT;
    this.bar.width = Math.round(width * ratio);
    this.bar.height = Math.round((BAR_HEIGHT + 6) * ratio);
    this.bar.style.cssText = `width:${width}px;height:${BAR_HEIGHT + 6}px`;
    const context = this.bar.getContext("2d");
    if (context === null) return;
    context.scale(ratio, ratio);
    const table = colorTable(this.options.colors, this.theme);
    const step = tickStep(high - low, 4);
    const unit = this.options.unit === "" ? "" : ` ${this.options.unit}`;
    const text = `${tickText(high, step)}${unit}`;
    context.font = `12px ${this.theme.font}`;
    context.fillStyle = this.theme.text;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const end = width - 14;
    context.fillText(text, end, BAR_HEIGHT / 2 + 3);
    const right = end - context.measureText(text).width - 5;
    context.fillText(tickText(low, step), right - BAR_WIDTH - 5, BAR_HEIGHT / 2 + 3);
    for (let i = 0; i < BAR_STOPS; i++) {
      context.fillStyle = cssColor(table, i / (BAR_STOPS - 1));
      const piece = BAR_WIDTH / BAR_STOPS;
      context.fillRect(right - BAR_WIDTH + i * piece, 3, piece + 0.5, BAR_HEIGHT);
    }
    this.bar.dataset.made = "";
  }
}
