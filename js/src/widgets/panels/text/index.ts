/** A value as numbers, written four times a second. */

import "./text.css";

import { Series } from "../../charts/series";
import { make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind, Reading } from "../../panel";
import { isPayload, type Payload } from "./payload";

const PERIOD_MS = 250;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

/** Write a number with a sign's width before it, so that it does not jump. */
export function written(value: number, decimals: number): string {
  const text = Math.abs(value) < 1e9 ? value.toFixed(decimals) : value.toExponential(3);
  const zero = Number(text) === 0 ? text.replace("-", "") : text;
  return zero.startsWith("-") ? zero.replace("-", "−") : `\u2007${zero}`;
}

class TextPanel implements Panel {
  private payload!: Payload;
  private series!: Series;
  private numbers: HTMLElement[] = [];
  private wrote = -Infinity;
  private later = 0;
  private instant = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    const { names } = this.payload;
    this.series = new Series(names.length);
    this.numbers = names.map(() => make("span", "nl-text-number", {}, "–"));
    const rows = names.map((name, i) =>
      make("div", "nl-text-row", {}, make("span", "nl-text-name", {}, name), this.numbers[i]),
    );
    const single = names.length === 1 ? " nl-text-single" : "";
    const element = make("div", `nl-text${single}`, {}, ...rows);
    body.append(element);
    context.signal.addEventListener("abort", () => {
      window.clearTimeout(this.later);
      element.remove();
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    this.series.take(arrays, () => this.series.clear());
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.write();
  }

  /** The last picture of a run is written too, if late. */
  draw(_from: number, to: number): void {
    this.instant = to;
    const rest = this.wrote + PERIOD_MS - performance.now();
    if (rest <= 0) this.write();
    else if (this.later === 0) this.later = window.setTimeout(() => this.write(), rest);
  }

  readings(instant: number): Reading[] {
    const row = this.series.nearest(instant);
    if (row < 0) return [];
    return this.payload.names.map((name, i) => ({ name, text: this.at(row, i).trim() }));
  }

  clear(): void {
    this.series.clear();
    for (const number of this.numbers) setText(number, "–");
  }

  retheme(): void {
    // Its colours are those of the style sheet.
  }

  columns(): Record<string, number[]> {
    return this.series.columns(this.payload.names.map((_, i) => `y${i}`));
  }

  private at(row: number, i: number): string {
    return written(this.series.v[row * this.series.width + i], this.payload.decimals);
  }

  private write(): void {
    window.clearTimeout(this.later);
    this.later = 0;
    this.wrote = performance.now();
    const row = this.series.from(this.instant + 1e-9) - 1;
    if (row < this.series.start) return;
    this.numbers.forEach((number, i) => setText(number, this.at(row, i)));
  }
}

export default { name: "text", make: () => new TextPanel() } satisfies PanelKind;
