/** One store for what the parts of a Lab share; they read it, and nobody is pushed to by hand. */

import type { Layout, Ping, SessionState } from "./messages";
import type { Life } from "./liveness";
import type { Picks } from "./picking";
import type { Theme } from "./theme";
import type { Sight } from "./visibility";

export interface Status extends Pick<
  Ping,
  "time" | "n_steps" | "rtf" | "speed" | "returning" | "note" | "error"
> {
  state: SessionState;
}

/** Which instants the plots show. */
export interface Playhead {
  /** The newest instant there is data of. */
  now: number;
  /** Seconds shown while following. */
  window: number;
  /** What is shown instead of the newest window; null while the plots follow. */
  held: { from: number; to: number } | null;
  /** The instant that the pointer is at. */
  hover: number | null;
}

export interface LabState {
  status: Status;
  life: Life;
  layout: Layout | null;
  theme: Theme;
  sight: Sight;
  /** Title of the object that is pointed at, on any part of the Lab. */
  selection: string | null;
  /** What a panel wants the network view to go to; a new one each time. */
  sought?: { of: "object" | "connection"; at: number };
  /** What line of the code a panel wants to be gone to; a new one each time. */
  line?: { at: number };
  /** Neurons that are picked, in all panels. */
  picked: Picks;
  playhead: Playhead;
}

type Listener = () => void;

export class Store<S extends object> {
  private readonly listeners = new Set<Listener>();

  constructor(private state: S) {}

  get(): Readonly<S> {
    return this.state;
  }

  set(patch: Partial<S>): void {
    this.state = { ...this.state, ...patch };
    for (const listener of [...this.listeners]) listener();
  }

  /** Call `handler` now, and whenever what `selector` gives is another value, until aborted. */
  subscribe<T>(
    selector: (state: Readonly<S>) => T,
    signal: AbortSignal,
    handler: (value: T) => void,
  ): void {
    if (signal.aborted) return;
    let last = selector(this.state);
    const listener = (): void => {
      const value = selector(this.state);
      if (Object.is(value, last)) return;
      last = value;
      handler(value);
    };
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
    handler(last);
  }
}

export type LabStore = Store<LabState>;
