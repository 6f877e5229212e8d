/** The value plot: one line for each dimension, or one row of an image. */

import { Heat } from "../../charts/heat";
import type { MapName } from "../../charts/colors";
import { Lines } from "../../charts/lines";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { FrameMeta, LegendItem, Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

export function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

export interface LinesStyle {
  /** Whether zero is always in the range. */
  zero: boolean;
  /** Of an image. */
  colors: MapName;
  unit: string;
}

/** Lines, or rows of an image, whose range, names and axis the payload gives. */
export class LinesPanel implements Panel {
  private chart!: Lines | Heat;

  constructor(protected style: LinesStyle) {}

  mount(body: HTMLElement, context: PanelContext): void {
    const { image } = read(context.layout);
    this.chart = image
      ? new Heat(body, context, this.heatOptions(context.layout))
      : new Lines(body, context, this.options(context.layout));
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    this.chart.receive(arrays, meta);
  }

  relayout(layout: PanelLayout): void {
    if (this.chart instanceof Heat) this.chart.relayout(this.heatOptions(layout));
    else this.chart.relayout(this.options(layout));
  }

  beside(arrays: Map<string, FrameArray> | null, branch: string): void {
    if (this.chart instanceof Lines) this.chart.beside(arrays, branch);
  }

  draw(from: number, to: number): void {
    this.chart.draw(from, to);
  }

  readings(instant: number): Reading[] {
    return this.chart.readings(instant);
  }

  clear(): void {
    this.chart.clear();
  }

  retheme(theme: Theme): void {
    this.chart.retheme(theme);
  }

  legend(theme: Theme): LegendItem[] {
    return this.chart instanceof Lines ? this.chart.legend(theme) : [];
  }

  picture(): HTMLCanvasElement | null {
    return this.chart instanceof Heat ? this.chart.picture() : this.chart.strip.picture();
  }

  columns(): Record<string, number[]> {
    return this.chart.columns();
  }

  private options(layout: PanelLayout) {
    const { axis, lines, likely, range, rows } = read(layout);
    return { axis, lines, likely, fixed: range, zero: this.style.zero, rows: rows ?? undefined };
  }

  private heatOptions(layout: PanelLayout) {
    const { lines, per_row: perRow, ...rest } = { ...read(layout), ...this.options(layout) };
    return { ...rest, names: lines, perRow, colors: this.style.colors, unit: this.style.unit };
  }
}

const STYLE: LinesStyle = { zero: false, colors: "signed", unit: "" };

export default { name: "value", make: () => new LinesPanel(STYLE) } satisfies PanelKind;
