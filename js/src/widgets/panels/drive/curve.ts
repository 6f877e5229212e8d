/** A curve over time that is drawn by hand, and drawn again where it is not right. */

import { make, setText } from "../../dom";
import { lineStyle, type Theme } from "../../theme";
import type { Curve } from "./payload";
import { secondsText } from "./told";

const HEIGHT = 150;
const LEFT = 44;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 24;
const FONT_SIZE = 11;

export interface Bounds {
  min: number;
  max: number;
  step: number;
}

/**
 * Put a stroke from one point to another into a line of values: all between are met.
 *
 * `from` and `to` are [share of the time, value].
 */
export function stroke(values: number[], from: [number, number], to: [number, number]): number[] {
  const last = values.length - 1;
  const at = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * last);
  const [first, second] = from[0] <= to[0] ? [from, to] : [to, from];
  const [i0, i1] = [at(first[0]), at(second[0])];
  const drawn = values.slice();
  for (let i = i0; i <= i1; i++) {
    const share = i1 === i0 ? 1 : (i - i0) / (i1 - i0);
    const ends = i1 === i0 ? to[1] : first[1] + share * (second[1] - first[1]);
    drawn[i] = ends;
  }
  return drawn;
}

type Shape = (share: number) => number;

/** Shapes to begin with, from 0 (lowest) to 1 (highest). */
export const SHAPES: Record<string, Shape> = {
  flat: () => 0.5,
  ramp: (share) => share,
  step: (share) => (share < 0.5 ? 0.25 : 0.75),
  pulse: (share) => (share >= 0.25 && share < 0.5 ? 1 : 0.5),
  sine: (share) => 0.5 + 0.5 * Math.sin(2 * Math.PI * share),
};

export function shaped(name: string, points: number, { min, max }: Bounds): number[] {
  const shape = SHAPES[name] ?? SHAPES.flat;
  return Array.from({ length: points }, (_, i) => {
    const value = min + shape(i / Math.max(1, points - 1)) * (max - min);
    return Number(value.toPrecision(6));
  });
}

export class CurveEditor {
  readonly canvas = make("canvas", "nl-curve-canvas", {
    tabindex: "0",
    role: "slider",
    "aria-roledescription": "curve over time",
  });
  private readonly said = make("span", "nl-hidden-text", { "aria-live": "polite" });
  readonly element = make("div", "nl-curve", {}, this.canvas, this.said);
  private readonly context: CanvasRenderingContext2D;
  private dim = 0;
  private cursor = 0;
  private from: [number, number] | null = null;
  private playing: number | null = null;

  constructor(
    private curve: Curve,
    private bounds: Bounds,
    private theme: Theme,
    private readonly label: string,
    private readonly drawn: (curve: Curve) => void,
    signal: AbortSignal,
  ) {
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this page offers no canvas to draw on");
    this.context = context;
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"])
      this.canvas.addEventListener(end, () => this.end());
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("blur", () => this.draw());
    this.canvas.addEventListener("focus", () => this.draw());
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.element);
    signal.addEventListener("abort", () => size.disconnect());
  }

  /** Which dimension a hand draws. */
  choose(dim: number): void {
    this.dim = dim;
    this.draw();
  }

  show(curve: Curve, bounds: Bounds): void {
    if (this.from !== null) return;
    this.curve = curve;
    this.bounds = bounds;
    this.draw();
  }

  /** Where in it the Node is, as a share; null where it does not play. */
  at(playing: number | null): void {
    if (playing === this.playing) return;
    this.playing = playing;
    this.draw();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.draw();
  }

  shape(name: string): void {
    const values = this.curve.values.slice();
    values[this.dim] = shaped(name, values[this.dim].length, this.bounds);
    this.take(values);
    this.drawn(this.curve);
  }

  private point(event: PointerEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    const width = box.width - LEFT - RIGHT;
    const height = box.height - TOP - BOTTOM;
    const { min, max, step } = this.bounds;
    const share = (event.clientX - box.left - LEFT) / width;
    const up = 1 - (event.clientY - box.top - TOP) / height;
    const value = min + Math.min(1, Math.max(0, up)) * (max - min);
    return [share, Number((Math.round(value / step) * step).toPrecision(12))];
  }

  private begin(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus();
    this.canvas.setPointerCapture(event.pointerId);
    this.from = this.point(event);
    this.line(this.from, this.from);
  }

  private go(event: PointerEvent): void {
    if (this.from === null) return;
    const to = this.point(event);
    this.line(this.from, to);
    this.from = to;
  }

  private end(): void {
    if (this.from === null) return;
    this.from = null;
    this.drawn(this.curve);
  }

  private line(from: [number, number], to: [number, number]): void {
    const values = this.curve.values.slice();
    values[this.dim] = stroke(values[this.dim], from, to);
    this.cursor = Math.min(1, Math.max(0, to[0]));
    this.take(values);
  }

  private take(values: number[][]): void {
    this.curve = { ...this.curve, values };
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { min, max, step } = this.bounds;
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (sideways === undefined && up === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (sideways !== undefined) {
      this.cursor = Math.min(1, Math.max(0, this.cursor + sideways * 0.05));
    } else {
      // A stretch of a twentieth is moved: so a keyboard draws steps.
      const value = this.value + (up ?? 0) * step * (event.shiftKey ? 20 : 5);
      const held = Number(Math.min(max, Math.max(min, value)).toPrecision(12));
      const values = this.curve.values.slice();
      const half = 0.025;
      values[this.dim] = stroke(
        values[this.dim],
        [this.cursor - half, held],
        [this.cursor + half, held],
      );
      this.take(values);
      this.drawn(this.curve);
    }
    this.draw();
    setText(this.said, this.words);
  }

  private get value(): number {
    const values = this.curve.values[this.dim];
    return values[Math.round(this.cursor * (values.length - 1))];
  }

  private get words(): string {
    const at = secondsText(this.cursor * this.curve.seconds);
    const which = this.curve.values.length > 1 ? `dimension ${this.dim}, ` : "";
    return `${which}at ${at}: ${Number(this.value.toPrecision(4))}`;
  }

  draw(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const { canvas, context, theme, bounds, curve } = this;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${HEIGHT}px`;
    const [w, h] = [width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM];
    const x = (share: number): number => LEFT + share * w;
    const y = (value: number): number =>
      TOP + h - ((value - bounds.min) / (bounds.max - bounds.min)) * h;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    context.font = `${FONT_SIZE}px ${theme.font}`;
    this.axes(x, y);
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP - 2, w, h + 4);
    context.clip();
    curve.values.forEach((values, dim) => {
      const { color, dashed } = lineStyle(theme, dim);
      context.strokeStyle = color;
      context.globalAlpha = dim === this.dim ? 1 : 0.45;
      context.lineWidth = dim === this.dim ? 2 : 1.5;
      context.setLineDash(dashed ? [6, 6] : []);
      context.beginPath();
      values.forEach((value, i) => context.lineTo(x(i / (values.length - 1)), y(value)));
      context.stroke();
    });
    context.restore();
    if (this.playing !== null) this.upright(x(this.playing), theme.text, []);
    if (document.activeElement === canvas) this.upright(x(this.cursor), theme.muted, [3, 3]);
    this.name();
  }

  private axes(x: (share: number) => number, y: (value: number) => number): void {
    const { context, theme, bounds, curve } = this;
    context.strokeStyle = theme.frame;
    context.lineWidth = 1;
    context.strokeRect(x(0) - 0.5, TOP - 0.5, x(1) - x(0) + 1, HEIGHT - TOP - BOTTOM + 1);
    context.fillStyle = theme.text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const middle = (bounds.min + bounds.max) / 2;
    for (const value of [bounds.min, middle, bounds.max]) {
      context.fillText(String(Number(value.toPrecision(3))), LEFT - 6, y(value));
      context.globalAlpha = theme.gridAlpha;
      context.fillStyle = theme.grid;
      context.fillRect(x(0), Math.round(y(value)), x(1) - x(0), 1);
      context.globalAlpha = 1;
      context.fillStyle = theme.text;
    }
    context.textBaseline = "bottom";
    const text = (share: number): string => secondsText(share * curve.seconds);
    context.textAlign = "left";
    context.fillText(text(0), x(0), HEIGHT - 4);
    context.textAlign = "center";
    context.fillText(text(0.5), x(0.5), HEIGHT - 4);
    context.textAlign = "right";
    context.fillText(text(1), x(1), HEIGHT - 4);
  }

  private upright(x: number, color: string, dash: number[]): void {
    const { context } = this;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, TOP);
    context.lineTo(x, HEIGHT - BOTTOM);
    context.stroke();
    context.setLineDash([]);
  }

  private name(): void {
    const { canvas, bounds } = this;
    canvas.setAttribute("aria-label", `curve of ${this.label}`);
    canvas.setAttribute("aria-valuemin", String(bounds.min));
    canvas.setAttribute("aria-valuemax", String(bounds.max));
    canvas.setAttribute("aria-valuenow", String(this.value));
    canvas.setAttribute("aria-valuetext", this.words);
    canvas.title = "draw with the pointer, or with the arrow keys";
  }
}
