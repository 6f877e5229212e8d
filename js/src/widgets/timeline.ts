/** One timeline for all plots: every frame moves them together to the same instants. */

import { decodePlot } from "./frames";
import type { FrameHeader, PlotLayout } from "./messages";
import { PlotTile } from "./plot";
import type { Theme } from "./theme";

interface Received {
  header: FrameHeader;
  buffer: DataView;
}

export class Timeline {
  readonly tiles = new Map<string, PlotTile>();
  private queue: Received[] = [];
  private scheduled = 0;
  private now = 0;
  private window = 4;

  /**
   * @param grid where the plots stand
   * @param drawn called with the number of each frame once it is on the screen
   * @param removed called when a person removes a plot
   */
  constructor(
    private readonly grid: HTMLElement,
    private readonly drawn: (seq: number) => void,
    private readonly removed: (plot: string) => void,
    signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.scheduled);
      for (const tile of this.tiles.values()) tile.remove();
      this.tiles.clear();
    });
  }

  /** Pixels of a plot, 0 while there is none on the screen. */
  get plotWidth(): number {
    const widths = [...this.tiles.values()].map((tile) => tile.body.clientWidth);
    return Math.max(0, ...widths);
  }

  /** Make the plots that the layout has and drop those it has not. */
  async arrange(layouts: PlotLayout[], window: number, theme: Theme): Promise<void> {
    this.window = window;
    const wanted = new Set(layouts.map((layout) => layout.id));
    for (const [id, tile] of this.tiles) {
      if (wanted.has(id)) continue;
      tile.remove();
      this.tiles.delete(id);
    }
    const added = layouts.filter((layout) => !this.tiles.has(layout.id));
    for (const layout of added) {
      const tile = new PlotTile(layout, () => this.removed(layout.id));
      this.tiles.set(layout.id, tile);
      this.grid.append(tile.element);
    }
    this.draw();
    await Promise.all(added.map((layout) => this.tiles.get(layout.id)?.show(theme)));
  }

  /** Take a frame; it is drawn with the next picture of the screen. */
  receive(header: FrameHeader, buffer: DataView): void {
    this.queue.push({ header, buffer });
    if (this.scheduled === 0) this.scheduled = requestAnimationFrame(() => this.drawQueue());
  }

  applyTheme(theme: Theme): void {
    for (const tile of this.tiles.values()) tile.applyTheme(theme);
  }

  private drawQueue(): void {
    this.scheduled = 0;
    const frames = this.queue;
    this.queue = [];
    for (const { header, buffer } of frames) this.take(header, buffer);
    this.draw();
    // Bokeh paints in the animation frame after the one in which its data changed.
    requestAnimationFrame(() => {
      for (const { header } of frames) this.drawn(header.seq);
    });
  }

  private take(header: FrameHeader, buffer: DataView): void {
    if (header.clear) for (const tile of this.tiles.values()) tile.drawing.clear();
    this.now = header.time;
    for (const plot of header.plots) {
      const tile = this.tiles.get(plot.id);
      // A frame that was on its way when a plot was removed still holds it.
      if (tile !== undefined) tile.drawing.append(decodePlot(plot, buffer));
    }
  }

  private draw(): void {
    const end = Math.max(this.now, this.window);
    const start = end - this.window;
    for (const { drawing } of this.tiles.values()) {
      drawing.figure.setTime(start, end);
      drawing.draw(start, end);
    }
  }
}
