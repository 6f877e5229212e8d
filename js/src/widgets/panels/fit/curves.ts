/** A metric over epochs, of all runs that are shown: as it trains, after each epoch, validated. */

import type { Bokeh, Columns } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import type { Theme } from "../../theme";
import { short } from "./parts";
import type { Series } from "./payload";

export interface Curve extends Series {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

type Numbers = ArrayLike<number>;

/** What the axis shows: from 0, and no further than most of what there is. */
export function reach(curves: readonly Curve[], metric: string): [number, number] {
  const all = curves.flatMap(({ y }) => Array.from(y).filter((v) => Number.isFinite(v)));
  if (all.length === 0) return [0, 1];
  const sorted = all.sort((a, b) => a - b);
  const least = Math.min(0, sorted[0]);
  if (metric.endsWith("accuracy")) return [least, 1.02];
  // One bad batch at the start is not to make all else flat.
  const most = sorted[Math.min(sorted.length - 1, Math.floor(0.98 * sorted.length))];
  return [least, most > least ? most * 1.06 : least + 1];
}

export function colorOf(theme: Theme, number: number): string {
  return theme.dimensions[number % theme.dimensions.length];
}

export class MetricFigure {
  readonly figure: Figure;
  private readonly sources;
  private curves: readonly Curve[] = [];

  constructor(
    bokeh: Bokeh,
    readonly metric: string,
    theme: Theme,
  ) {
    this.figure = new Figure(
      bokeh,
      {
        name: `${metric} over epochs`,
        x: { label: "epoch", range: [0, 1] },
        y: { label: metric, range: [0, 1] },
      },
      theme,
    );
    const { figure } = this;
    const lines = (): ReturnType<Figure["source"]> => figure.source({ xs: [], ys: [], color: [] });
    const points = (): ReturnType<Figure["source"]> => figure.source({ x: [], y: [], color: [] });
    this.sources = {
      batches: lines(),
      epochs: lines(),
      validation: lines(),
      ends: points(),
      checks: points(),
    };
    figure.draw(figure.lines(1, 0.5), this.sources.batches);
    figure.draw(figure.lines(2, 1), this.sources.epochs);
    figure.draw(figure.lines(2, 1, [6, 4]), this.sources.validation);
    const mark = (fill: boolean): InstanceType<Bokeh["Scatter"]> =>
      new bokeh.Scatter({
        x: { field: "x" },
        y: { field: "y" },
        size: fill ? 5 : 6,
        line_color: { field: "color" },
        line_width: 1.5,
        fill_color: fill ? { field: "color" } : null,
      });
    figure.draw(mark(true), this.sources.ends);
    const checks = mark(false);
    figure.draw(checks, this.sources.checks, (of) => ({ fill_color: of.surface }));
    figure.onPoint((spot) => this.say(spot));
  }

  show(all: readonly Curve[], theme: Theme): void {
    this.curves = all.filter(({ metric }) => metric === this.metric);
    const [low, high] = reach(this.curves, this.metric);
    const last = Math.max(1, ...this.curves.map(({ x }) => (x.length > 0 ? x[x.length - 1] : 0)));
    this.figure.update(() => {
      this.figure.range([0, last * 1.02], [low, high]);
      for (const of of ["batches", "epochs", "validation"] as const)
        this.sources[of].data = lines(this.of(of), theme);
      this.sources.ends.data = points(this.of("epochs"), theme);
      this.sources.checks.data = points(this.of("validation"), theme);
    });
  }

  private of(kind: Series["of"]): Curve[] {
    return this.curves.filter(({ of }) => of === kind);
  }

  /** What is nearest among the points of whole epochs. */
  private say(spot: { x: number; y: number }): Rows | null {
    const pixels = this.figure.pixels;
    let best: { curve: Curve; at: number } | null = null;
    let least = 18;
    for (const curve of this.curves) {
      if (curve.of === "batches") continue;
      for (let at = 0; at < curve.x.length; at++) {
        const away = Math.hypot(
          (curve.x[at] - spot.x) * pixels.x,
          (curve.y[at] - spot.y) * pixels.y,
        );
        if (away < least) [best, least] = [{ curve, at }, away];
      }
    }
    if (best === null) return null;
    const { curve, at } = best;
    return [
      ["run", curve.run],
      ["epoch", String(Math.round(curve.x[at]))],
      [curve.of === "validation" ? `${this.metric}, validated` : this.metric, short(curve.y[at])],
    ];
  }
}

function lines(curves: readonly Curve[], theme: Theme): Map<string, Columns[string]> {
  const of: Columns = {
    xs: curves.map(({ x }): Numbers => x),
    ys: curves.map(({ y }): Numbers => y),
    color: curves.map(({ number }) => colorOf(theme, number)),
  };
  return new Map(Object.entries(of));
}

function points(curves: readonly Curve[], theme: Theme): Map<string, Columns[string]> {
  const of: Columns = {
    x: curves.flatMap(({ x }) => Array.from(x)),
    y: curves.flatMap(({ y }) => Array.from(y)),
    color: curves.flatMap(({ x, number }) => Array.from(x, () => colorOf(theme, number))),
  };
  return new Map(Object.entries(of));
}
