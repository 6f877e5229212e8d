/** The spike raster: one row for each neuron, ticks nearly as high as the row. */

import { Series } from "../../charts/series";
import { Strip, type Scale } from "../../charts/strip";
import type { FrameArray } from "../../frames";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

/** Height of a tick in rows; the rest is the gap to its neighbours. */
const FULL = 0.84;
/** Of many rows each is thinner than a pixel; a tick this high can still be seen. */
const LEAST_PIXELS = 1.6;

class RasterPanel implements Panel {
  private strip!: Strip;
  private payload!: Payload;
  private theme!: Theme;
  private readonly spikes = new Series(1);
  private known = -Infinity;

  mount(body: HTMLElement, context: PanelContext): void {
    const { data } = context.layout;
    if (!isPayload(data)) throw new Error("the kernel describes this plot in an unknown way");
    this.payload = data;
    this.theme = context.theme;
    this.strip = new Strip(body, {
      axis: "neuron",
      range: [data.first - 0.5, data.end - 0.5],
      integers: true,
      theme: context.theme,
      paint: (canvas, scale, from, to) => this.paint(canvas, scale, from, to),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>, meta: { t1: number }): void {
    const t = arrays.get("t");
    const rows = arrays.get("i");
    if (t === undefined || rows === undefined) return;
    if (t.length > 0 && this.spikes.last > t[0]) this.clear();
    this.spikes.append(t, rows);
    this.known = meta.t1;
  }

  draw(from: number, to: number): void {
    this.strip.draw(from, to, this.known);
  }

  readings(instant: number): { name: string; text: string }[] {
    const count = this.spikes.from(instant + 0.005) - this.spikes.from(instant - 0.005);
    return [{ name: "spikes within 5 ms", text: String(count) }];
  }

  clear(): void {
    this.spikes.clear();
    this.known = -Infinity;
    this.strip.changed();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.strip.retheme(theme);
  }

  picture(): HTMLCanvasElement | null {
    return this.strip.picture();
  }

  columns(): Record<string, number[]> {
    return this.spikes.columns(["i"]);
  }

  private paint(canvas: CanvasRenderingContext2D, scale: Scale, from: number, to: number): void {
    const { t, v } = this.spikes;
    const rows = this.payload.end - this.payload.first;
    const height = Math.max((scale.height / rows) * FULL, LEAST_PIXELS * scale.ratio);
    const width = Math.max(1, Math.round(scale.ratio));
    canvas.fillStyle = this.theme.text;
    const last = this.spikes.from(to + scale.pixel);
    for (let spike = this.spikes.from(from); spike < last; spike++) {
      const y = scale.y(v[spike]) - height / 2;
      canvas.fillRect(
        Math.floor(scale.x(t[spike])),
        Math.round(y),
        width,
        Math.max(1, Math.round(height)),
      );
    }
  }
}

export default { name: "raster", make: () => new RasterPanel() } satisfies PanelKind;
