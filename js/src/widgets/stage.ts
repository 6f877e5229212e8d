/** The panels that are open, in their grid: all on one timeline, in the same frames. */

import { decodeArrays } from "./frames";
import { columnsFor, setColumns, showSize } from "./grid";
import type { Beside, Frame, Layout, PanelLayout } from "./messages";
import { Tile, type TileHost } from "./tile";

export class Stage {
  readonly element;
  readonly tiles = new Map<string, Tile>();
  private inSight = new WeakSet<Element>();

  constructor(
    grid: HTMLElement,
    private readonly host: Omit<TileHost, "settle">,
    signal: AbortSignal,
    /** Where the panel stands that is no plot, and is neither moved nor removed. */
    private readonly aside: HTMLElement | null = null,
  ) {
    this.element = grid;
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) this.inSight.add(target);
          else this.inSight.delete(target);
        }
        host.redraw();
      },
      { rootMargin: "100px" },
    );
    const size = new ResizeObserver(() => this.spread());
    size.observe(grid);
    this.watch = (tile) => seen.observe(tile.element);
    signal.addEventListener("abort", () => {
      seen.disconnect();
      size.disconnect();
      for (const tile of this.tiles.values()) tile.remove();
      this.tiles.clear();
    });
  }

  private readonly watch: (tile: Tile) => void;

  /** Have each plot as wide as was asked for, as far as there are columns. */
  private spread(): void {
    const tiles = this.plots;
    const wanted = tiles.reduce((sum, { layout }) => sum + layout.columns, 0);
    const columns = columnsFor(this.element.clientWidth, wanted);
    setColumns(this.element, columns);
    for (const { element, layout } of tiles) showSize(element, layout, columns);
  }

  /** CSS pixels of the widest panel, 0 while there is none on the page. */
  get widest(): number {
    return Math.max(0, ...this.plots.map((tile) => tile.body.clientWidth));
  }

  /** The panels in the grid: all but the one aside. */
  private get plots(): Tile[] {
    return [...this.tiles.values()].filter(({ element }) => this.element.contains(element));
  }

  /** Make the panels that the layout has, in its order, and remove those it has not. */
  async arrange({ panels, aside, foreign }: Layout): Promise<void> {
    const all = aside === null || this.aside === null ? panels : [...panels, aside];
    const wanted = new Set(all.map(({ id }) => id));
    for (const [id, tile] of this.tiles) {
      if (wanted.has(id)) continue;
      tile.remove();
      this.tiles.delete(id);
    }
    const opening: Promise<void>[] = [];
    for (const layout of all) {
      const tile = this.tiles.get(layout.id);
      if (tile !== undefined) {
        tile.update(layout, foreign);
        continue;
      }
      const fresh = this.make(layout, layout === aside);
      this.watch(fresh);
      opening.push(fresh.open(foreign));
    }
    this.order(panels.map(({ id }) => id));
    this.spread();
    await Promise.all(opening);
  }

  private make(layout: PanelLayout, isAside: boolean): Tile {
    const settle = (): void => this.settle();
    const host = { ...this.host, settle, ...(isAside ? { arranging: undefined } : {}) };
    const tile = new Tile(layout, host, isAside ? "section" : "figure");
    this.tiles.set(layout.id, tile);
    (isAside ? this.aside : this.element)?.append(tile.element);
    return tile;
  }

  /** What was typed in any panel is told the kernel now. */
  private settle(): void {
    for (const { panel } of this.tiles.values()) panel?.settle?.();
  }

  /** Put the panels in order; only those that must are moved, and a focus inside stays. */
  private order(ids: string[]): void {
    const focused = document.activeElement;
    ids.forEach((id, index) => {
      const element = this.tiles.get(id)?.element;
      if (element === undefined || this.element.children[index] === element) return;
      this.element.insertBefore(element, this.element.children[index] ?? null);
    });
    const lost = focused !== document.activeElement && this.element.contains(focused);
    if (lost && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }

  /** Give a frame to the panels. */
  take(frame: Frame, buffer: DataView): void {
    if (frame.clear) for (const tile of this.tiles.values()) tile.clear();
    for (const entry of frame.panels) {
      const tile = this.tiles.get(entry.id);
      // A frame that was on its way when a panel was removed or changed still holds it.
      if (tile === undefined || tile.layout.rev !== entry.rev) continue;
      const shapes = new Map(entry.arrays.map(({ name, shape }) => [name, shape]));
      tile.receive(decodeArrays(entry, buffer), { t0: entry.t0, t1: entry.t1, shapes });
    }
  }

  /** Show another branch beside the one that goes on, where a panel has something of it. */
  beside({ panels, branch }: Beside, buffer: DataView): void {
    const entries = new Map(panels.map((entry) => [entry.id, entry]));
    for (const [id, tile] of this.tiles) {
      const entry = entries.get(id);
      const known = entry !== undefined && entry.rev === tile.layout.rev;
      tile.beside(known ? decodeArrays(entry, buffer) : null, branch);
    }
    this.host.redraw();
  }

  /** Pictures of those that a saved notebook cannot draw, by panel. */
  stillPictures(address: (canvas: HTMLCanvasElement) => string): Record<string, string> {
    const found: [string, string][] = [];
    for (const [id, tile] of this.tiles) {
      const picture = tile.still ? tile.panel?.picture?.() : null;
      if (picture instanceof HTMLCanvasElement) found.push([id, address(picture)]);
    }
    return Object.fromEntries(found);
  }

  /** Draw the panels that are on the screen. */
  draw(from: number, to: number): void {
    for (const tile of this.tiles.values()) {
      if (this.inSight.has(tile.element)) tile.draw(from, to);
    }
  }
}
