/** The panels that are open, in their grid: all on one timeline, in the same frames. */

import { decodeArrays } from "./frames";
import type { Frame, Layout } from "./messages";
import { Tile, type TileHost } from "./tile";

export class Stage {
  readonly element;
  readonly tiles = new Map<string, Tile>();
  private inSight = new WeakSet<Element>();

  constructor(
    grid: HTMLElement,
    private readonly host: TileHost,
    signal: AbortSignal,
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
    this.watch = (tile) => seen.observe(tile.element);
    signal.addEventListener("abort", () => {
      seen.disconnect();
      for (const tile of this.tiles.values()) tile.remove();
      this.tiles.clear();
    });
  }

  private readonly watch: (tile: Tile) => void;

  /** CSS pixels of the widest panel, 0 while there is none on the page. */
  get widest(): number {
    return Math.max(0, ...[...this.tiles.values()].map((tile) => tile.body.clientWidth));
  }

  /** Make the panels that the layout has, in its order, and remove those it has not. */
  async arrange({ panels, foreign }: Layout): Promise<void> {
    const wanted = new Set(panels.map(({ id }) => id));
    for (const [id, tile] of this.tiles) {
      if (wanted.has(id)) continue;
      tile.remove();
      this.tiles.delete(id);
    }
    const opening: Promise<void>[] = [];
    for (const layout of panels) {
      const tile = this.tiles.get(layout.id);
      if (tile !== undefined) {
        tile.update(layout, foreign);
        continue;
      }
      const fresh = new Tile(layout, this.host);
      this.tiles.set(layout.id, fresh);
      this.element.append(fresh.element);
      this.watch(fresh);
      opening.push(fresh.open(foreign));
    }
    await Promise.all(opening);
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

  /** Draw the panels that are on the screen. */
  draw(from: number, to: number): void {
    for (const tile of this.tiles.values()) {
      if (this.inSight.has(tile.element)) tile.draw(from, to);
    }
  }
}
