/** The one time axis of all plots: what they show, and how a person moves it. */

import type { LabStore, Playhead } from "./store";

/** The instants that are shown. */
export function shown(playhead: Playhead): { from: number; to: number } {
  if (playhead.held !== null) return playhead.held;
  const to = Math.max(playhead.now, playhead.window);
  return { from: to - playhead.window, to };
}

/** Shortest stretch that can be zoomed to, seconds. */
const SHORTEST = 0.002;

export class Timeline {
  constructor(private readonly store: LabStore) {}

  get view(): { from: number; to: number } {
    return shown(this.store.get().playhead);
  }

  /** New data has come up to `now`. */
  advance(now: number): void {
    if (now !== this.store.get().playhead.now) this.change({ now });
  }

  setWindow(window: number): void {
    if (window !== this.store.get().playhead.window) this.change({ window });
  }

  /** Time has started again. */
  restart(now: number): void {
    this.change({ now, held: null, hover: null });
  }

  /** Show these instants, in all plots, until told to follow again. */
  hold(from: number, to: number): void {
    const span = Math.max(to - from, SHORTEST);
    const start = Math.max(0, from);
    this.change({ held: { from: start, to: start + span } });
  }

  /** Show the newest window, and go on with it. */
  follow(): void {
    if (this.store.get().playhead.held !== null) this.change({ held: null });
  }

  /** Zoom by a factor below 1 (in) or above (out) around an instant. */
  zoom(factor: number, around: number): void {
    const { from, to } = this.view;
    const { now, window } = this.store.get().playhead;
    const span = Math.min((to - from) * factor, Math.max(now, window));
    const share = (around - from) / (to - from);
    const start = Math.min(around - share * span, Math.max(now, window) - span);
    this.hold(start, start + span);
  }

  /** Move by some seconds; moved to the newest instant, the plots follow again. */
  pan(seconds: number): void {
    const { from, to } = this.view;
    const { now, window } = this.store.get().playhead;
    const end = Math.max(now, window);
    const span = to - from;
    if (to + seconds >= end && Math.abs(span - window) < 1e-9) return this.follow();
    const start = Math.max(0, Math.min(from + seconds, end - span));
    this.hold(start, start + span);
  }

  hover(instant: number | null): void {
    if (instant !== this.store.get().playhead.hover) this.change({ hover: instant });
  }

  private change(patch: Partial<Playhead>): void {
    this.store.set({ playhead: { ...this.store.get().playhead, ...patch } });
  }
}
