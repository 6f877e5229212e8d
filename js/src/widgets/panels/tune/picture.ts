/** Accuracy against spikes, a point for each setting; and against time, a line for each. */

import type { Bokeh } from "../../inspecting/bokeh";
import { Figure, type Range, type Rows, type Spot } from "../../inspecting/figure";
import { extent, nearestPoint } from "../../inspecting/near";
import { walk } from "../../inspecting/walking";
import { lineStyle, type Theme } from "../../theme";
import type { TriedLine, TunedMessage } from "./payload";
import { marksBetween, powerOf, rowsOf } from "./told";

export interface Host {
  pick: (number: number) => void;
  chosen: () => number;
}

const FAINT = 0.25;

/** From the least to the most accuracy of all, with what Keras has. */
function accuracies(told: TunedMessage): Range {
  const [low, high] = extent([[told.keras], ...told.tried.map((one) => one.by_step)], [0, 1], 0.06);
  return [Math.max(-0.02, low), Math.min(1.03, high)];
}

export class SpikesFigure {
  readonly figure: Figure;
  private readonly source;
  private readonly ring;
  private readonly keras;
  private tried: TriedLine[] = [];

  constructor(bokeh: Bokeh, theme: Theme, host: Host) {
    const name = "accuracy against spikes";
    const x = { label: "spikes an item", range: [0, 1] as Range };
    this.figure = new Figure(
      bokeh,
      { name, x, y: { label: "accuracy", range: [0, 1] }, picks: false },
      theme,
    );
    const { figure } = this;
    this.keras = kerasLine(bokeh, figure);
    this.ring = figure.source({ x: [], y: [] });
    this.source = figure.source({ x: [], y: [], color: [], marker: [], size: [] });
    const ring = new bokeh.Scatter({
      x: { field: "x" },
      y: { field: "y" },
      size: 22,
      fill_color: null,
      line_width: 2,
    });
    figure.draw(ring, this.ring, (of) => ({ line_color: of.text }));
    const points = new bokeh.Scatter({
      x: { field: "x" },
      y: { field: "y" },
      size: { field: "size" },
      marker: { field: "marker" },
      fill_color: { field: "color" },
    });
    figure.draw(points, this.source, (of) => ({ line_color: of.surface }));
    const say = (at: number): Rows | null => (at < 0 ? null : rowsOf(this.tried[at]));
    figure.onPoint((spot) => say(this.nearest(spot)));
    figure.onTap((spot) => {
      const found = this.nearest(spot);
      if (found >= 0) host.pick(found);
    });
    walk(figure, {
      what: "settings",
      places: () => this.places,
      spot: (at) => ({ x: this.places.x[at], y: this.places.y[at] }),
      rows: say,
      pick: (at) => host.pick(at),
      isPicked: (at) => host.chosen() === at,
    });
  }

  private get places(): { x: number[]; y: number[] } {
    const { tried } = this;
    return { x: tried.map((one) => powerOf(one.spikes)), y: tried.map((one) => one.accuracy) };
  }

  private nearest(spot: Spot): number {
    const { x, y } = this.places;
    return nearestPoint(x, y, spot, this.figure.pixels, 16);
  }

  show(told: TunedMessage, chosen: number, theme: Theme): void {
    this.tried = told.tried;
    const { x, y } = this.places;
    const [low, high] = extent([x], [0, 1], 0.12);
    this.figure.update(() => {
      this.figure.range([low, high], accuracies(told));
      this.figure.ticks("x", marksBetween(low, high));
      this.keras.setv({ location: told.keras });
      const columns = {
        x,
        y,
        color: told.tried.map((_, i) => lineStyle(theme, i).color),
        marker: told.tried.map((_, i) => (i === told.best ? "star" : "circle")),
        size: told.tried.map((_, i) => (i === told.best ? 17 : 11)),
      };
      this.source.data = new Map(Object.entries(columns));
      const ring = chosen < 0 ? { x: [], y: [] } : { x: [x[chosen]], y: [y[chosen]] };
      this.ring.data = new Map(Object.entries(ring));
    });
  }
}

export class TimeFigure {
  readonly figure: Figure;
  private readonly lines;
  private readonly keras;

  constructor(bokeh: Bokeh, theme: Theme) {
    const axes = {
      x: { label: "time (ms)", range: [0, 1] as Range },
      y: { label: "accuracy of the mean output so far", range: [0, 1] as Range },
    };
    this.figure = new Figure(bokeh, { name: "accuracy against time", ...axes }, theme);
    const { figure } = this;
    this.keras = kerasLine(bokeh, figure);
    const empty = (): ReturnType<Figure["source"]> => figure.source({ xs: [], ys: [], color: [] });
    this.lines = [
      { glyph: figure.lines(1.6, 0.9), source: empty(), dashed: false, chosen: false },
      { glyph: figure.lines(1.6, 0.9, [5, 3]), source: empty(), dashed: true, chosen: false },
      { glyph: figure.lines(3, 1), source: empty(), dashed: false, chosen: true },
      { glyph: figure.lines(3, 1, [5, 3]), source: empty(), dashed: true, chosen: true },
    ];
    for (const { glyph, source } of this.lines) figure.draw(glyph, source);
  }

  show(told: TunedMessage, chosen: number, theme: Theme): void {
    const last = Math.max(1, ...told.tried.map((one) => one.ms.at(-1) ?? 1));
    this.figure.update(() => {
      this.figure.range([0, last], accuracies(told));
      this.keras.setv({ location: told.keras });
      for (const line of this.lines) {
        const own = told.tried.map((one, i) => ({ one, i, ...lineStyle(theme, i) }));
        const of = own.filter((x) => x.dashed === line.dashed && (x.i === chosen) === line.chosen);
        if (!line.chosen) line.glyph.setv({ line_alpha: { value: chosen < 0 ? 0.9 : FAINT } });
        const columns = {
          xs: of.map(({ one }) => one.ms),
          ys: of.map(({ one }) => one.by_step),
          color: of.map(({ color }) => color),
        };
        line.source.data = new Map(Object.entries(columns));
      }
    });
  }
}

function kerasLine(bokeh: Bokeh, figure: Figure): InstanceType<Bokeh["Span"]> {
  const line = new bokeh.Span({ location: 0, dimension: "width", line_dash: [6, 4] });
  figure.add(line, "center", (of) => ({ line_color: of.muted }));
  return line;
}
