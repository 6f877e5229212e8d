/** The value plot: one line for each dimension. */

import { Lines } from "../../charts/lines";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { FrameMeta, LegendItem, Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

/** Lines whose range, names and axis the payload gives. */
export class LinesPanel implements Panel {
  private lines!: Lines;

  /** @param zero whether zero is always in the range */
  constructor(private readonly zero: boolean) {}

  mount(body: HTMLElement, context: PanelContext): void {
    this.lines = new Lines(body, context, this.options(context.layout));
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    this.lines.receive(arrays, meta);
  }

  relayout(layout: PanelLayout): void {
    this.lines.relayout(this.options(layout));
  }

  draw(from: number, to: number): void {
    this.lines.draw(from, to);
  }

  readings(instant: number): Reading[] {
    return this.lines.readings(instant);
  }

  clear(): void {
    this.lines.clear();
  }

  retheme(theme: Theme): void {
    this.lines.retheme(theme);
  }

  legend(theme: Theme): LegendItem[] {
    return this.lines.legend(theme);
  }

  picture(): HTMLCanvasElement | null {
    return this.lines.strip.picture();
  }

  columns(): Record<string, number[]> {
    return this.lines.columns();
  }

  private options(layout: PanelLayout) {
    const { axis, lines, likely, range } = read(layout);
    return { axis, lines, likely, fixed: range, zero: this.zero };
  }
}

export default { name: "value", make: () => new LinesPanel(false) } satisfies PanelKind;
