/**
 * Parallel coordinates: an axis for each setting of a sweep and one for the result, a line for each
 * run, in the colour of its result.
 */

import { colorTable, cssColor } from "../../charts/colors";
import type { Bokeh, Columns } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import type { Theme } from "../../theme";
import { short } from "./parts";
import type { SweptRun, Sweeps } from "./payload";

/** Larger ratios of numbers above 0 are drawn by factors. */
const FACTORS = 20;
/** Pixels from a line at which it is meant. */
const NEAR = 14;

export interface Axis {
  name: string;
  /** Of each run, 0 to 1; null where it has none. */
  at: (number | null)[];
  marks: [at: number, text: string][];
}

/** Where values lie on an axis: numbers from the least to the largest, others evenly. */
export function axisOf(name: string, values: readonly (number | string | null)[]): Axis {
  const there = values.filter((v) => v !== null);
  const numbers = there.filter((v): v is number => typeof v === "number" && Number.isFinite(v));
  if (there.length === 0 || numbers.length < there.length) return named(name, values);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const logarithmic = low > 0 && high / low >= FACTORS;
  const scale = (v: number): number => (logarithmic ? Math.log(v) : v);
  const part = (v: number): number =>
    high > low ? (scale(v) - scale(low)) / (scale(high) - scale(low)) : 0.5;
  const own = [...new Set(numbers)].sort((a, b) => a - b);
  const middle = logarithmic ? Math.sqrt(low * high) : (low + high) / 2;
  const shown = own.length <= 6 ? own : [low, Number(middle.toPrecision(2)), high];
  return {
    name,
    at: values.map((v) => (typeof v === "number" && Number.isFinite(v) ? part(v) : null)),
    marks: apart(shown.map((v) => [part(v), worded(v)])),
  };
}

function named(name: string, values: readonly (number | string | null)[]): Axis {
  const own = [...new Set(values.filter((v) => v !== null).map(String))];
  const part = (text: string): number =>
    own.length > 1 ? own.indexOf(text) / (own.length - 1) : 0.5;
  return {
    name,
    at: values.map((v) => (v === null ? null : part(String(v)))),
    marks: own.map((text) => [part(text), text]),
  };
}

/** Marks that are not written over each other; the ends are kept. */
function apart(marks: [number, string][]): [number, string][] {
  const kept: [number, string][] = [];
  marks.forEach((mark, i) => {
    const last = i === marks.length - 1;
    const before = kept[kept.length - 1];
    if (before === undefined || mark[0] - before[0] >= 0.08) kept.push(mark);
    else if (last && kept.length > 1) kept[kept.length - 1] = mark;
    else if (last) kept.push(mark);
  });
  return kept;
}

/** All axes of a sweep: settings that have several values, then the result. */
export function axesOf({
  settings,
  result,
  runs,
}: Pick<Sweeps, "settings" | "result" | "runs">): Axis[] {
  const found = settings.map((name, i) =>
    axisOf(
      name,
      runs.map(({ values }) => values[i] ?? null),
    ),
  );
  const several = found.filter(({ at }) => new Set(at).size > 1);
  return [
    ...(several.length > 0 ? several : found),
    axisOf(
      resultName(result),
      runs.map((run) => run.result),
    ),
  ];
}

/** How far a point is from a line through points that are one apart. */
export function away(
  line: readonly number[],
  spot: { x: number; y: number },
  pixels: { x: number; y: number },
): number {
  let least = Infinity;
  for (let i = 0; i + 1 < line.length; i++) {
    const [dx, dy] = [pixels.x, (line[i + 1] - line[i]) * pixels.y];
    const [px, py] = [(spot.x - i) * pixels.x, (spot.y - line[i]) * pixels.y];
    const part = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy)));
    least = Math.min(least, Math.hypot(px - part * dx, py - part * dy));
  }
  return least;
}

/** The colour of a part of the way from the best result, 0, to the worst, 1: the best stands out. */
export function resultColor(theme: Pick<Theme, "dark">, part: number): string {
  const table = colorTable("amounts", theme);
  return cssColor(table, theme.dark ? 1 - 0.7 * part : 0.05 + 0.75 * part);
}

interface Line {
  run: SweptRun;
  at: number[];
}

export class Parallel {
  readonly figure: Figure;
  private readonly sources;
  private lines: Line[] = [];
  private sweep: Sweeps | null = null;
  private picked = "";
  private theme: Theme;

  constructor(bokeh: Bokeh, theme: Theme, pick: (run: string) => void) {
    this.theme = theme;
    this.figure = new Figure(
      bokeh,
      {
        name: "runs of the sweep, a line each, over its settings and the result",
        x: { label: "", range: [0, 1] },
        y: { label: "", range: [-0.04, 1.08] },
      },
      theme,
    );
    const { figure } = this;
    const lines = (): ReturnType<Figure["source"]> => figure.source({ xs: [], ys: [], color: [] });
    this.sources = {
      axes: figure.source({ x: [], low: [], high: [] }),
      runs: lines(),
      picked: lines(),
      marks: figure.source({ x: [], y: [], text: [] }),
    };
    figure.draw(figure.lines(2, 0.75), this.sources.runs);
    const axes = new bokeh.Segment({
      x0: { field: "x" },
      x1: { field: "x" },
      y0: { field: "low" },
      y1: { field: "high" },
      line_width: 1,
    });
    figure.draw(axes, this.sources.axes, (of) => ({ line_color: of.muted }));
    figure.draw(figure.lines(4, 1), this.sources.picked);
    const marks = new bokeh.Text({
      x: { field: "x" },
      y: { field: "y" },
      text: { field: "text" },
      x_offset: 6,
      text_baseline: "middle",
      text_font_size: "11px",
      padding: 2,
      background_fill_alpha: 0.8,
    });
    figure.draw(marks, this.sources.marks, (of) => ({
      text_color: of.text,
      text_font: of.font,
      background_fill_color: of.surface,
    }));
    figure.ticks("y", []);
    figure.onPoint((spot) => this.say(this.at(spot)));
    figure.onTap((spot) => {
      const line = this.at(spot);
      pick(line === null ? "" : line.run.run);
    });
  }

  show(sweep: Sweeps, picked: string, theme: Theme): void {
    [this.sweep, this.picked, this.theme] = [sweep, picked, theme];
    const axes = axesOf(sweep);
    this.lines = sweep.runs.flatMap((run, i) => {
      const at = axes.map((axis) => axis.at[i]);
      return at.every((part) => part !== null) ? [{ run, at: at.map(Number) }] : [];
    });
    const marks = axes.flatMap((axis, x) => axis.marks.map(([y, text]) => ({ x, y, text })));
    const last = axes.length - 1;
    this.figure.update(() => {
      this.figure.range([-0.12, last + 0.35], [-0.06, 1.08]);
      this.figure.ticks(
        "x",
        axes.map(({ name }, x): [number, string] => [x, name]),
      );
      this.sources.axes.data = columns({
        x: axes.map((_, x) => x),
        low: axes.map(() => 0),
        high: axes.map(() => 1),
      });
      this.sources.marks.data = columns({
        x: marks.map(({ x }) => x),
        y: marks.map(({ y }) => y),
        text: marks.map(({ text }) => text),
      });
      this.sources.runs.data = this.drawn(this.lines);
      this.sources.picked.data = this.drawn(this.lines.filter(({ run }) => run.run === picked));
    });
  }

  private drawn(lines: readonly Line[]): Map<string, Columns[string]> {
    return columns({
      xs: lines.map(({ at }) => at.map((_, x) => x)),
      ys: lines.map(({ at }) => at),
      color: lines.map(({ at }) => resultColor(this.theme, at[at.length - 1])),
    });
  }

  private at(spot: { x: number; y: number }): Line | null {
    const pixels = this.figure.pixels;
    let [best, least]: [Line | null, number] = [null, NEAR];
    for (const line of this.lines) {
      const far = away(line.at, spot, pixels);
      if (far < least) [best, least] = [line, far];
    }
    return best;
  }

  private say(line: Line | null): Rows | null {
    const sweep = this.sweep;
    const named = line?.run.run ?? this.picked;
    if (sweep !== null)
      this.sources.picked.data = this.drawn(this.lines.filter(({ run }) => run.run === named));
    if (line === null || sweep === null) return null;
    const { run, values, state, result, epoch } = line.run;
    const told = sweep.settings.map((name, i): [string, string] => [name, worded(values[i])]);
    const ended: Rows = result === null ? [] : [[resultName(sweep.result), short(result)]];
    return [["run", run], ...told, ...ended, ["state", `${state}, epoch ${epoch}`]];
  }
}

/** What a metric is called. */
export function resultName(metric: string): string {
  return metric === "val_loss" ? "validated loss" : metric;
}

/** A value of a setting as a person reads it. */
export function worded(value: number | string | undefined): string {
  if (typeof value !== "number") return value ?? "–";
  return Number.isSafeInteger(value) && Math.abs(value) < 1e7 ? String(value) : short(value);
}

function columns(of: Columns): Map<string, Columns[string]> {
  return new Map(Object.entries(of));
}
