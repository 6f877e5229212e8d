/** The power spectrum of the last seconds, computed ten times a second. */

import { Plane, type PlaneScale } from "../../charts/plane";
import { niceBounds } from "../../charts/range";
import { Series } from "../../charts/series";
import { welch, type Spectrum } from "../../charts/statistics";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { LegendItem, Panel, PanelContext, PanelKind } from "../../panel";
import { lineStyle, type Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

/** Seconds of simulated time between two spectra; and powers of ten that a log axis shows. */
const PERIOD = 0.1;
const DECADES = 6;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class SpectrumPanel implements Panel {
  private plane!: Plane;
  private payload!: Payload;
  private theme!: Theme;
  private series!: Series;
  private spectra: Spectrum[] = [];
  private computed = { at: -Infinity, rows: 0 };

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    this.series = new Series(this.payload.names.length);
    this.plane = new Plane(body, {
      x: "frequency (Hz)",
      y: "power (1/Hz)",
      xRange: [0, this.payload.highest ?? 500],
      yRange: [0, 1],
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
    this.computed.at = -Infinity;
  }

  draw(_from: number, to: number): void {
    const rows = this.series.from(to + 1e-9);
    const moved = Math.abs(to - this.computed.at);
    if (moved >= PERIOD || (moved > 0 && rows === this.computed.rows)) this.compute(to, rows);
    this.plane.draw();
  }

  clear(): void {
    this.series.clear();
    this.spectra = [];
    this.computed = { at: -Infinity, rows: 0 };
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
    const kept = this.series.columns(this.payload.names.map((_, i) => `y${i}`));
    const powers = this.spectra.map(({ power }, i) => [`power${i}`, power]);
    return { ...kept, frequency: this.spectra[0]?.frequency ?? [], ...Object.fromEntries(powers) };
  }

  private compute(to: number, last: number): void {
    const { series, payload } = this;
    this.computed = { at: to, rows: last };
    const first = series.from(to - payload.span + 1e-9);
    if (last - first < 2) return;
    const dt = (series.t[last - 1] - series.t[first]) / (last - first - 1);
    const spectra = payload.names.map((_, k) =>
      welch(
        Float64Array.from(
          { length: last - first },
          (_u, i) => series.v[(first + i) * series.width + k],
        ),
        dt,
      ),
    );
    this.spectra = spectra.filter((spectrum) => spectrum !== null);
    this.scaleAxes(1 / (2 * dt));
  }

  private scaleAxes(nyquist: number): void {
    const highest = Math.min(this.payload.highest ?? Infinity, nyquist);
    const seen = this.spectra.flatMap(({ frequency, power }) =>
      // The first is what is left of the mean.
      power.filter((_, k) => k > 0 && frequency[k] <= highest),
    );
    const most = Math.max(0, ...seen);
    this.plane.powers = this.payload.logarithmic;
    if (!this.payload.logarithmic) {
      this.plane.setRanges([0, highest], most > 0 ? niceBounds(0, most, true) : [0, 1]);
      return;
    }
    const top = Math.ceil(Math.log10(most > 0 ? most : 1) + 0.1);
    this.plane.setRanges([0, highest], [top - DECADES, top]);
  }

  private paint(canvas: CanvasRenderingContext2D, scale: PlaneScale): void {
    const height = (power: number): number =>
      scale.y(this.payload.logarithmic ? Math.log10(Math.max(power, 1e-30)) : power);
    canvas.lineWidth = 2 * scale.ratio;
    canvas.lineJoin = "round";
    this.spectra.forEach(({ frequency, power }, i) => {
      canvas.strokeStyle = lineStyle(this.theme, i).color;
      canvas.beginPath();
      for (let k = 1; k < power.length; k++) canvas.lineTo(scale.x(frequency[k]), height(power[k]));
      canvas.stroke();
    });
  }
}

export default { name: "spectrum", make: () => new SpectrumPanel() } satisfies PanelKind;
