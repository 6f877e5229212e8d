/**
 * A plot over time that scrolls by copying itself and draws only what is new.
 *
 * Three canvases: the axes, drawn when range, size or theme change; the drawing, which moves to
 * the left as time passes; and a thin one with the labels of the time axis. A change of range,
 * size, theme or of the stretch of time that is shown draws the whole plot again.
 */

import { make } from "../dom";
import type { Theme } from "../theme";
import { escaped, SvgContext } from "./svg";
import { ticksBetween, tickStep, tickText } from "./ticks";

/** Room for the y axis, the same in every plot: that is what keeps them aligned. */
const LEFT = 64;
const RIGHT = 14;
const TOP = 6;
/** Room for the labels of the time axis, and for its name. */
const BOTTOM = 38;
const BAND = 20;
/** The same in every plot, so that those side by side are level. */
export const HEIGHT = 184;
/** The CSS of a drawing's height: its own, or what a person has made of the plot. */
export const heightIn = (own?: number): string =>
  own === undefined ? `var(--nl-height, ${HEIGHT}px)` : `${own}px`;
const TICK = 4;
const FONT_SIZE = 12;
/** Labels of the time axis reach this far past the ends of the plot. */
const OVERHANG = 14;
/** Between bands, so that the highest tick of one and the lowest of the next can be told apart. */
const BAND_GAP = 14;
/** Bands less high than this have no ticks, but names. */
const LEAST_BAND = 24;
/** Pixels beside new data that are drawn again: a line there has width, and joins. */
const SEAM = 3;

/** Where instants and values lie on the drawing, in its own pixels. */
export interface Scale {
  x(t: number): number;
  /** In a band, counted from the top, where there are several. */
  y(value: number, band?: number): number;
  /** The instant at a pixel. */
  t(x: number): number;
  width: number;
  height: number;
  /** Pixels of the drawing for each CSS pixel: what line widths are multiplied with. */
  ratio: number;
  /** Seconds in a pixel. */
  pixel: number;
}

export interface StripOptions {
  /** Name of the y axis with its unit. */
  axis: string;
  range: [number, number];
  /** Whole numbers only on the y axis (neuron indices). */
  integers?: boolean;
  /** No y axis ticks. */
  bare?: boolean;
  /** Names of bands, each with the range by itself, one below the other; and what a name is of. */
  bands?: { names: string[]; axis: string };
  height?: number;
  theme: Theme;
  /** Draw what lies between two instants; pixels outside are clipped. */
  paint: (context: CanvasRenderingContext2D, scale: Scale, from: number, to: number) => void;
  /** The size has changed: have `draw` called. */
  redraw: () => void;
  signal: AbortSignal;
}

function context2d(canvas: HTMLCanvasElement, opaque: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: !opaque });
  if (context === null) throw new Error("this page offers no canvas to draw on");
  return context;
}

const STRIPS = new WeakMap<Element, Strip>();

export class Strip {
  readonly element: HTMLElement;
  private readonly axes = make("canvas", "nl-strip-axes");
  private readonly drawing = make("canvas", "nl-strip-drawing");
  private readonly band = make("canvas", "nl-strip-band");
  private readonly axesContext = context2d(this.axes, false);
  private readonly context = context2d(this.drawing, true);
  private readonly bandContext = context2d(this.band, false);
  private theme: Theme;
  private low: number;
  private high: number;
  private ratio = 1;
  private cssWidth = 0;
  private cssHeight: number;
  /** The pixel, counted from time 0, at the right edge; and seconds in a pixel. */
  private right = 0;
  private pixel = 0;
  private drawnTo = -Infinity;
  private stale = true;
  private axesStale = true;

  /** The strip that stands in an element, null where there is none. */
  static in(body: HTMLElement): Strip | null {
    const element = body.querySelector(".nl-strip");
    return (element !== null && STRIPS.get(element)) || null;
  }

  constructor(
    body: HTMLElement,
    private readonly options: StripOptions,
  ) {
    this.theme = options.theme;
    [this.low, this.high] = options.range;
    this.cssHeight = options.height ?? HEIGHT;
    this.element = make("div", "nl-strip", {}, this.axes, this.drawing, this.band);
    this.element.style.height = heightIn(options.height);
    body.append(this.element);
    STRIPS.set(this.element, this);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.element);
    options.signal.addEventListener("abort", () => {
      observer.disconnect();
      this.element.remove();
    });
  }

  /** CSS pixels of the drawing, 0 while it is not on the page. */
  get width(): number {
    return this.cssWidth;
  }

  /** CSS pixels from top to bottom of the drawing. */
  get height(): number {
    return this.cssHeight - TOP - BOTTOM;
  }

  setRange(low: number, high: number): void {
    if (low === this.low && high === this.high) return;
    [this.low, this.high] = [low, high];
    this.stale = this.axesStale = true;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.stale = this.axesStale = true;
    this.options.redraw();
  }

  /** Data from this instant on is not what was drawn. */
  changed(from = -Infinity): void {
    if (from === -Infinity) this.stale = true;
    this.drawnTo = Math.min(this.drawnTo, from);
  }

  /** Show these instants, of which there is data up to `known`. */
  draw(from: number, to: number, known: number): void {
    if (this.cssWidth === 0) this.measure();
    if (this.cssWidth === 0) return;
    const width = this.drawing.width;
    const pixel = (to - from) / width;
    const right = Math.round(to / pixel);
    const shift = right - this.right;
    const same = !this.stale && Math.abs(pixel - this.pixel) < 1e-9 * pixel;
    this.right = right;
    this.pixel = pixel;
    if (this.axesStale) this.redrawAxes();
    if (!same || shift < 0 || shift >= width) this.paint(0, from, known);
    else {
      if (shift > 0) this.context.drawImage(this.drawing, -shift, 0);
      const scale = this.scale();
      const first = Math.floor(Math.min(scale.x(this.drawnTo), width - shift)) - SEAM * this.ratio;
      if (shift > 0 || known > this.drawnTo) this.paint(Math.max(0, Math.floor(first)), from, known);
    }
    if (!same || shift !== 0) this.redrawBand(from, to);
    this.stale = false;
    this.drawnTo = known;
  }

  /** Axes and drawing on one canvas. */
  picture(): HTMLCanvasElement | null {
    if (this.cssWidth === 0) return null;
    const canvas = document.createElement("canvas");
    canvas.width = this.axes.width;
    canvas.height = this.axes.height;
    const context = context2d(canvas, false);
    context.drawImage(this.axes, 0, 0);
    context.drawImage(this.drawing, LEFT * this.ratio, TOP * this.ratio);
    const top = (this.cssHeight - BOTTOM + TICK) * this.ratio;
    context.drawImage(this.band, (LEFT - OVERHANG) * this.ratio, top);
    context.strokeStyle = this.theme.frame;
    context.strokeRect(
      LEFT * this.ratio - 0.5,
      TOP * this.ratio - 0.5,
      this.drawing.width + 1,
      this.drawing.height + 1,
    );
    return canvas;
  }

  /** The plot as an SVG document, of what is shown now; null while it is not on the page. */
  vector(): string | null {
    if (this.cssWidth === 0) return null;
    const { width, height } = this.drawing;
    const scale = this.scale();
    const drawing = new SvgContext();
    const canvas = drawing as unknown as CanvasRenderingContext2D;
    this.paintGrid(scale, 0, canvas);
    const from = scale.t(0);
    if (this.drawnTo > from) {
      this.options.paint(canvas, scale, from, Math.min(this.drawnTo, scale.t(width)));
    }
    const axes = new SvgContext();
    this.drawAxes(axes as unknown as CanvasRenderingContext2D);
    const band = new SvgContext();
    this.drawBand(from, scale.t(width), band as unknown as CanvasRenderingContext2D);
    const place = (x: number, y: number): string => `translate(${x * this.ratio} ${y * this.ratio})`;
    const [left, top] = [LEFT, TOP];
    const bandTop = this.cssHeight - BOTTOM + TICK;
    const whole = `width="${width}" height="${height}"`;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.axes.width / this.ratio}" ` +
      `height="${this.cssHeight}" viewBox="0 0 ${this.axes.width} ${this.axes.height}">` +
      `<rect width="100%" height="100%" fill="${escaped(this.theme.surface)}"/>` +
      `<clipPath id="plot"><rect ${whole}/></clipPath>` +
      axes.parts.join("") +
      `<g transform="${place(left, top)}"><g clip-path="url(#plot)">${drawing.parts.join("")}</g>` +
      `<rect ${whole} fill="none" stroke="${escaped(this.theme.frame)}"/></g>` +
      `<g transform="${place(left - OVERHANG, bandTop)}">${band.parts.join("")}</g></svg>`
    );
  }

  /** The instant under a point of the page, null beside the drawing. */
  instantAt(clientX: number): number | null {
    const box = this.drawing.getBoundingClientRect();
    if (box.width === 0 || clientX < box.left || clientX > box.right) return null;
    const x = ((clientX - box.left) / box.width) * this.drawing.width;
    return this.scale().t(x);
  }

  /** CSS pixels from the left of the element to an instant, null where it is not shown. */
  offsetOf(instant: number): number | null {
    const x = this.scale().x(instant);
    return x < 0 || x > this.drawing.width ? null : LEFT + x / this.ratio;
  }

  scale(): Scale {
    const { width, height } = this.drawing;
    const left = this.right - width;
    const { pixel, low } = this;
    const each = height / this.bandCount;
    const margin = (this.bandGap / 2) * this.ratio;
    const perValue = (each - 2 * margin) / (this.high - low);
    return {
      x: (t) => t / pixel - left,
      y: (value, band = 0) => (band + 1) * each - margin - (value - low) * perValue,
      t: (x) => (x + left) * pixel,
      width,
      height,
      ratio: this.ratio,
      pixel,
    };
  }

  private measure(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(0, this.element.clientWidth - LEFT - RIGHT);
    const height = this.options.height ?? (this.element.clientHeight || HEIGHT);
    if (width === this.cssWidth && height === this.cssHeight && ratio === this.ratio) return;
    [this.cssWidth, this.cssHeight] = [width, height];
    this.ratio = ratio;
    const place = (canvas: HTMLCanvasElement, x: number, y: number, w: number, h: number): void => {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
      Object.assign(canvas.style, {
        left: `${x}px`,
        top: `${y}px`,
        width: `${canvas.width / ratio}px`,
        height: `${canvas.height / ratio}px`,
      });
    };
    place(this.axes, 0, 0, width + LEFT + RIGHT, this.cssHeight);
    place(this.drawing, LEFT, TOP, width, this.height);
    place(this.band, LEFT - OVERHANG, this.cssHeight - BOTTOM + TICK, width + 2 * OVERHANG, BAND);
    this.stale = this.axesStale = true;
    this.options.redraw();
  }

  /** Draw everything from a pixel on to the right. */
  private paint(first: number, from: number, known: number): void {
    const { context } = this;
    const scale = this.scale();
    const { width, height } = scale;
    context.save();
    context.beginPath();
    context.rect(first, 0, width - first, height);
    context.clip();
    context.fillStyle = this.theme.surface;
    context.fillRect(first, 0, width - first, height);
    this.paintGrid(scale, first);
    const start = Math.max(from, scale.t(first - SEAM * this.ratio));
    if (known > start) this.options.paint(context, scale, start, Math.min(known, scale.t(width)));
    context.restore();
  }

  private paintGrid(scale: Scale, first: number, context = this.context): void {
    const line = Math.max(1, Math.round(this.ratio));
    context.fillStyle = this.theme.grid;
    context.globalAlpha = this.theme.gridAlpha;
    const step = this.timeStep(scale.pixel * scale.width);
    for (const tick of ticksBetween(scale.t(first), scale.t(scale.width), step)) {
      context.fillRect(Math.round(scale.x(tick)), 0, line, scale.height);
    }
    for (const { y } of this.options.bare === true ? [] : this.marks(scale)) {
      context.fillRect(first, Math.round(y), scale.width - first, line);
    }
    context.globalAlpha = 1;
  }

  private get bandCount(): number {
    return this.options.bands?.names.length ?? 1;
  }

  private get bandGap(): number {
    if (this.bandCount === 1) return 0;
    return Math.min(BAND_GAP, this.height / this.bandCount / 4);
  }

  /** Whether bands are so many that their names stand where the ticks would. */
  private get dense(): boolean {
    return this.bandCount > 1 && this.height / this.bandCount - this.bandGap < LEAST_BAND;
  }

  /** What stands at the y axis, and where. */
  private marks(scale: Scale): { text: string; y: number }[] {
    if (this.bandCount === 1) {
      const step = this.valueStep();
      return this.valueTicks().map((tick) => ({ text: tickText(tick, step), y: scale.y(tick) }));
    }
    const names = this.options.bands?.names ?? [];
    if (this.dense) {
      const every = Math.ceil((FONT_SIZE + 2) / (this.height / names.length));
      const middle = (this.low + this.high) / 2;
      const marks = names.map((text, band) => ({ text, y: scale.y(middle, band) }));
      return marks.filter((_, band) => band % every === 0);
    }
    const step = tickStep(this.high - this.low, 3);
    const ticks = ticksBetween(this.low, this.high, step);
    const ends = ticks.length > 1 ? [ticks[0], ticks[ticks.length - 1]] : ticks;
    return names.flatMap((_, band) =>
      ends.map((tick) => ({ text: tickText(tick, step), y: scale.y(tick, band) })),
    );
  }

  private valueStep(): number {
    const step = tickStep(this.high - this.low, 4);
    return this.options.integers === true ? Math.max(1, Math.round(step)) : step;
  }

  private valueTicks(): number[] {
    return ticksBetween(this.low, this.high, this.valueStep());
  }

  private timeStep(span: number): number {
    // A label of up to seven characters wants some 70 pixels.
    return tickStep(span, Math.max(1, Math.min(8, this.cssWidth / 70)));
  }

  private font(context: CanvasRenderingContext2D): void {
    context.font = `${FONT_SIZE * this.ratio}px ${this.theme.font}`;
    context.fillStyle = this.theme.text;
  }

  private redrawAxes(): void {
    this.axesContext.clearRect(0, 0, this.axes.width, this.axes.height);
    this.drawAxes(this.axesContext);
    this.drawing.style.boxShadow = `0 0 0 1px ${this.theme.frame}`;
    this.axesStale = false;
  }

  private drawAxes(context: CanvasRenderingContext2D): void {
    const { ratio } = this;
    this.font(context);
    context.textBaseline = "middle";
    context.textAlign = "right";
    const scale = this.scale();
    const left = LEFT * ratio;
    for (const mark of this.options.bare === true ? [] : this.marks(scale)) {
      const y = TOP * ratio + Math.min(Math.max(mark.y, 0), scale.height);
      context.fillText(mark.text, left - (TICK + 4) * ratio, y);
      context.fillRect(left - TICK * ratio, Math.round(y), TICK * ratio, Math.max(1, ratio));
    }
    context.textAlign = "center";
    context.fillText(
      "time (s)",
      left + scale.width / 2,
      (this.cssHeight - FONT_SIZE / 2 - 2) * ratio,
    );
    context.save();
    context.translate(FONT_SIZE * 0.75 * ratio, TOP * ratio + scale.height / 2);
    context.rotate(-Math.PI / 2);
    const name = this.dense ? this.options.bands?.axis : undefined;
    context.fillText(name ?? this.options.axis, 0, 0);
    context.restore();
  }

  private redrawBand(from: number, to: number): void {
    this.bandContext.clearRect(0, 0, this.band.width, this.band.height);
    this.drawBand(from, to, this.bandContext);
  }

  private drawBand(from: number, to: number, context: CanvasRenderingContext2D): void {
    const { ratio } = this;
    this.font(context);
    context.textAlign = "center";
    context.textBaseline = "top";
    const scale = this.scale();
    const step = this.timeStep(to - from);
    for (const tick of ticksBetween(from, to, step)) {
      const x = scale.x(tick) + OVERHANG * ratio;
      if (x < OVERHANG * ratio || x > this.band.width - OVERHANG * ratio) continue;
      context.fillText(tickText(tick, step), x, 3 * ratio);
    }
  }
}
