/** What is deleted: asked about first, with all that goes with it. */

import type { Card } from "./card";
import { confirmDelete } from "./cardedit";
import type { Graph } from "./graph";
import type { DependingMessage } from "./payload";
import type { Offer } from "./saying";
import type { Turns } from "./turns";
import type { Selected } from "./viewhost";

export interface DeletingHost {
  graph: () => Graph | null;
  card: () => Card;
  turns: Turns;
  send: (content: Record<string, unknown>) => void;
  select: (selected: Selected | null) => void;
  /** Say why it cannot be, and what would work; or with "" nothing. */
  say: (problem: string, offer: Offer | null) => void;
  remove: (objects: Selected[]) => void;
}

export class Deleting {
  private asked = "";
  private objects: Selected[] = [];

  constructor(private readonly host: DeletingHost) {}

  /** Ask what goes with these. */
  ask(objects: Selected[]): void {
    const { turns, send } = this.host;
    turns.takeAll(objects, (now) => {
      this.objects = now;
      this.asked = crypto.randomUUID();
      send({ type: "depending", ask: this.asked, objects: now });
    });
  }

  /** Another network is to be drawn: it is asked anew. */
  leave(): void {
    this.asked = "";
  }

  confirm({ ask, names, problem, changed, instead }: DependingMessage): void {
    if (ask !== this.asked) return;
    this.asked = "";
    const { host, objects } = this;
    const all = { text: `delete all ${instead.length} …`, act: () => this.ask(instead) };
    host.say(problem, instead.length > 0 ? all : null);
    if (problem !== "") return;
    const graph = host.graph();
    const meant = objects.map(({ of, at }) => (of === "object" ? graph?.name(at) : ""));
    const first = names.filter((each) => meant.includes(each));
    const owned = first.length === 0 ? names.slice(0, 1) : first;
    const question = confirmDelete(
      owned,
      names.filter((each) => !owned.includes(each)),
      changed,
      () => host.select(objects.length === 1 ? objects[0] : null),
      () =>
        host.turns.takeAll(objects, (now) => {
          host.select(null);
          host.remove(now);
        }),
    );
    host.card().ask(question);
  }
}
