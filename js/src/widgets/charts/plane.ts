/** Two axes that are not time, and a canvas that is drawn anew with each picture. */

import "./plane.css";

import { make } from "../dom";
import type { Theme } from "../theme";
import { HEIGHT, heightIn } from "./strip";
import { ticksBetween, tickStep, tickText } from "./ticks";

const LEFT = 64;
const RIGHT = 14;
const TOP = 6;
const BOTTOM = 38;
const TICK = 4;
const FONT_SIZE = 12;
/** Room for a line of text above the drawing. */
const SUMMARY = 18;

/** Where values lie on the drawing, in its own pixels; the drawing begins at (left, top). */
export interface PlaneScale {
  x(value: number): number;
  y(value: number): number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels for each CSS pixel. */
  ratio: number;
}

export interface PlaneOptions {
  x: string;
  y: string;
  xRange: [number, number];
  yRange: [number, number];
  /** A step of x is as long as one of y: then the drawing is no wider than that takes. */
  equal?: boolean;
  /** Room for a summary above the drawing, where nothing drawn can run into it. */
  summary?: boolean;
  height?: number;
  theme: Theme;
  paint: (context: CanvasRenderingContext2D, scale: PlaneScale) => void;
  /** The size has changed: have `draw` called. */
  redraw: () => void;
  signal: AbortSignal;
}

/** Ticks of a range of logarithms: whole powers, not too many. */
function powerText(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/./g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

export class Plane {
  readonly element = make("div", "nl-plane");
  /** Whether y is the logarithm (base 10) of what the axis says. */
  powers = false;
  private readonly canvas = make("canvas", "nl-plane-drawing");
  private readonly context: CanvasRenderingContext2D;
  private theme: Theme;
  private summary: string[] = [];
  private cssWidth = 0;
  private cssHeight: number;
  private ratio = 1;

  constructor(
    body: HTMLElement,
    private options: PlaneOptions,
  ) {
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this page offers no canvas to draw on");
    this.context = context;
    this.theme = options.theme;
    this.cssHeight = options.height ?? HEIGHT;
    this.element.style.height = heightIn(options.height);
    this.element.append(this.canvas);
    body.append(this.element);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.element);
    options.signal.addEventListener("abort", () => {
      observer.disconnect();
      this.element.remove();
    });
  }

  setRanges(x: [number, number], y: [number, number]): void {
    this.options = { ...this.options, xRange: x, yRange: y };
  }

  setNames(x: string, y: string): void {
    this.options = { ...this.options, x, y };
  }

  /** Parts of the summary, the most telling first: where it is narrow, the last are left out. */
  setSummary(parts: string[]): void {
    this.summary = parts;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.options.redraw();
  }

  draw(): void {
    if (this.cssWidth === 0) this.measure();
    if (this.cssWidth === 0) return;
    const { context, theme } = this;
    const scale = this.scale();
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawAxes(scale);
    context.save();
    context.beginPath();
    context.rect(scale.left, scale.top, scale.width, scale.height);
    context.clip();
    this.options.paint(context, scale);
    context.restore();
    context.strokeStyle = theme.frame;
    context.lineWidth = Math.max(1, Math.round(this.ratio));
    context.strokeRect(scale.left - 0.5, scale.top - 0.5, scale.width + 1, scale.height + 1);
  }

  picture(): HTMLCanvasElement | null {
    return this.cssWidth === 0 ? null : this.canvas;
  }

  private scale(): PlaneScale {
    const { ratio, options } = this;
    const [[x0, x1], [y0, y1]] = [options.xRange, options.yRange];
    let left = LEFT * ratio;
    let width = this.canvas.width - (LEFT + RIGHT) * ratio;
    const above = TOP + (options.summary === true ? SUMMARY : 0);
    const top = above * ratio;
    let height = (this.cssHeight - above - BOTTOM) * ratio;
    if (options.equal === true) {
      const unit = Math.min(width / (x1 - x0), height / (y1 - y0));
      left += (width - unit * (x1 - x0)) / 2;
      [width, height] = [unit * (x1 - x0), unit * (y1 - y0)];
    }
    [left, width, height] = [Math.round(left), Math.round(width), Math.round(height)];
    return {
      x: (value) => left + ((value - x0) / (x1 - x0)) * width,
      y: (value) => top + height - ((value - y0) / (y1 - y0)) * height,
      left,
      top,
      width,
      height,
      ratio,
    };
  }

  private measure(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = this.element.clientWidth;
    const height = this.options.height ?? (this.element.clientHeight || HEIGHT);
    if (width === this.cssWidth && height === this.cssHeight && ratio === this.ratio) return;
    [this.cssWidth, this.cssHeight, this.ratio] = [width, height, ratio];
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.cssHeight * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.cssHeight}px`;
    this.options.redraw();
  }

  private drawAxes(scale: PlaneScale): void {
    const { context, options, theme, ratio } = this;
    const { left, top, width, height } = scale;
    context.font = `${FONT_SIZE * ratio}px ${theme.font}`;
    const line = Math.max(1, Math.round(ratio));
    const [x0, x1] = options.xRange;
    const xStep = tickStep(x1 - x0, Math.max(3, Math.min(8, width / ratio / 60)));
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const tick of ticksBetween(x0, x1, xStep)) {
      const x = Math.round(scale.x(tick));
      this.grid(x, top, line, height);
      context.fillStyle = theme.text;
      context.fillRect(x, top + height, line, TICK * ratio);
      context.fillText(tickText(tick, xStep), x, top + height + (TICK + 3) * ratio);
    }
    context.textBaseline = "middle";
    context.textAlign = "right";
    const [y0, y1] = options.yRange;
    const raw = tickStep(y1 - y0, 4);
    const yStep = this.powers ? Math.max(1, Math.ceil(raw)) : raw;
    for (const tick of ticksBetween(y0, y1, yStep)) {
      const y = Math.round(scale.y(tick));
      this.grid(left, y, width, line);
      context.fillStyle = theme.text;
      context.fillRect(left - TICK * ratio, y, TICK * ratio, line);
      const text = this.powers ? powerText(Math.round(tick)) : tickText(tick, yStep);
      context.fillText(text, left - (TICK + 4) * ratio, y);
    }
    this.drawNames(scale);
  }

  private drawNames({ left, top, width, height }: PlaneScale): void {
    const { context, options, ratio, theme } = this;
    context.fillStyle = theme.text;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(options.x, left + width / 2, (this.cssHeight - FONT_SIZE / 2 - 2) * ratio);
    context.save();
    context.translate(left - (LEFT - FONT_SIZE * 0.75) * ratio, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(options.y, 0, 0);
    context.restore();
    if (options.summary === true) this.drawSummary(left + width);
  }

  private drawSummary(right: number): void {
    const { context, ratio } = this;
    const shown = [...this.summary];
    const text = (): string => shown.join(", ");
    while (shown.length > 1 && context.measureText(text()).width > right) shown.pop();
    context.textAlign = "right";
    context.fillText(text(), right, ((TOP + SUMMARY) / 2) * ratio);
  }

  private grid(x: number, y: number, width: number, height: number): void {
    this.context.globalAlpha = this.theme.gridAlpha;
    this.context.fillStyle = this.theme.grid;
    this.context.fillRect(x, y, width, height);
    this.context.globalAlpha = 1;
  }
}

/** Bars as one outline, so that several things can be told apart where they overlap. */
export function paintSteps(
  context: CanvasRenderingContext2D,
  scale: PlaneScale,
  edges: number[],
  heights: number[],
  color: string,
): void {
  context.beginPath();
  context.moveTo(scale.x(edges[0]), scale.y(0));
  heights.forEach((height, i) => {
    context.lineTo(scale.x(edges[i]), scale.y(height));
    context.lineTo(scale.x(edges[i + 1]), scale.y(height));
  });
  context.lineTo(scale.x(edges[heights.length]), scale.y(0));
  context.fillStyle = context.strokeStyle = color;
  context.globalAlpha = 0.25;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5 * scale.ratio;
  context.stroke();
}
