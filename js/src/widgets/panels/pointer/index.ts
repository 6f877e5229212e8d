/** Semantic pointers: lines of similarity over time, and the names of what is likest as words. */

import { Fitted } from "../../charts/fitted";
import { Lines } from "../../charts/lines";
import { Series } from "../../charts/series";
import { stacked } from "../../charts/stacked";
import { HEIGHT } from "../../charts/strip";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { FrameMeta, LegendItem, Panel, PanelContext, PanelKind, Reading } from "../../panel";
import { lineStyle, type Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";
import { placed, type Word } from "./words";

/** Room for the words above the lines, and size of the letters where they are alone. */
const ROW = 36;
const LARGEST = 44;
const LIKELY: [number, number] = [-0.2, 1.1];

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class PointerPanel implements Panel {
  private payload!: Payload;
  private theme!: Theme;
  private cloud: Fitted | null = null;
  private lines: Lines | null = null;
  /** What is kept of the lines where they are not drawn. */
  private kept: Series | null = null;
  /** Index and similarity, side by side, of what is likest. */
  private words: Series | null = null;
  private now = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    const { show, lines } = this.payload;
    if (show !== "lines") {
      this.cloud = new Fitted(body, {
        theme: context.theme,
        paint: (canvas, width, height) => this.paint(canvas, width, height),
        redraw: context.redraw,
        signal: context.signal,
        height: show === "both" ? ROW : undefined,
      });
    }
    if (show !== "words") this.lines = new Lines(body, context, this.options());
    else this.kept = new Series(lines.length);
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    this.lines?.receive(arrays, meta);
    this.kept?.take(arrays, () => this.kept?.clear());
    const [at, words] = [arrays.get("at"), arrays.get("words")];
    if (at === undefined || words === undefined || at.length === 0) return;
    this.words ??= new Series(words.length / at.length);
    if (this.words.last > at[0]) this.words.clear();
    this.words.append(at, words);
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.lines?.relayout(this.options());
  }

  draw(from: number, to: number, at = to): void {
    this.now = at;
    this.cloud?.draw();
    this.lines?.draw(from, to);
  }

  readings(instant: number): Reading[] {
    if (this.lines !== null) return this.lines.readings(instant);
    return this.likest(instant).map(({ text, amount, color }) => ({
      name: text,
      text: amount.toPrecision(3),
      color,
    }));
  }

  clear(): void {
    this.lines?.clear();
    this.kept?.clear();
    this.words?.clear();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.lines?.retheme(theme);
  }

  legend(theme: Theme): LegendItem[] {
    return this.lines?.legend(theme) ?? [];
  }

  /** Words above lines, as they stand. */
  picture(): HTMLCanvasElement | null {
    const parts = [this.cloud?.picture(), this.lines?.strip.picture()].filter(
      (part) => part != null,
    );
    return stacked(parts);
  }

  columns(): Record<string, number[]> {
    const names = this.payload.lines.map((_, index) => `y${index}`);
    const columns = (this.lines?.series ?? this.kept)?.columns(names) ?? {};
    if (this.words === null) return columns;
    const { at, best, similarity } = this.best(this.words);
    return { ...columns, at, best, similarity };
  }

  /** The likest at each instant that words are kept of: its index among the names. */
  private best({
    t,
    v,
    start,
    end,
    width,
  }: Series): Record<"at" | "best" | "similarity", number[]> {
    const rows = Array.from({ length: end - start }, (_, i) => start + i);
    return {
      at: rows.map((row) => t[row]),
      best: rows.map((row) => v[row * width]),
      similarity: rows.map((row) => v[row * width + width / 2]),
    };
  }

  private options() {
    const { axis, lines, range, show } = this.payload;
    return {
      axis,
      lines,
      likely: LIKELY,
      fixed: range,
      height: show === "both" ? HEIGHT - ROW : undefined,
    };
  }

  /** What is likest at an instant, in the order of the vocabulary, so that words keep their places. */
  private likest(instant: number): Word[] {
    const { words, payload, theme } = this;
    const row = words === null ? -1 : words.from(instant + 1e-9) - 1;
    if (words === null || row < words.start) return [];
    const [first, count] = [row * words.width, words.width / 2];
    const found = Array.from({ length: count }, (_, i) => ({
      index: words.v[first + i],
      amount: words.v[first + count + i],
    }));
    return found
      .filter(({ amount }) => amount >= payload.least)
      .sort((a, b) => a.index - b.index)
      .map(({ index, amount }) => {
        const line = payload.of.indexOf(index);
        const color = line < 0 || this.lines === null ? theme.text : lineStyle(theme, line).color;
        return { text: payload.names[index] ?? "", amount, color };
      });
  }

  private paint(canvas: CanvasRenderingContext2D, width: number, height: number): void {
    const alone = this.lines === null;
    const box = { width: width - 24, height, largest: alone ? LARGEST : 0.72 * height };
    const font = (size: number): string => `600 ${size}px ${this.theme.font}`;
    const measure = (text: string, size: number): number => {
      canvas.font = font(size);
      return canvas.measureText(text).width;
    };
    canvas.textAlign = "left";
    canvas.textBaseline = "middle";
    for (const { text, x, y, size, color } of placed(this.likest(this.now), box, measure)) {
      canvas.font = font(size);
      canvas.fillStyle = color;
      canvas.fillText(text, x + 12, y);
    }
  }
}

export default { name: "pointer", make: () => new PointerPanel() } satisfies PanelKind;
