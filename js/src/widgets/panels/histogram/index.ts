/** How often values were where: the share of samples in each bin, over the last seconds. */

import { paintSteps, Plane, type PlaneScale } from "../../charts/plane";
import { CalmRange } from "../../charts/range";
import { Series } from "../../charts/series";
import { countIn } from "../../charts/statistics";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { LegendItem, Panel, PanelContext, PanelKind } from "../../panel";
import { lineStyle, type Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class HistogramPanel implements Panel {
  private plane!: Plane;
  private payload!: Payload;
  private theme!: Theme;
  private series!: Series;
  private range!: CalmRange;
  private readonly height = new CalmRange({ likely: [0, 0.1], zero: true });
  /** Shares of samples, for each dimension. */
  private shares: number[][] = [];
  private edges: number[] = [];

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    const { likely, range, names } = this.payload;
    this.series = new Series(names.length);
    this.range = new CalmRange({ likely, fixed: range });
    this.plane = new Plane(body, {
      x: "value",
      y: "share of samples",
      xRange: [this.range.low, this.range.high],
      yRange: [0, this.height.high],
      theme: context.theme,
      paint: (canvas, scale) => this.paint(canvas, scale),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    this.series.take(arrays, () => this.clear());
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.range.reset({ likely: this.payload.likely, fixed: this.payload.range });
  }

  draw(_from: number, to: number): void {
    this.count(to);
    this.plane.setRanges([this.range.low, this.range.high], [0, this.height.high]);
    this.plane.draw();
  }

  clear(): void {
    this.series.clear();
    this.range.reset();
    this.height.reset();
    this.shares = [];
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.plane.retheme(theme);
  }

  legend(theme: Theme): LegendItem[] {
    return this.payload.names.map((name, i) => ({ name, ...lineStyle(theme, i) }));
  }

  picture(): HTMLCanvasElement | null {
    return this.plane.picture();
  }

  columns(): Record<string, number[]> {
    const bins = Object.fromEntries(this.shares.map((share, i) => [`share${i}`, share]));
    const kept = this.series.columns(this.payload.names.map((_, i) => `y${i}`));
    return { ...kept, low: this.edges.slice(0, -1), ...bins };
  }

  private count(to: number): void {
    const { series, payload } = this;
    const [first, last] = [series.from(to - payload.span + 1e-9), series.from(to + 1e-9)];
    const samples = last - first;
    if (samples === 0) {
      this.shares = [];
      return;
    }
    const values = payload.names.map((_, k) =>
      Array.from({ length: samples }, (_unused, i) => series.v[(first + i) * series.width + k]),
    );
    const all = values.flat();
    this.range.update(
      all.reduce((a, b) => Math.min(a, b)),
      all.reduce((a, b) => Math.max(a, b)),
      to,
    );
    this.shares = values.map((column) => {
      const { counts, edges } = countIn(column, this.range.low, this.range.high, payload.bins);
      this.edges = edges;
      return counts.map((count) => count / samples);
    });
    this.height.update(0, Math.max(...this.shares.flat()), to);
  }

  private paint(canvas: CanvasRenderingContext2D, scale: PlaneScale): void {
    this.shares.forEach((share, i) => {
      paintSteps(canvas, scale, this.edges, share, lineStyle(this.theme, i).color);
    });
  }
}

export default { name: "histogram", make: () => new HistogramPanel() } satisfies PanelKind;
