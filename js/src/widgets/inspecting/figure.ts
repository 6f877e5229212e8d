/**
 * A figure that BokehJS draws, in the page's colours: axes with names, a readout beside the
 * pointer, picking by click and by box, zoom and pan.
 *
 * What is near the pointer or in a box a panel works out itself, from its own arrays.
 */

import "./figure.css";
import "./inspect.css";

import { iconButton, make, setText } from "../dom";
import { call, dig } from "../host";
import type { Theme } from "../theme";
import type { Bokeh, Columns, Glyph, Source } from "./bokeh";

export interface AxisOptions {
  label: string;
  range: Range;
  /** Whole numbers only, such as those of neurons. */
  whole?: boolean;
  /** It is zoomed to no less than this. */
  least?: number;
}

export interface FigureOptions {
  x: AxisOptions;
  y: AxisOptions;
  /** One unit is as long on both axes. */
  square?: boolean;
  /** What it is called by a screen reader. */
  name: string;
  /** Whether dragging draws a box to pick with, at once or where that is wanted; else it moves. */
  picks?: boolean | "wanted";
}

/** A place in a figure, in units of its axes and in pixels of its element. */
export interface Spot {
  x: number;
  y: number;
  left: number;
  top: number;
  /** Whether Shift, Ctrl or Cmd is held: add to what is picked. */
  adds: boolean;
}

export interface Box {
  x: Range;
  y: Range;
  adds: boolean;
}

/** Tests ask where something is drawn, in CSS pixels of the page. */
export type FigureElement = HTMLElement & {
  nengolabSpot?: (x: number, y: number) => { x: number; y: number };
};

export type Rows = [name: string, text: string][];
export type Range = [low: number, high: number];
type Style = (theme: Theme) => Record<string, unknown>;
type Annotation = Parameters<InstanceType<Bokeh["Plot"]>["add_layout"]>[0];
type Drawn = ReturnType<InstanceType<Bokeh["Plot"]>["add_glyph"]>;

const FIT = "M2 2h5v2H4v3H2zM9 2h5v5h-2V4H9zM2 9h2v3h3v2H2zM12 9h2v5H9v-2h3z";
const BOX = "M2 2h3v2H4v1H2zM11 2h3v3h-2V4h-1zM2 11h2v1h1v2H2zM12 11h2v3h-3v-2h1zM6 6h4v4H6z";
const MOVE = "M8 1l3 3H9v3h3V5l3 3-3 3V9H9v3h2l-3 3-3-3h2V9H4v2L1 8l3-3v2h3V4H5z";

export class Figure {
  readonly element: FigureElement;
  private readonly place = make("div", "nl-figure-place");
  private readonly readout = make("div", "nl-readings nl-figure-readout", { hidden: "" });
  private readonly bar = make("div", "nl-figure-bar");
  private readonly cursor = make("div", "nl-figure-cursor", { hidden: "" });
  private readonly told = make("span", "nl-hidden-text", { "aria-live": "polite" });
  private readonly plot;
  private readonly axes;
  private readonly styled: { apply: (theme: Theme) => void }[] = [];
  private readonly box;
  private readonly pan;
  private square: boolean;
  private untouched = true;
  private adds = false;
  /** Says again what is at the pointer, while it is here. */
  private sayAgain: (() => void) | null = null;
  private view: Awaited<ReturnType<Bokeh["show"]>> | null = null;
  private home: { x: Range; y: Range };

  constructor(
    private readonly bokeh: Bokeh,
    options: FigureOptions,
    private theme: Theme,
  ) {
    const { x, y, square, name, picks } = options;
    this.home = { x: x.range, y: y.range };
    this.plot = new bokeh.Plot({
      x_range: this.span(x),
      y_range: this.span(y),
      x_scale: new bokeh.LinearScale(),
      y_scale: new bokeh.LinearScale(),
      sizing_mode: "stretch_both",
      toolbar_location: null,
      min_border: 6,
    });
    bokeh.set_log_level("warn");
    this.square = square === true;
    // BokehJS itself keeps an aspect only where it chooses the ranges.
    const { inner_width, inner_height } = this.plot.properties;
    for (const side of [inner_width, inner_height])
      side.change.connect(() => this.square && this.untouched && this.fit());
    this.axes = [this.axis(x, 0), this.axis(y, 1)];
    this.box = new bokeh.BoxSelectTool({ renderers: [] });
    this.pan = new bokeh.PanTool();
    const wheel = new bokeh.WheelZoomTool({ modifiers: { ctrl: true } });
    this.plot.add_tools(this.box, this.pan, wheel);
    this.plot.toolbar.active_scroll = wheel;
    // Only a hand makes these: what is set from here does not.
    this.plot.on_event("rangesupdate", () => (this.untouched = false));
    this.plot.on_event("doubletap", () => this.fit());
    this.plot.on_event("mouseleave", () => {
      this.sayAgain = null;
      this.say(null);
    });
    this.element = make("div", "nl-figure", { role: "group", "aria-label": name });
    this.element.append(this.place, this.cursor, this.bar, this.readout, this.told);
    this.element.nengolabSpot = (x, y) => this.onPage(x, y);
    // Of a box BokehJS does not say which keys were held.
    const held = (event: PointerEvent): void => {
      this.adds = event.shiftKey || event.ctrlKey || event.metaKey;
    };
    this.element.addEventListener("pointerdown", held, { capture: true });
    this.buttons(picks ?? false);
  }

  private span({ range, least }: AxisOptions): InstanceType<Bokeh["Range1d"]> {
    return new this.bokeh.Range1d({
      start: range[0],
      end: range[1],
      min_interval: least ?? null,
    });
  }

  private axis({ label, whole }: AxisOptions, dimension: 0 | 1): InstanceType<Bokeh["LinearAxis"]> {
    const axis = new this.bokeh.LinearAxis({
      axis_label: label,
      axis_label_text_font_style: "normal",
      axis_label_standoff: 4,
      minor_tick_line_color: null,
      major_tick_in: 0,
      major_tick_out: 4,
    });
    if (whole === true) {
      if ("min_interval" in axis.ticker) axis.ticker.min_interval = 1;
      if ("use_scientific" in axis.formatter) axis.formatter.use_scientific = false;
    }
    const grid = new this.bokeh.Grid({ axis, dimension });
    this.plot.add_layout(axis, dimension === 0 ? "below" : "left");
    this.plot.add_layout(grid);
    this.style((theme) => grid.setv({ grid_line_color: theme.grid, grid_line_alpha: 0.7 }));
    return axis;
  }

  private buttons(picks: boolean | "wanted"): void {
    const fit = iconButton(FIT, "show all", "");
    fit.title = "show all (double click)";
    fit.addEventListener("click", () => this.fit());
    this.drags(picks !== true);
    this.bar.append(fit);
    if (picks === false) return;
    const [path, name, title] =
      picks === true
        ? [
            MOVE,
            "drag to move",
            "drag to move what is shown, instead of picking; Ctrl and wheel zoom",
          ]
        : [BOX, "drag to choose", "drag to choose a block, instead of moving what is shown"];
    const other = iconButton(path, name, "");
    other.title = title;
    other.setAttribute("aria-pressed", "false");
    other.addEventListener("click", () => {
      const pressed = other.getAttribute("aria-pressed") !== "true";
      other.setAttribute("aria-pressed", String(pressed));
      this.drags(pressed === (picks === true));
    });
    this.bar.prepend(other);
  }

  private drags(moves: boolean): void {
    this.plot.toolbar.active_drag = moves ? this.pan : this.box;
  }

  // ---- what is drawn --------------------------------------------------------------------------

  source(data: Columns): Source {
    return new this.bokeh.ColumnDataSource({ data: new Map(Object.entries(data)) });
  }

  /** Many lines, of the columns `xs`, `ys` and `color`. */
  lines(width: number, alpha: number, dash: number[] = []): InstanceType<Bokeh["MultiLine"]> {
    return new this.bokeh.MultiLine({
      xs: { field: "xs" },
      ys: { field: "ys" },
      line_color: { field: "color" },
      line_width: width,
      line_alpha: alpha,
      line_dash: dash,
    });
  }

  /** Add a glyph; `style` gives those of its properties that hang on the theme. */
  draw<G extends Glyph>(glyph: G, source: Source, style?: Style): Drawn {
    const renderer = this.plot.add_glyph(glyph, source);
    if (style !== undefined) this.style((theme) => glyph.setv(style(theme)));
    return renderer;
  }

  /** Add an annotation, such as a `Span`. */
  add(annotation: Annotation, side: "center" | "right" | "above" = "center", style?: Style): void {
    this.plot.add_layout(annotation, side);
    if (style !== undefined) this.style((theme) => annotation.setv(style(theme)));
  }

  /** Have something done now and with each change of the theme. */
  style(apply: (theme: Theme) => void): void {
    this.styled.push({ apply });
    apply(this.theme);
  }

  /** Change several things in one picture. */
  update(change: () => void): void {
    this.plot.hold_render = true;
    try {
      change();
    } finally {
      this.plot.hold_render = false;
    }
    this.sayAgain?.();
  }

  /** Name an axis anew. */
  label(which: "x" | "y", text: string): void {
    this.axes[which === "x" ? 0 : 1].axis_label = text;
  }

  /** Put the marks of an axis at these places, with these words. */
  ticks(which: "x" | "y", marks: readonly [at: number, text: string][]): void {
    this.axes[which === "x" ? 0 : 1].setv({
      ticker: new this.bokeh.FixedTicker({ ticks: marks.map(([at]) => at) }),
      major_label_overrides: new Map(marks),
    });
  }

  /** Show this much, unless a person has zoomed or moved; then it is where "show all" leads. */
  range(x: Range, y: Range): void {
    this.home = { x, y };
    if (this.untouched) this.fit();
  }

  /** Have units of one length on both axes, or not. */
  keepSquare(square: boolean): void {
    if (square === this.square) return;
    this.square = square;
    if (this.untouched) this.fit();
  }

  /** Show all there is. */
  fit(): void {
    const { x, y } = this.square ? this.squared() : this.home;
    this.plot.x_range.setv({ start: x[0], end: x[1] });
    this.plot.y_range.setv({ start: y[0], end: y[1] });
    this.untouched = true;
  }

  /** All there is with units of one length: with more room along the longer side. */
  private squared(): { x: Range; y: Range } {
    const { x, y } = this.home;
    const { inner_width: width, inner_height: height } = this.plot;
    if (!(width > 0 && height > 0)) return this.home;
    const unit = Math.max(Math.abs(x[1] - x[0]) / width, Math.abs(y[1] - y[0]) / height);
    const around = ([from, to]: Range, pixels: number): Range => {
      const [middle, half] = [(from + to) / 2, (unit * pixels * Math.sign(to - from)) / 2];
      return [middle - half, middle + half];
    };
    return { x: around(x, width), y: around(y, height) };
  }

  /** What is shown, in units of the axes. */
  get shown(): { x: Range; y: Range } {
    const of = (range: { start: unknown; end: unknown }): Range => [
      Number(range.start),
      Number(range.end),
    ];
    return { x: of(this.plot.x_range), y: of(this.plot.y_range) };
  }

  /** Call something when another part is shown, with its pixels. */
  onRange(changed: () => void): void {
    this.plot.on_event("rangesupdate", () => changed());
  }

  /** Whole CSS pixels between the axes. */
  get size(): { width: number; height: number } {
    const whole = (pixels: number): number => Math.max(1, Math.round(pixels) || 1);
    return { width: whole(this.plot.inner_width), height: whole(this.plot.inner_height) };
  }

  /** Pixels of one unit of each axis. */
  get pixels(): { x: number; y: number } {
    const inner = { x: this.plot.inner_width, y: this.plot.inner_height };
    const { x, y } = this.shown;
    return { x: inner.x / (x[1] - x[0]), y: inner.y / (y[1] - y[0]) };
  }

  private onPage(x: number, y: number): { x: number; y: number } {
    const { left, top } = this.place.getBoundingClientRect();
    const at = this.inElement(x, y);
    return { x: left + at.left, y: top + at.top };
  }

  private inElement(x: number, y: number): { left: number; top: number } {
    const [inner, shown] = [dig(this.view, "frame", "bbox"), this.shown];
    const [width, height] = [this.plot.inner_width, this.plot.inner_height];
    return {
      left: Number(dig(inner, "left")) + ((x - shown.x[0]) / (shown.x[1] - shown.x[0])) * width,
      top: Number(dig(inner, "top")) + ((shown.y[1] - y) / (shown.y[1] - shown.y[0])) * height,
    };
  }

  // ---- what keys do ---------------------------------------------------------------------------

  /** Mark a place, and say what is there, as where the pointer is; nowhere for null. */
  point(spot: { x: number; y: number } | null, rows: Rows | null): void {
    this.cursor.hidden = spot === null;
    if (spot === null) return this.say(null);
    const { left, top } = this.inElement(spot.x, spot.y);
    this.cursor.style.left = `${left}px`;
    this.cursor.style.top = `${top}px`;
    this.say(rows, { ...spot, left, top, adds: false });
  }

  /** Have words read to those who do not see. */
  tell(words: string): void {
    setText(this.told, words);
  }

  // ---- what a hand does -----------------------------------------------------------------------

  /** What is at the pointer, as rows of text. */
  onPoint(find: (spot: Spot) => Rows | null): void {
    this.plot.on_event("mousemove", (event) => {
      const spot = spotOf(event);
      this.sayAgain = () => this.say(find(spot), spot);
      this.sayAgain();
    });
  }

  onTap(tapped: (spot: Spot) => void): void {
    this.plot.on_event("tap", (event) => tapped(spotOf(event)));
  }

  onBox(drawn: (box: Box) => void): void {
    this.plot.on_event("selectiongeometry", ({ geometry, final }) => {
      if (!final || geometry.type !== "rect") return;
      const {
        x0 = NaN,
        x1 = NaN,
        y0 = NaN,
        y1 = NaN,
      } = geometry as Partial<Record<"x0" | "x1" | "y0" | "y1", number>>;
      const pair = (a: number, b: number): Range => [Math.min(a, b), Math.max(a, b)];
      drawn({ x: pair(x0, x1), y: pair(y0, y1), adds: this.adds });
    });
  }

  private say(rows: Rows | null, spot?: Spot): void {
    this.readout.hidden = rows === null || spot === undefined;
    if (rows === null || spot === undefined) return;
    this.readout.replaceChildren(
      ...rows.flatMap(([name, text]) => [make("span", "", {}, name), make("span", "", {}, text)]),
    );
    const right = spot.left > this.element.clientWidth / 2;
    this.readout.style.left = right ? "auto" : `${spot.left + 14}px`;
    this.readout.style.right = right ? `${this.element.clientWidth - spot.left + 14}px` : "auto";
    this.readout.style.top = `${Math.max(0, Math.min(spot.top + 8, this.element.clientHeight - 80))}px`;
  }

  // ---- its life -------------------------------------------------------------------------------

  /** Put it into the page, where its element stands. */
  async mount(signal: AbortSignal): Promise<void> {
    this.retheme(this.theme);
    const { bokeh, plot, place } = this;
    this.view = await bokeh.show(plot, place);
    const end = (): void => plot.document?.clear();
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.update(() => {
      this.plot.setv({
        background_fill_color: theme.surface,
        border_fill_color: theme.surface,
        outline_line_color: theme.frame,
      });
      for (const axis of this.axes)
        axis.setv({
          axis_line_color: theme.frame,
          major_tick_line_color: theme.frame,
          axis_label_text_color: theme.muted,
          axis_label_text_font: theme.font,
          axis_label_text_font_size: "12px",
          major_label_text_color: theme.muted,
          major_label_text_font: theme.font,
          major_label_text_font_size: "11px",
        });
      for (const { apply } of this.styled) apply(theme);
    });
  }

  /** What it shows, as pixels. */
  picture(): HTMLCanvasElement | null {
    if (this.view === null) return null;
    const canvas = dig(call(this.view, "export", "png"), "canvas");
    return canvas instanceof HTMLCanvasElement ? canvas : null;
  }
}

function spotOf(event: {
  x: number;
  y: number;
  sx: number;
  sy: number;
  modifiers: { shift: boolean; ctrl: boolean };
}): Spot {
  const { x, y, sx, sy, modifiers } = event;
  return { x, y, left: sx, top: sy, adds: modifiers.shift || modifiers.ctrl };
}

/** Pictures side by side as they stand in an element, on one canvas. */
export function together(
  body: HTMLElement,
  figures: Figure[],
  theme: Theme,
): HTMLCanvasElement | null {
  const frame = body.getBoundingClientRect();
  if (frame.width === 0) return null;
  const ratio = window.devicePixelRatio || 1;
  const canvas = make("canvas");
  canvas.width = Math.round(frame.width * ratio);
  canvas.height = Math.round(frame.height * ratio);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const figure of figures) {
    const picture = figure.picture();
    const box = figure.element.getBoundingClientRect();
    if (picture === null || box.width === 0) continue;
    const at = [box.left - frame.left, box.top - frame.top, box.width, box.height];
    const [x, y, width, height] = at.map((v) => v * ratio);
    context.drawImage(picture, x, y, width, height);
  }
  return canvas;
}
