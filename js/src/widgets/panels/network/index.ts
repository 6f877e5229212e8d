/** The network itself: laid out, looked into, chosen from, coloured by what it does. */

import "./network.css";

import { make, setText } from "../../dom";
import { endOf } from "../../ended";
import { lineOpener } from "../../lines";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import type { Theme } from "../../theme";
import { Activity } from "./activity";
import { Arranger } from "./arranger";
import { Card } from "./card";
import { columnsOf } from "./columns";
import { Drivers } from "./drivers";
import { Editing } from "./editing";
import { Frame } from "./frame";
import { Graph, ROOT } from "./graph";
import { Legend } from "./legend";
import { marksOf } from "./marks";
import {
  isCardMessage,
  isGraphMessage,
  isPayload,
  isWatchedMessage,
  type Payload,
} from "./payload";
import { placeOf, requestOf, sceneOf, type Box } from "./scene";
import { Selection } from "./selection";
import { Several } from "./several";
import { signs } from "./signs";
import { Toolbar } from "./toolbar";
import { Tree } from "./tree";
import { View } from "./view";
import type { Selected } from "./viewhost";
import { see, type Visible } from "./visible";
import { Watching } from "./watching";

/** What the layout is made for until the view has a size. */
const LIKELY: [number, number] = [520, 420];
const CARD_EVERY_MS = 250;
/** Longer than what the kernel takes for on its way. */
const ASK_EVERY_MS = 5000;

class NetworkPanel implements Panel {
  readonly points = true;
  private context!: PanelContext;
  private payload!: Payload;
  private graph: Graph | null = null;
  private visible: Visible | null = null;
  private view!: View;
  private card!: Card;
  private tree!: Tree;
  private toolbar!: Toolbar;
  private arranger!: Arranger;
  private drivers!: Drivers;
  private watching!: Watching;
  private editing!: Editing;
  private several!: Several;
  private selection!: Selection;
  private readonly activity = new Activity();
  private readonly key = new Legend();
  private readonly waiting = make("p", "nl-network-waiting", {}, "laying out the network …");
  private readonly root = make("div", "nl-network", { tabindex: "-1" });
  private frame!: Frame;
  private opened = new Set<number>();
  /** What the scene was made of, and the newest that is being made. */
  private made = "";
  /** Whether the newest network stands where it is to. */
  private arranged = false;
  private turn = 0;
  private told = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    this.payload = read(context.layout);
    const { signal, store } = context;
    this.arranger = new Arranger(signal);
    this.view = new View(
      {
        graph: () => this.shown,
        activity: this.activity,
        select: (selected, wire) => this.selection.select(selected, wire),
        hover: (at) => this.hover(at),
        toggle: (at) => this.toggle(at),
        selectMore: (objects) => this.several.add(objects),
        place: (boxes) => this.place(boxes),
        moved: () => this.moved(),
        connects: (at) => this.editing.on && at !== ROOT,
        connect: (from, to) => this.editing.connect(from, to),
      },
      context.theme,
      signal,
    );
    this.watching = new Watching(
      (partly) => (this.payload.folded ? [] : this.view.onScreen(partly)),
      () => this.shown?.version ?? 0,
      (objects) => this.send({ type: "watch", objects }),
      () => this.explain(),
      store,
      signal,
    );
    this.tree = new Tree(
      {
        describe: (at) => this.describe(at),
        focus: (at) => this.focused(at),
        select: (at) => {
          if (!this.editing.chosen(at)) this.selection.select({ of: "object", at });
        },
        selectMore: (at) => this.several.add([at]),
        toggle: (at) => this.toggle(at),
        plot: (at) => this.plot({ of: "object", at }, "", ""),
        nudge: (at, dx, dy) => this.nudge(at, dx, dy),
        along: (at, forward) => this.along(at, forward),
      },
      signal,
    );
    this.card = new Card({
      plot: (selected, part, kind) => this.plot(selected, part, kind),
      go: (link) =>
        link.of === "connection" ? this.selection.go(link.at) : this.selection.select(link),
      close: () => this.selection.select(null),
      input: (title) => store.get().layout?.inputs?.find(({ label }) => label === title) ?? null,
      drive: context.drive,
      driveAll: context.driveAll,
      plots: context.plots,
      edits: (selected) => this.editing.of(selected),
    });
    this.editing = new Editing({
      graph: () => this.graph,
      shown: () => this.shown,
      drawing: () => this.selection.before !== null,
      chosen: () => this.selection.things,
      view: () => this.view,
      card: () => this.card,
      payload: () => this.payload,
      send: (content) => this.send(content),
      select: (selected) => this.selection.select(selected),
      keep: (kept) => this.selection.keep(kept),
      focus: (at) => this.tree.focus(at),
      choose: (names) => this.selection.come(names),
      goToLine: () => lineOpener(store),
      editor: context.editor,
      theme: () => this.view.theme,
    });
    this.selection = new Selection({
      graph: () => this.graph,
      drawn: () => this.arranged,
      view: () => this.view,
      card: () => this.card,
      tree: () => this.tree,
      editing: () => this.editing,
      several: () => this.several,
      takeKeys: () => this.editing.takeKeys(this.root),
      send: (content) => this.send(content),
    });
    this.several = new Several({
      graph: () => this.shown,
      chosen: () => this.selection.things,
      keep: (objects) => this.selection.keepAll(objects),
      view: () => this.view,
      card: () => this.card,
      editing: () => this.editing,
      select: (selected) => this.selection.select(selected),
      place: (boxes) => this.place(boxes),
    });
    this.drivers = new Drivers({
      inputs: () => store.get().layout?.inputs ?? [],
      drive: context.drive,
      driveAll: context.driveAll,
    });
    this.toolbar = new Toolbar({
      graph: () => this.shown,
      find: (at) => this.find(at),
      zoom: (factor) => this.view.zoom(factor),
      fit: () => this.view.fit(),
      tidy: () => context.change({ placed: {} }),
    });
    const place = make("div", "nl-network-place", {}, this.view.canvas, this.view.tip.element);
    place.append(this.drivers.element, this.waiting, this.key.element, this.tree.element);
    const { palette, said, hint, start } = this.editing;
    place.append(hint);
    this.frame = new Frame(place, (height) => context.change({ height }), signal);
    this.frame.show(this.payload.height);
    const { element: bar, help } = this.toolbar;
    bar.prepend(palette.button, start);
    const row = make("div", "nl-network-row", {}, palette.element, place);
    this.root.append(bar, help, said, row, this.card.element);
    body.append(this.root);
    this.editing.listen(this.root, place, signal);
    this.several.listen(this.root, signal);
    this.follow(place, signal);
    this.showStanding();
    if (store.get().status.state === "closed")
      setText(this.waiting, "Run the cell to see the network.");
    this.ask();
  }

  /** The network that is on the screen, until another is drawn. */
  private get shown(): Graph | null {
    return this.selection.before ?? this.graph;
  }

  /** Say something in which things go by their numbers in the network that is on the screen. */
  private send(content: Record<string, unknown>): void {
    // So that no edit is one of a text that is another by now.
    if (content.type === "edit") this.context.settle();
    this.context.send({ ...content, version: this.shown?.version ?? 0 });
  }

  private plot(selected: Selected, part: string, kind: string): void {
    this.editing.turns.take(selected, (now) => this.send({ type: "plot", ...now, part, kind }));
  }

  /** Ask what there is to show, and again while there is no answer. */
  private ask(): void {
    const { signal, store } = this.context;
    if (signal.aborted || this.graph !== null || store.get().status.state === "closed") return;
    this.context.send({ type: "describe" });
    window.setTimeout(() => this.ask(), ASK_EVERY_MS);
  }

  private follow(place: HTMLElement, signal: AbortSignal): void {
    const { store } = this.context;
    const size = new ResizeObserver(() => this.view.resize());
    size.observe(place);
    signal.addEventListener("abort", () => size.disconnect());
    store.subscribe(
      (s) => s.selection,
      signal,
      () => this.mark(),
    );
    store.subscribe(
      (s) => s.status.time > 0,
      signal,
      () => this.explain(),
    );
    store.subscribe(endOf, signal, (end) => {
      this.editing.end(end);
      this.card.end(end);
    });
    store.subscribe(
      (s) => s.sought,
      signal,
      (sought) => {
        if (sought !== undefined) this.seek(sought);
      },
    );
    store.subscribe(
      (s) => s.picked,
      signal,
      () => this.mark(),
    );
    store.subscribe(
      (s) => s.layout?.inputs,
      signal,
      () => {
        this.card.updateInput();
        this.placeDrivers();
      },
    );
  }

  // ---- what the kernel says -----------------------------------------------------------------------

  hear(content: Record<string, unknown>): void {
    if (this.editing.hear(content)) return;
    if (isWatchedMessage(content)) return this.watching.hear(content);
    if (isGraphMessage(content) && content.version === this.payload.version) {
      if (this.graph !== null && this.made !== "") return;
      this.graph = Graph.of(content);
      this.opened = this.openedOf(this.payload);
      void this.arrange(null);
    } else if (isCardMessage(content) && content.ask === this.selection.asked) {
      const selected = this.view.selected;
      if (selected === null) return;
      const active = selected.of === "object" ? this.activity.text(selected.at) : "";
      this.card.show(selected, content, active, this.editing.nameOf(selected));
    }
  }

  relayout(layout: PanelLayout): void {
    const before = this.payload;
    this.payload = read(layout);
    if (before.version !== this.payload.version) {
      this.selection.leave(this.graph);
      this.graph = null;
      this.arranged = false;
      this.made = "";
      this.showStanding();
      this.context.send({ type: "describe" });
      return;
    }
    this.showStanding();
    // Folded away, it needs no colour, and what is probed for that costs the run something.
    if (before.folded !== this.payload.folded) this.watching.rest();
    this.frame.show(this.payload.height);
    if (this.graph === null) return;
    this.opened = this.openedOf(this.payload);
    void this.arrange(null);
  }

  receive(arrays: Map<string, FrameArray>): void {
    if (!this.activity.take(arrays)) return;
    this.view.redraw();
    this.explain();
    const { selected } = this.view;
    const now = performance.now();
    if (selected?.of !== "object" || now - this.told < CARD_EVERY_MS) return;
    this.told = now;
    this.card.update(this.activity.text(selected.at));
  }

  clear(): void {
    this.activity.clear();
    this.explain();
    this.view?.redraw();
  }

  retheme(theme: Theme): void {
    this.view.retheme(theme);
    this.editing.retheme();
    this.toolbar.help.replaceChildren(...signs(theme));
  }

  picture(): HTMLCanvasElement | null {
    return this.view.scene === null ? null : this.view.canvas;
  }

  columns(): Record<string, number[]> {
    return columnsOf(this.view, this.activity);
  }

  // ---- what is open, and where -------------------------------------------------------------------

  private openedOf({ opened }: Payload): Set<number> {
    const found = opened.map((name) => this.graph?.find(name));
    return new Set(found.filter((at) => at !== undefined));
  }

  private async arrange(anchor: number | null): Promise<void> {
    const { graph, payload } = this;
    if (graph === null) return;
    const { placed, passthrough, version } = payload;
    const key = JSON.stringify([version, [...this.opened].sort(), placed, passthrough]);
    if (key === this.made) return;
    this.made = key;
    const turn = ++this.turn;
    const visible = see(graph, this.opened, passthrough);
    const { width, height } = this.view;
    const size: [number, number] = width > 0 && height > 0 ? [width, height] : LIKELY;
    const request = requestOf(graph, visible, placed, size);
    let arranged;
    try {
      arranged = await this.arranger.arrange(request);
    } catch (error) {
      setText(this.waiting, `The network cannot be laid out: ${String(error)}`);
      this.waiting.hidden = false;
      this.selection.giveUp();
      return;
    }
    if (turn !== this.turn || this.context.signal.aborted) return;
    this.visible = visible;
    this.waiting.hidden = true;
    this.selection.settle();
    this.view.show(sceneOf(graph, visible, request, arranged), anchor);
    this.tree.show(graph, new Set(visible.open), this.context.layout.title);
    this.mark();
    this.editing.update();
    this.arranged = true;
    this.selection.arrive();
  }

  /** What of the code is drawn: it may make another network by now. */
  private showStanding(): void {
    this.root.classList.toggle("nl-network-stale", this.payload.stale);
    this.editing.update();
  }

  private toggle(at: number): void {
    const graph = this.shown;
    if (graph === null || !graph.holds(at)) return;
    const opened = new Set(this.payload.opened);
    if (!opened.delete(graph.name(at))) opened.add(graph.name(at));
    this.payload = { ...this.payload, opened: [...opened] };
    if (graph === this.graph) {
      this.opened = this.openedOf(this.payload);
      void this.arrange(at);
    }
    this.context.change({ opened: [...opened] });
  }

  private place(boxes: Box[]): void {
    const graph = this.shown;
    const { scene } = this.view;
    if (graph === null || scene === null) return;
    this.view.fitted = false;
    const placed = boxes.map((box) => [graph.name(box.at), placeOf(scene, graph, box)]);
    this.context.change({ placed: { ...this.payload.placed, ...Object.fromEntries(placed) } });
  }

  private nudge(at: number, dx: number, dy: number): void {
    const box = this.view.scene?.byObject.get(at);
    if (box === undefined) return;
    this.view.shift(box, dx, dy);
    this.place([box]);
  }

  /** Go to something, and open what it is in. */
  private find(at: number): void {
    const { graph } = this;
    // What is drawn anew is found by its name.
    if (graph !== this.shown) return this.selection.select({ of: "object", at });
    if (graph === null) return;
    const closed = graph.around(at).filter((each) => !this.opened.has(each));
    const then = (): void => {
      this.view.reveal(this.visible?.standIn[at] ?? at);
      this.tree.focus(at);
      this.selection.select({ of: "object", at });
    };
    if (closed.length === 0) return then();
    this.opened = new Set([...this.opened, ...closed]);
    void this.arrange(null).then(then);
    this.context.change({ opened: [...this.opened].map((each) => graph.name(each)) });
  }

  /** Go to what another panel speaks of. */
  private seek({ of, at }: Selected): void {
    const { graph } = this;
    if (graph === null || graph !== this.shown) return;
    if (of === "object") return this.find(at);
    const end = graph.connections.post[at];
    if (end === undefined) return;
    this.view.reveal(this.visible?.standIn[end] ?? end);
    this.selection.go(at);
  }

  // ---- what is chosen and pointed at --------------------------------------------------------------

  private hover(at: number | null): void {
    const name = at === null ? null : (this.shown?.name(at) ?? null);
    if (this.context.store.get().selection !== name) this.context.store.set({ selection: name });
  }

  private mark(): void {
    const { view, visible } = this;
    const { selection, picked } = this.context.store.get();
    Object.assign(view, marksOf(this.shown, visible, selection, picked));
    view.redraw();
  }

  private focused(at: number | null): void {
    this.view.focused = at;
    if (at === null) return this.view.redraw();
    this.view.reveal(at);
  }

  private along(at: number, forward: boolean): number[] {
    const wires = this.view.scene?.wires ?? [];
    return wires.flatMap(({ from, to }) =>
      from !== to && (forward ? from : to) === at ? [forward ? to : from] : [],
    );
  }

  private describe(at: number): string {
    const graph = this.shown;
    if (graph === null) return "";
    const kind = graph.kind(at) === "network" ? "subnetwork" : graph.kind(at);
    const active = this.activity.text(at);
    return [kind, graph.objects.note[at], active].filter((text) => text !== "").join(", ");
  }

  private placeDrivers(): void {
    const { view, key } = this;
    this.drivers.place(view.scene, this.shown, view.camera, view, key.over);
  }

  private moved(): void {
    this.placeDrivers();
    this.toolbar.update(this.view.camera.scale, Object.keys(this.payload.placed).length > 0);
    this.watching.rest();
    this.explain();
  }

  private explain(): void {
    const { activity, folded } = this.payload;
    const why = activity && !folded ? this.watching.why(this.activity) : "";
    if (this.key.show(this.activity, why)) this.placeDrivers();
  }
}

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this view in an unknown way");
  return layout.data;
}

export default { name: "network", make: () => new NetworkPanel() } satisfies PanelKind;
