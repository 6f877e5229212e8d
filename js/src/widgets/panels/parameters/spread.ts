/** How the entries of an array are spread: a histogram, or singular values; a vector itself. */

import type { Bokeh } from "../../inspecting/bokeh";
import { Figure } from "../../inspecting/figure";
import { beyond, extent } from "../../inspecting/near";
import type { FrameArray } from "../../frames";
import type { Theme } from "../../theme";
import { short, type Figures } from "./told";

export class HistogramFigure {
  readonly figure: Figure;
  private readonly source;
  private figures: Figures | null = null;

  constructor(bokeh: Bokeh, theme: Theme) {
    this.figure = new Figure(
      bokeh,
      {
        name: "how entries are spread",
        x: { label: "value", range: [0, 1] },
        y: { label: "entries", range: [0, 1], whole: true },
      },
      theme,
    );
    this.source = this.figure.source({ left: [], right: [], top: [] });
    const bars = new bokeh.Quad({
      left: { field: "left" },
      right: { field: "right" },
      top: { field: "top" },
      bottom: 0,
      line_color: null,
      fill_alpha: 0.8,
    });
    this.figure.draw(bars, this.source, (of) => ({ fill_color: of.dimensions[0] }));
    this.figure.onPoint(({ x }) => {
      const { edges, counts } = this.figures ?? { edges: [], counts: [] };
      const bin = beyond(edges, x) - 1;
      if (bin < 0 || bin >= counts.length) return null;
      return [
        ["from", short(edges[bin])],
        ["to", short(edges[bin + 1])],
        ["entries", counts[bin].toLocaleString("en")],
      ];
    });
  }

  show(figures: Figures): void {
    this.figures = figures;
    const { edges, counts } = figures;
    this.figure.update(() => {
      this.source.data = new Map(
        Object.entries({ left: edges.slice(0, -1), right: edges.slice(1), top: counts }),
      );
      this.figure.range([edges[0], edges[edges.length - 1]], [0, extent([counts], [0, 1])[1]]);
    });
  }
}

/** Numbers in a row, as points: a vector's, or singular values. */
export class PointsInARow {
  readonly figure: Figure;
  private readonly source;
  private values: ArrayLike<number> = [];
  private at: ArrayLike<number> = [];

  constructor(
    bokeh: Bokeh,
    private readonly names: { x: string; y: string },
    theme: Theme,
    tapped?: (index: number, adds: boolean) => void,
  ) {
    this.figure = new Figure(
      bokeh,
      {
        name: names.y,
        x: { label: names.x, range: [0, 1], whole: true },
        y: { label: names.y, range: [0, 1] },
      },
      theme,
    );
    this.source = this.figure.source({ x: [], low: [], high: [] });
    const span = new bokeh.Segment({
      x0: { field: "x" },
      x1: { field: "x" },
      y0: { field: "low" },
      y1: { field: "high" },
    });
    this.figure.draw(span, this.source, (of) => ({ line_color: of.dimensions[0] }));
    const points = new bokeh.Scatter({
      x: { field: "x" },
      y: { field: "high" },
      size: 4,
      line_color: null,
    });
    this.figure.draw(points, this.source, (of) => ({ fill_color: of.dimensions[0] }));
    this.figure.onPoint(({ x }) => {
      const i = this.nearest(x);
      return i < 0
        ? null
        : [
            [this.names.x, String(this.at[i])],
            [this.names.y, short(this.values[i])],
          ];
    });
    this.figure.onTap(({ x, adds }) => {
      const i = this.nearest(x);
      if (i >= 0) tapped?.(Math.round(this.at[i]), adds);
    });
  }

  show(at: ArrayLike<number>, low: FrameArray, high: FrameArray, fromZero = false): void {
    [this.at, this.values] = [at, high];
    this.figure.update(() => {
      this.source.data = new Map(Object.entries({ x: at as FrameArray, low, high }));
      const y = extent([low, high], [0, 1]);
      this.figure.range(extent([at], [0, 1], 0.02), fromZero ? [0, y[1]] : y);
    });
  }

  label(x: string, y: string): void {
    this.names.x = x;
    this.figure.label("x", x);
    this.figure.label("y", y);
  }

  private nearest(x: number): number {
    const { at } = this;
    if (at.length === 0) return -1;
    const i = Math.min(at.length - 1, beyond(at, x));
    return i > 0 && x - at[i - 1] < at[i] - x ? i - 1 : i;
  }
}
