/** What is selected, and its card; kept by name while another network is drawn. */

import type { Card } from "./card";
import type { Editing } from "./editing";
import type { Graph } from "./graph";
import { keptOf, NOTHING, objectsIn, selectedIn, type Kept } from "./kept";
import type { DrawnWire } from "./scene";
import type { Several } from "./several";
import type { Tree } from "./tree";
import type { View } from "./view";
import type { Selected } from "./viewhost";

export interface SelectionHost {
  graph: () => Graph | null;
  /** Whether the newest network stands where it is to. */
  drawn: () => boolean;
  view: () => View;
  card: () => Card;
  tree: () => Tree;
  editing: () => Editing;
  several: () => Several;
  /** Have the keys, if nothing of the network has them. */
  takeKeys: () => void;
  send: (content: Record<string, unknown>) => void;
}

export class Selection {
  /** The network that is on the screen while another is drawn. */
  before: Graph | null = null;
  /** Which card was asked for. */
  asked = "";
  /** What is to be selected once the network is drawn anew. */
  private kept = NOTHING;
  /** What an edit brought, to be selected once it is drawn. */
  private coming: string[] = [];
  private restoring = false;

  constructor(private readonly host: SelectionHost) {}

  private get now(): Kept {
    const [graph, { selected, several }] = [this.host.graph(), this.host.view()];
    return graph === null ? NOTHING : keptOf(graph, selected, several);
  }

  /** What is selected is to be selected again once the network is drawn anew; or another thing, or none. */
  keep(name?: string | null): void {
    if (name === null) this.kept = NOTHING;
    else this.kept = name === undefined ? this.now : { ...NOTHING, objects: [name] };
  }

  /** Things are to be selected as soon as they are drawn. */
  come(names: string[]): void {
    this.coming = names;
    this.selectComing();
  }

  select(selected: Selected | null, wire: DrawnWire | null = null): void {
    if (!this.restoring) this.choose(selected);
    if (this.before !== null) return;
    const view = this.host.view();
    view.selected = selected;
    view.several = new Set();
    view.choose(wire);
    if (selected === null) {
      this.asked = "";
      return this.host.card().hide();
    }
    // What nobody has chosen now leaves the keyboard where it is.
    const tree = this.host.tree();
    const stays = this.restoring && tree.has;
    if (selected.of === "object" && !stays) tree.remember(selected.at);
    if (!this.restoring) this.host.takeKeys();
    this.asked = crypto.randomUUID();
    this.host.send({ type: "card", ask: this.asked, ...selected });
  }

  go(connection: number): void {
    const { scene } = this.host.view();
    const wire = scene?.wires.find(({ conns }) => conns.includes(connection)) ?? null;
    this.select({ of: "connection", at: connection }, wire);
  }

  /** A hand chooses it: what is drawn meanwhile does not take that back. */
  private choose(selected: Selected | null): void {
    const { before } = this;
    this.coming = [];
    this.host.editing().forget();
    this.host.card().release();
    this.kept = before === null ? NOTHING : keptOf(before, selected, []);
    if (before !== null) this.host.card().hide();
  }

  // ---- another network ------------------------------------------------------------------------------

  /** Another network is to be drawn: what is selected goes by name until it is there. */
  leave(graph: Graph | null): void {
    const view = this.host.view();
    if (this.kept === NOTHING) this.kept = { ...this.now, probe: null };
    this.before ??= graph;
    this.asked = "";
    view.giveUp();
    view.selected = null;
    view.several = new Set();
    view.choose(null);
    this.host.editing().forget();
    this.host.card().hold();
  }

  /** It is drawn: what was selected is selected again, where it is there. */
  arrive(): void {
    const [graph, { kept }] = [this.host.graph(), this];
    this.kept = NOTHING;
    this.before = null;
    if (!this.selectComing() && graph !== null) this.again(graph, kept);
    this.host.editing().turns.next();
  }

  /** It cannot be drawn. */
  giveUp(): void {
    this.before = null;
    this.host.card().drop();
  }

  private again(graph: Graph, kept: Kept): void {
    const { selected, several } = this.host.view();
    if (selected !== null || several.size > 0) return;
    const one = kept.objects.length > 1 ? null : selectedIn(graph, kept);
    const found = objectsIn(graph, kept);
    this.unasked(() => {
      if (one?.of === "connection") this.go(one.at);
      else if (one?.of === "probe") this.select(one);
      else if (found.length > 0) this.host.several().choose(found);
      else this.host.card().drop();
    });
  }

  /** Select what has come, if it is drawn. */
  private selectComing(): boolean {
    const [graph, { coming }] = [this.host.graph(), this];
    if (coming.length === 0 || graph === null || !this.host.drawn()) return false;
    const found = objectsIn(graph, { ...NOTHING, objects: coming });
    if (found.length < coming.length) return false;
    this.coming = [];
    this.host.card().release();
    this.unasked(() => this.host.several().choose(found));
    return true;
  }

  /** Nobody does it by hand: the keys stay where a person is typing. */
  private unasked(act: () => void): void {
    this.restoring = true;
    act();
    this.restoring = false;
  }
}
