/** A canvas that is as large as its place, for what has no axes. */

import "./plane.css";

import { make } from "../dom";
import type { Theme } from "../theme";
import { HEIGHT, heightIn } from "./strip";

export interface FittedOptions {
  theme: Theme;
  /** Draw all of it; lengths are in CSS pixels. */
  paint: (context: CanvasRenderingContext2D, width: number, height: number) => void;
  redraw: () => void;
  signal: AbortSignal;
  height?: number;
}

export class Fitted {
  readonly element = make("div", "nl-plane");
  private readonly canvas = make("canvas", "nl-plane-drawing");
  private readonly context: CanvasRenderingContext2D;
  private height: number;
  private width = 0;
  private ratio = 1;

  constructor(
    body: HTMLElement,
    private readonly options: FittedOptions,
  ) {
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this page offers no canvas to draw on");
    this.context = context;
    this.height = options.height ?? HEIGHT;
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

  draw(): void {
    if (this.width === 0) this.measure();
    if (this.width === 0) return;
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.options.paint(context, this.width, this.height);
  }

  picture(): HTMLCanvasElement | null {
    return this.width === 0 ? null : this.canvas;
  }

  private measure(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = this.element.clientWidth;
    const height = this.options.height ?? (this.element.clientHeight || HEIGHT);
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.options.redraw();
  }
}

/** The largest even grid of squares for `count` things in a box. */
export function gridIn(
  count: number,
  width: number,
  height: number,
): { columns: number; rows: number; side: number } {
  let best = { columns: 1, rows: count, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.min(width / columns, height / rows);
    if (side > best.side) best = { columns, rows, side };
  }
  return best;
}
