/** The x-y plot: where a pair of values is, and the trail behind it that fades. */

import { Plane, type PlaneScale } from "../../charts/plane";
import { CalmRange } from "../../charts/range";
import { Series } from "../../charts/series";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

/** Pieces of a trail, each with its own paleness. */
const PIECES = 12;
const PALEST = 0.12;
const HEAD = 4.5;
/** Rows further apart than this (s) are not joined. */
const LONGEST = 0.1;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class XYPanel implements Panel {
  private plane!: Plane;
  private payload!: Payload;
  private theme!: Theme;
  private range!: CalmRange;
  private readonly path = new Series(2);
  private now = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    const { likely, range, x, y } = this.payload;
    this.range = new CalmRange({ likely, fixed: range });
    const ends: [number, number] = [this.range.low, this.range.high];
    this.plane = new Plane(body, {
      x,
      y,
      xRange: ends,
      yRange: ends,
      equal: true,
      theme: context.theme,
      paint: (canvas, scale) => this.paint(canvas, scale),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    const [t, y] = [arrays.get("t"), arrays.get("y")];
    if (t === undefined || y === undefined || t.length === 0) return;
    if (this.path.last > t[0]) this.clear();
    this.path.append(t, y);
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.range.reset({ likely: this.payload.likely, fixed: this.payload.range });
    this.plane.setNames(this.payload.x, this.payload.y);
  }

  draw(_from: number, to: number): void {
    this.now = to;
    const [first, last] = this.rows();
    let [min, max] = [Infinity, -Infinity];
    for (let i = 2 * first; i < 2 * last; i++) {
      min = Math.min(min, this.path.v[i]);
      max = Math.max(max, this.path.v[i]);
    }
    this.range.update(min, max, to);
    const ends: [number, number] = [this.range.low, this.range.high];
    this.plane.setRanges(ends, ends);
    this.plane.draw();
  }

  readings(instant: number): Reading[] {
    const row = this.path.nearest(instant);
    if (row < 0) return [];
    const text = (i: number): string => this.path.v[2 * row + i].toPrecision(3);
    return [
      { name: this.payload.x, text: text(0) },
      { name: this.payload.y, text: text(1) },
    ];
  }

  clear(): void {
    this.path.clear();
    this.range.reset();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.plane.retheme(theme);
  }

  picture(): HTMLCanvasElement | null {
    return this.plane.picture();
  }

  columns(): Record<string, number[]> {
    return this.path.columns(["x", "y"]);
  }

  /** Rows of the trail: from the first to one past the last. */
  private rows(): [number, number] {
    return [this.path.from(this.now - this.payload.trail), this.path.from(this.now + 1e-9)];
  }

  private paint(canvas: CanvasRenderingContext2D, scale: PlaneScale): void {
    const [first, last] = this.rows();
    if (last <= first) return;
    const color = this.theme.dimensions[0];
    canvas.strokeStyle = canvas.fillStyle = color;
    canvas.lineWidth = 2 * scale.ratio;
    canvas.lineCap = canvas.lineJoin = "round";
    const length = Math.max(1, Math.ceil((last - first) / PIECES));
    for (let start = first; start < last - 1; start += length) {
      const end = Math.min(last - 1, start + length);
      canvas.globalAlpha = PALEST + (1 - PALEST) * ((end - first) / (last - first));
      this.stretch(canvas, scale, start, end);
    }
    canvas.globalAlpha = 1;
    const { v } = this.path;
    canvas.beginPath();
    canvas.arc(
      scale.x(v[2 * last - 2]),
      scale.y(v[2 * last - 1]),
      HEAD * scale.ratio,
      0,
      2 * Math.PI,
    );
    canvas.fill();
    canvas.strokeStyle = this.theme.surface;
    canvas.lineWidth = 1.5 * scale.ratio;
    canvas.stroke();
  }

  /** The path from one row to another, both included. */
  private stretch(
    canvas: CanvasRenderingContext2D,
    scale: PlaneScale,
    start: number,
    end: number,
  ): void {
    const { t, v } = this.path;
    canvas.beginPath();
    for (let row = start; row <= end; row++) {
      const [x, y] = [scale.x(v[2 * row]), scale.y(v[2 * row + 1])];
      if (row === start || t[row] - t[row - 1] > LONGEST) canvas.moveTo(x, y);
      else canvas.lineTo(x, y);
    }
    canvas.stroke();
  }
}

export default { name: "xy", make: () => new XYPanel() } satisfies PanelKind;
