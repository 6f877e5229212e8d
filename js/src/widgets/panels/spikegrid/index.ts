/** The spike grid: a cell for each neuron, lit by a spike and fading after it. */

import { Fitted, gridIn } from "../../charts/fitted";
import { Series } from "../../charts/series";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

const MARGIN = 8;
/** After so many times its length a spike has faded. */
const FADED = 5;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

/** How bright each neuron is at an instant: one at a spike, less by the factor e each `fade`. */
export function brightness(
  spikes: Series,
  neurons: number,
  instant: number,
  fade: number,
): Float32Array {
  const light = new Float32Array(neurons);
  const last = spikes.from(instant + 1e-9);
  for (let i = spikes.from(instant - FADED * fade); i < last; i++) {
    light[spikes.v[i]] = Math.exp((spikes.t[i] - instant) / fade);
  }
  return light;
}

class SpikeGridPanel implements Panel {
  private place!: Fitted;
  private payload!: Payload;
  private theme!: Theme;
  private readonly spikes = new Series(1);
  private now = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    this.place = new Fitted(body, {
      theme: context.theme,
      paint: (canvas, width, height) => this.paint(canvas, width, height),
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
    this.payload = read(layout);
  }

  draw(_from: number, to: number): void {
    this.now = to;
    this.place.draw();
  }

  readings(instant: number): Reading[] {
    const count = this.spikes.from(instant + 0.005) - this.spikes.from(instant - 0.005);
    return [{ name: "spikes within 5 ms", text: String(count) }];
  }

  clear(): void {
    this.spikes.clear();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
  }

  picture(): HTMLCanvasElement | null {
    return this.place.picture();
  }

  columns(): Record<string, number[]> {
    return this.spikes.columns(["i"]);
  }

  private paint(canvas: CanvasRenderingContext2D, width: number, height: number): void {
    const { neurons, fade } = this.payload;
    const { columns, rows, side } = gridIn(neurons, width - 2 * MARGIN, height - 2 * MARGIN);
    const [left, top] = [(width - columns * side) / 2, (height - rows * side) / 2];
    const gap = side > 4 ? 1 : 0;
    const light = brightness(this.spikes, neurons, this.now, fade);
    for (let i = 0; i < neurons; i++) {
      const x = left + (i % columns) * side;
      const y = top + Math.floor(i / columns) * side;
      canvas.globalAlpha = 0.6 * this.theme.gridAlpha;
      canvas.fillStyle = this.theme.grid;
      canvas.fillRect(x, y, side - gap, side - gap);
      if (light[i] === 0) continue;
      canvas.globalAlpha = light[i];
      canvas.fillStyle = this.theme.dimensions[this.theme.dark ? 1 : 0];
      canvas.fillRect(x, y, side - gap, side - gap);
    }
    canvas.globalAlpha = 1;
  }
}

export default { name: "spikegrid", make: () => new SpikeGridPanel() } satisfies PanelKind;
