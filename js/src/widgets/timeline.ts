/** One timeline for all plots: every frame moves them together to the same instants. */

import { decodePlot } from "./frames";
import type { FrameHeader, PlotLayout, SessionState } from "./messages";
import { PlotTile } from "./plot";
import type { Theme } from "./theme";

/** Every message to the kernel makes the front end show it as busy and idle again: few, then. */
const ACK_EVERY_MS = 30;

interface Received {
  header: FrameHeader;
  buffer: DataView;
}

export class Timeline {
  readonly tiles = new Map<string, PlotTile>();
  private queue: Received[] = [];
  private scheduled = 0;
  private now = 0;
  private drawnUpTo = { seq: 0, timer: 0, told: 0 };
  private window = 4;

  /**
   * @param grid where the plots stand
   * @param drawn called with the number of the newest frame on the screen
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
      window.clearTimeout(this.drawnUpTo.timer);
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

  /** Tell plots without data what the session does. */
  explain(state: SessionState): void {
    for (const tile of this.tiles.values()) tile.explain(state);
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
    requestAnimationFrame(() => this.tellDrawn(frames[frames.length - 1].header.seq));
  }

  /** Pass on that frames are drawn; the number of one stands for all before it. */
  private tellDrawn(seq: number): void {
    this.drawnUpTo.seq = seq;
    if (this.drawnUpTo.timer !== 0) return;
    const rest = this.drawnUpTo.told + ACK_EVERY_MS - performance.now();
    this.drawnUpTo.timer = window.setTimeout(() => {
      this.drawnUpTo = { seq: this.drawnUpTo.seq, timer: 0, told: performance.now() };
      this.drawn(this.drawnUpTo.seq);
    }, Math.max(0, rest));
  }

  private take(header: FrameHeader, buffer: DataView): void {
    if (header.clear) for (const tile of this.tiles.values()) tile.clear();
    this.now = header.time;
    for (const plot of header.plots) {
      const tile = this.tiles.get(plot.id);
      // A frame that was on its way when a plot was removed still holds it.
      if (tile !== undefined) tile.append(decodePlot(plot, buffer));
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
