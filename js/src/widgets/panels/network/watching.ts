/** Tells the kernel which objects are to be coloured: those on the screen, when it has rested. */

import type { LabStore } from "../../store";

/** Each takes a probe, and another set of them a compile: so not before a hand has rested. */
const RESTED_MS = 700;
/** `nengolab_widgets.panels.network.MOST_WATCHED`. */
const MOST = 40;

export class Watching {
  private timer = 0;
  /** What the kernel knows; nothing at first. */
  private told: string | null = null;

  constructor(
    private readonly onScreen: () => number[],
    private readonly tell: (objects: number[]) => void,
    private readonly store: LabStore,
    signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    store.subscribe(
      (s) => s.status.state === "asleep",
      signal,
      () => {
        this.told = null;
        this.rest();
      },
    );
  }

  /** What is on the screen may be something else from now on. */
  rest(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.say(), RESTED_MS);
  }

  private say(): void {
    if (!this.store.get().sight.visible) return;
    const seen = this.onScreen();
    // Of too many none has colour.
    const objects = seen.length > MOST ? [] : seen.sort((a, b) => a - b);
    const told = objects.join(" ");
    if (told === this.told) return;
    this.told = told;
    this.tell(objects);
  }
}
