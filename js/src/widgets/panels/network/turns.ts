/** What is asked of one thing, in its turn: after the edit that is on its way, and once it is drawn. */

import type { Graph } from "./graph";
import { keptOf, selectedIn, type Kept } from "./kept";
import type { Selected } from "./viewhost";

/** Told what it is now: in a network that is drawn anew things have other numbers. */
type Act = (now: Selected) => void;

export interface TurnsHost {
  /** The network by whose numbers things are called. */
  graph: () => Graph | null;
  /** Whether an edit is on its way, or the network is not drawn anew yet. */
  busy: () => boolean;
  /** It was to be done with something that is not there any more. */
  gone: () => void;
}

export class Turns {
  private waiting: { graph: Graph | null; selected: Selected; kept: Kept; act: Act }[] = [];

  constructor(private readonly host: TurnsHost) {}

  take(selected: Selected, act: Act): void {
    const graph = this.host.graph();
    const kept = graph === null ? null : keptOf(graph, selected, []);
    if (kept !== null) this.waiting.push({ graph, selected, kept, act });
    this.next();
  }

  /** A thing has another name from now on. */
  renamed(before: string, after: string): void {
    const called = (name: string): string => (name === before ? after : name);
    this.waiting = this.waiting.map((one) => {
      const { objects, connection } = one.kept;
      const ends: Kept["connection"] = connection && [
        called(connection[0]),
        called(connection[1]),
        connection[2],
      ];
      return { ...one, kept: { ...one.kept, objects: objects.map(called), connection: ends } };
    });
  }

  /** Do what can be done by now. */
  next(): void {
    while (this.waiting.length > 0 && !this.host.busy()) {
      const { graph, selected, kept, act } = this.waiting.splice(0, 1)[0];
      const there = this.host.graph();
      const now = there === graph ? selected : there && selectedIn(there, kept);
      if (now === null) this.host.gone();
      else act(now);
    }
  }
}
