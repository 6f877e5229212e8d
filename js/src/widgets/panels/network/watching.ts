/** Tells the kernel which objects are to be coloured: those on the screen, when it has rested. */

import type { LabStore } from "../../store";
import type { Activity } from "./activity";
import type { WatchedMessage } from "./payload";

/** Each takes a probe, and another set of them a compile: so not before a hand has rested. */
const RESTED_MS = 700;
/** `nengolab_widgets.colouring.MOST_WATCHED`. */
const MOST = 40;

export class Watching {
  private timer = 0;
  /** What the kernel knows; nothing at first. */
  private told: string | null = null;
  /** What was on the screen when a hand rested last. */
  private seen: number[] = [];
  /** What the kernel colours of these, and why not all; null before it has said so. */
  private answer: WatchedMessage | null = null;

  constructor(
    /** What is on the screen: with less than half of it, or not. */
    private readonly onScreen: (partly: boolean) => number[],
    /** Which network it is: in another things have other numbers. */
    private readonly version: () => number,
    private readonly tell: (objects: number[]) => void,
    /** There may be something else to say of what has no colour. */
    private readonly changed: () => void,
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
    const all = this.onScreen(true);
    this.seen = (all.length > MOST ? this.onScreen(false) : all).sort((a, b) => a - b);
    this.changed();
    // Of too many none has colour.
    const objects = this.seen.length > MOST ? [] : this.seen;
    const told = `${this.version()}: ${objects.join(" ")}`;
    if (told === this.told) return;
    this.told = told;
    this.answer = null;
    this.tell(objects);
  }

  hear(answer: WatchedMessage): void {
    this.answer = answer;
    this.changed();
  }

  /** Why some of what is on the screen has no colour; "" where all has that can have it. */
  why(activity: Activity): string {
    // Before it runs nothing has colour.
    if (this.store.get().status.time === 0) return "";
    if (this.seen.length > MOST) return `no colour for more than ${MOST} things: zoom in`;
    const { objects, why } = this.answer ?? { objects: this.seen, why: "" };
    const waiting = objects.filter((at) => !activity.has(at)).length;
    const follows = waiting === 0 ? "" : `${waiting} more get colour while it runs`;
    return [why, follows].filter((text) => text !== "").join("; ");
  }
}
