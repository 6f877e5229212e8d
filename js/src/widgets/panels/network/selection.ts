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

  /** What is selected, as it is called on the screen, also while another network is drawn. */
  get things(): Selected[] {
    const graph = this.before ?? this.host.graph();
    const kept = this.before === null ? this.now : this.kept;
    if (graph === null) return [];
    const one = kept.objects.length > 1 ? null : selectedIn(graph, kept);
    if (one !== null) return [one];
    return objectsIn(graph, kept).map((at) => ({ of: "object", at }));
  }

  private get now(): Kept {
    const [graph, { selected, several }] = [this.host.graph(), this.host.view()];
    return graph === null ? NOTHING : keptOf(graph, selected, several);
  }

  /** What is selected is to be selected again once the network is drawn anew; or another thing, or none. */
  keep(kept?: Partial<Kept> | null): void {
    if (kept === null) this.kept = NOTHING;
    else this.kept = kept === undefined ? this.now : { ...NOTHING, ...kept };
  }

  /** Things are chosen together: by name, where another network is drawn; false where none is. */
  keepAll(objects: readonly number[]): boolean {
    const { before } = this;
    if (before === null) return false;
    this.kept = keptOf(before, null, objects);
    return true;
  }

  /** Things are to be selected as soon as they are drawn. */
  come(names: string[]): void {
    this.coming = names;
    this.selectComing();
  }

  select(selected: Selected | null, wire: DrawnWire | null = null): void {
    if (!this.restoring) this.choose(selected);
    const view = this.host.view();
    view.selected = selected;
    view.several = new Set();
    view.choose(wire);
    if (this.before !== null) return;
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
    this.host.card().expect(...this.called(selected));
    this.host.send({ type: "card", ask: this.asked, ...selected });
  }

  /** What tells a thing apart, what it is called, and what it is. */
  private called(selected: Selected): [string, string, string] {
    const graph = this.host.graph();
    const key = this.host.editing().nameOf(selected);
    if (graph === null) return [key, "", ""];
    const { of, at } = selected;
    if (of === "object") return [key, graph.name(at), graph.objects.note[at]];
    if (of === "probe") return [key, graph.probes[at] ?? "", of];
    const { pre, post } = graph.connections;
    return [key, `${graph.name(pre[at])} -> ${graph.name(post[at])}`, of];
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
    if (this.kept === NOTHING) this.kept = this.now;
    this.before ??= graph;
    this.asked = "";
    view.giveUp();
    view.selected = null;
    view.several = new Set();
    view.choose(null);
    this.host.editing().leave();
    this.host.card().hold();
  }

  /** It is about to be on the screen: things are called by its numbers from now on. */
  settle(): void {
    if (this.before === null) return;
    this.before = null;
    const view = this.host.view();
    view.giveUp();
    view.selected = null;
    view.several = new Set();
    view.choose(null);
  }

  /** It is drawn: what was selected is selected again, where it is there. */
  arrive(): void {
    const [graph, { kept }] = [this.host.graph(), this];
    this.kept = NOTHING;
    if (!this.selectComing() && graph !== null) this.again(graph, kept);
    this.host.editing().turns.next();
  }

  /** It cannot be drawn. */
  giveUp(): void {
    this.settle();
    this.host.card().drop();
    this.host.editing().turns.next();
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
