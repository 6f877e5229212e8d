/** Inter-spike intervals of the last seconds, with their mean and each neuron's variation. */

import { paintSteps, Plane, type PlaneScale } from "../../charts/plane";
import { CalmRange } from "../../charts/range";
import { Series } from "../../charts/series";
import { countIn, intervalsOf, meanOf, variationOf, type Counts } from "../../charts/statistics";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

const MS = 1000;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class IntervalsPanel implements Panel {
  private plane!: Plane;
  private payload!: Payload;
  private theme!: Theme;
  private readonly spikes = new Series(1);
  private readonly height = new CalmRange({ likely: [0, 10], zero: true });
  private chosen = new Set<number>();
  private counts: Counts | null = null;

  mount(body: HTMLElement, context: PanelContext): void {
    this.take(context.layout);
    this.theme = context.theme;
    this.plane = new Plane(body, {
      x: "interval (ms)",
      y: "intervals",
      summary: true,
      xRange: [0, this.payload.longest * MS],
      yRange: [0, this.height.high],
      theme: context.theme,
      paint: (canvas, scale) => this.paint(canvas, scale),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    const [t, rows] = [arrays.get("t"), arrays.get("i")];
    if (t === undefined || rows === undefined) return;
    if (t.length > 0 && this.spikes.last > t[0]) this.clear();
    this.spikes.append(t, rows);
  }

  relayout(layout: PanelLayout): void {
    this.take(layout);
  }

  draw(_from: number, to: number): void {
    this.count(to);
    this.plane.setRanges([0, this.payload.longest * MS], [0, this.height.high]);
    this.plane.draw();
  }

  clear(): void {
    this.spikes.clear();
    this.height.reset();
    this.counts = null;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.plane.retheme(theme);
  }

  picture(): HTMLCanvasElement | null {
    return this.plane.picture();
  }

  columns(): Record<string, number[]> {
    return {
      ...this.spikes.columns(["i"]),
      low: this.counts?.edges.slice(0, -1) ?? [],
      count: this.counts?.counts ?? [],
    };
  }

  private take(layout: PanelLayout): void {
    this.payload = read(layout);
    this.chosen = new Set(this.payload.neurons);
  }

  private count(to: number): void {
    const { spikes, payload } = this;
    const [first, last] = [spikes.from(to - payload.span + 1e-9), spikes.from(to + 1e-9)];
    const rows = Array.from({ length: last - first }, (_, i) => first + i).filter((row) =>
      this.chosen.has(spikes.v[row]),
    );
    const each = intervalsOf(
      rows.map((row) => spikes.t[row]),
      rows.map((row) => spikes.v[row]),
    );
    const inMs = each.flat().map((seconds) => seconds * MS);
    this.counts = countIn(inMs, 0, payload.longest * MS, payload.bins);
    this.height.update(0, Math.max(...this.counts.counts), to);
    this.plane.setSummary(this.summary(each, inMs, this.counts.beside));
  }

  /** The variation is that of neurons: that of all intervals tells how unlike neurons are. */
  private summary(each: number[][], inMs: number[], beside: number): string[] {
    const mean = meanOf(inMs);
    if (mean === null) return ["no intervals"];
    const variation = meanOf(each.map(variationOf).filter((v) => v !== null));
    return [
      `mean ${mean.toPrecision(3)} ms`,
      ...(variation === null ? [] : [`mean CV of neurons ${variation.toFixed(2)}`]),
      ...(beside === 0 ? [] : [`${beside} longer`]),
      `${inMs.length} in all`,
    ];
  }

  private paint(canvas: CanvasRenderingContext2D, scale: PlaneScale): void {
    if (this.counts === null) return;
    paintSteps(canvas, scale, this.counts.edges, this.counts.counts, this.theme.dimensions[0]);
  }
}

export default { name: "intervals", make: () => new IntervalsPanel() } satisfies PanelKind;
