/** What is asked of things, in its turn: after the edit that is on its way, and once it is drawn. */

import type { Graph } from "./graph";
import { keptOf, selectedIn, type Kept } from "./kept";
import type { Selected } from "./viewhost";

/** Told what they are now: in a network that is drawn anew things have other numbers. */
type Act = (now: Selected[]) => void;

export interface Turn {
  /** What the things were called in. */
  graph: Graph | null;
  things: readonly Selected[];
  kept: Kept[];
  act: Act;
  /** The network in which it was done, or is to be done once more. */
  done: Graph | null;
}

export interface TurnsHost {
  /** The network by whose numbers things are called. */
  graph: () => Graph | null;
  /** Whether an edit is on its way, or the network is not drawn anew yet. */
  busy: () => boolean;
  /** It was to be done with something that is not there any more. */
  gone: () => void;
}

export class Turns {
  private waiting: Turn[] = [];
  /** The one that is being done. */
  now: Turn | null = null;

  constructor(private readonly host: TurnsHost) {}

  take(selected: Selected, act: (now: Selected) => void): void {
    this.takeAll([selected], ([now]) => act(now));
  }

  /** Do something with all of these, or with nothing. */
  takeAll(things: readonly Selected[], act: Act): void {
    const graph = this.host.graph();
    if (graph === null && things.length > 0) return this.host.gone();
    const kept = graph === null ? [] : things.map((one) => keptOf(graph, one, []));
    this.waiting.push({ graph, things, kept, act, done: null });
    this.next();
  }

  /** A thing has another name from now on. */
  renamed(before: string, after: string): void {
    const called = (name: string): string => (name === before ? after : name);
    const renamed = ({ objects, connection, probe }: Kept): Kept => ({
      objects: objects.map(called),
      connection: connection && [called(connection[0]), called(connection[1]), connection[2]],
      probe: probe && called(probe),
    });
    this.waiting = this.waiting.map((one) => ({ ...one, kept: one.kept.map(renamed) }));
  }

  /** Do what can be done by now. */
  next(): void {
    while (this.waiting.length > 0 && !this.host.busy()) {
      const [turn] = this.waiting.splice(0, 1);
      const { graph, things, kept, act } = turn;
      const there = (turn.done = this.host.graph());
      const now =
        there === graph
          ? [...things]
          : kept.flatMap((one) => (there && selectedIn(there, one)) ?? []);
      if (now.length < things.length) this.host.gone();
      else {
        this.now = turn;
        act(now);
        this.now = null;
      }
    }
  }

  /** It came too late, and is done once more when the other network is drawn; false where none is. */
  again(turn: Turn | null): boolean {
    if (turn === null || (turn.done === this.host.graph() && !this.host.busy())) return false;
    this.waiting.unshift(turn);
    return true;
  }

  /** Nothing of what waits can be done any more. */
  drop(): void {
    this.waiting = [];
  }
}
