/** How an array changed: its entries or its norm at moments that are kept, and one of them chosen. */

import { make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import type { Bokeh } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import { beyond, extent } from "../../inspecting/near";
import type { Theme } from "../../theme";
import { short, type History } from "./told";

/** Rows of what the kernel tells of each moment. */
const ROWS = ["norm", "change", "mean", "deviation", "p5", "p25", "p50", "p75", "p95"] as const;
type Column = (typeof ROWS)[number] | "x" | "trace";

export interface OverTimeHost {
  /** Show what the array held at the moment of a number; null is now. */
  goTo: (number: number | null) => void;
}

export class OverTimeFigure {
  readonly figure: Figure;
  /** A slider through the moments, and what is kept; stands below the figures. */
  readonly element = make("div", "nl-parameters-moments", { hidden: "" });
  private readonly slider = make("input", "", {
    type: "range",
    min: "0",
    step: "1",
    "aria-label": "moment that is shown",
  });
  private readonly where = make("b", "");
  private readonly kept = make("span", "");
  private readonly own = make("span", "", { hidden: "" });
  private readonly now = make("button", "nl-button", { type: "button", hidden: "" }, "now");
  private readonly source;
  private readonly span;
  private history: History | null = null;
  private traced = "";
  private ownColor = "";

  constructor(
    bokeh: Bokeh,
    private readonly of: "entries" | "norm",
    theme: Theme,
    private readonly host: OverTimeHost,
  ) {
    const name = of === "entries" ? "entries" : "norm";
    this.figure = new Figure(
      bokeh,
      {
        name: `${name} over time`,
        x: { label: "", range: [0, 1] },
        y: { label: name, range: [0, 1] },
      },
      theme,
    );
    const columns = ["x", "trace", ...ROWS].map((column) => [column, []]);
    this.source = this.figure.source(Object.fromEntries(columns) as Record<string, number[]>);
    if (of === "entries") {
      this.area(bokeh, "p5", "p95", 0.18);
      this.area(bokeh, "p25", "p75", 0.3);
      this.line(bokeh, "p50", (on) => on.dimensions[0]);
      this.line(bokeh, "mean", (on) => on.text, [5, 3]);
    } else {
      this.line(bokeh, "norm", (on) => on.dimensions[0]);
      this.line(bokeh, "change", (on) => on.text, [5, 3]);
    }
    this.line(bokeh, "trace", (on) => on.dimensions[1]);
    this.span = new bokeh.Span({ dimension: "height", location: null, line_width: 1.5 });
    this.figure.add(this.span, "center", (on) => ({ line_color: on.text }));
    this.figure.onPoint(({ x }) => this.say(this.nearest(x)));
    this.figure.onTap(({ x }) => this.goToIndex(this.nearestWhole(this.nearest(x))));
    this.slider.addEventListener("input", () => this.goToIndex(this.slider.valueAsNumber));
    this.now.addEventListener("click", () => host.goTo(null));
    this.element.append(this.slider, this.where, this.now, this.legend(), this.own, this.kept);
    this.figure.style((on) => (this.ownColor = on.dimensions[1]));
  }

  private area(bokeh: Bokeh, low: Column, high: Column, alpha: number): void {
    const band = new bokeh.VArea({
      x: { field: "x" },
      y1: { field: low },
      y2: { field: high },
      fill_alpha: alpha,
    });
    this.figure.draw(band, this.source, (on) => ({ fill_color: on.dimensions[0] }));
  }

  private line(
    bokeh: Bokeh,
    column: Column,
    color: (theme: Theme) => string,
    dash: number[] = [],
  ): void {
    const line = new bokeh.Line({
      x: { field: "x" },
      y: { field: column },
      line_width: 1.8,
      line_dash: dash,
    });
    this.figure.draw(line, this.source, (on) => ({ line_color: color(on) }));
  }

  private legend(): HTMLElement {
    const words =
      this.of === "entries"
        ? "bands: 5 to 95 % and 25 to 75 % of the entries; line: median; dashed: mean"
        : "line: norm; dashed: norm of the change since it was built";
    return make("span", "", {}, words);
  }

  // ---- what is told -----------------------------------------------------------------------------

  /** Show moments; `traced` is what the trace is of, in words. */
  show(history: History, traced: string): void {
    [this.history, this.traced] = [history, traced];
    const { x, figures, trace, moment } = history;
    const n = x.length;
    const row = (i: number): FrameArray => figures.subarray(i * n, (i + 1) * n);
    const columns: Record<string, FrameArray | number[]> = Object.fromEntries(
      ROWS.map((name, i) => [name, row(i)]),
    );
    const own = this.of === "entries" ? 0 : 1;
    columns.trace =
      trace === null ? Array<number>(n).fill(NaN) : trace.subarray(own * n, own * n + n);
    columns.x = x;
    const seen =
      this.of === "entries" ? ["p5", "p95", "mean", "trace"] : ["norm", "change", "trace"];
    this.figure.label("x", history.axis);
    this.figure.update(() => {
      this.source.data = new Map(Object.entries(columns));
      const y = extent(
        seen.map((name) => columns[name]),
        [0, 1],
      );
      this.figure.range(extent([x], [0, 1], 0.02), this.of === "norm" ? [0, y[1]] : y);
      this.span.location = moment === null ? null : x[this.indexOf(moment)];
    });
    this.steer(history);
  }

  private steer(history: History): void {
    const { x, moment } = history;
    this.element.hidden = false;
    const at = moment === null ? x.length - 1 : this.indexOf(moment);
    this.slider.max = String(x.length - 1);
    // A hand that drags it knows better than what was told on the way.
    if (document.activeElement !== this.slider || moment === null) this.slider.value = String(at);
    this.slider.setAttribute("aria-valuetext", this.words(at, moment === null));
    setText(this.where, this.words(at, moment === null));
    this.now.hidden = moment === null;
    setText(this.kept, history.kept);
    this.own.hidden = history.trace === null;
    if (history.trace === null) return;
    const swatch = make("span", "nl-inspect-swatch");
    swatch.style.background = this.ownColor;
    const what = this.traced.startsWith("row") && this.of === "entries" ? "mean of " : "";
    this.own.replaceChildren(swatch, what + this.traced);
  }

  private words(at: number, isNow: boolean): string {
    const { x, axis } = this.history ?? { x: [], axis: "" };
    const where = `${axis}: ${short(x[at] ?? 0)}`;
    return isNow ? `now, ${where}` : at === 0 ? "as built" : where;
  }

  private say(at: number): Rows | null {
    const { history } = this;
    if (history === null || at < 0) return null;
    const n = history.x.length;
    const value = (name: (typeof ROWS)[number]): string =>
      short(history.figures[ROWS.indexOf(name) * n + at]);
    const rows: Rows = [[history.axis, short(history.x[at])]];
    if (this.of === "entries")
      rows.push(
        ["median", value("p50")],
        ["mean", value("mean")],
        ["deviation", value("deviation")],
      );
    else rows.push(["norm", value("norm")], ["of the change", value("change")]);
    const own = (this.of === "entries" ? 0 : n) + at;
    if (history.trace !== null && Number.isFinite(history.trace[own]))
      rows.push([this.traced, short(history.trace[own])]);
    return rows;
  }

  // ---- which moment -----------------------------------------------------------------------------

  private goToIndex(at: number): void {
    const { history } = this;
    if (history === null || at < 0) return;
    this.host.goTo(at >= history.x.length - 1 ? null : history.numbers[this.nearestWhole(at)]);
  }

  private indexOf(number: number): number {
    return this.history?.numbers.indexOf(number) ?? -1;
  }

  private nearest(x: number): number {
    const { x: xs } = this.history ?? { x: [] };
    const i = Math.min(xs.length - 1, beyond(xs, x));
    return i > 0 && x - xs[i - 1] < xs[i] - x ? i - 1 : i;
  }

  /** The nearest moment of which all entries are kept. */
  private nearestWhole(at: number): number {
    const { history } = this;
    if (history === null) return at;
    let [best, least] = [0, Infinity];
    for (const number of history.whole) {
      const index = history.numbers.indexOf(number);
      const distance = Math.abs(index - at);
      if (distance < least) [best, least] = [index, distance];
    }
    return best;
  }
}
