/**
 * The network for keyboard and screen reader: a tree beside the canvas that nobody sees.
 *
 * Only open levels are mounted, for a browser takes seconds over thousands of items; a level of
 * more than a few hundred is cut off, and the search finds the rest.
 */

import { make } from "../../dom";
import { ROOT, type Graph } from "./graph";

const MOST_IN_LEVEL = 300;
const MOST_IN_ALL = 1500;

export interface TreeHost {
  /** What is said of an object beside its name. */
  describe: (at: number) => string;
  focus: (at: number | null) => void;
  select: (at: number) => void;
  /** Select it besides what is, or not any more. */
  selectMore: (at: number) => void;
  toggle: (at: number) => void;
  plot: (at: number) => void;
  nudge: (at: number, dx: number, dy: number) => void;
  /** What wires lead to from here, or come from. */
  along: (at: number, forward: boolean) => number[];
}

const NUDGES: Record<string, [number, number]> = {
  ArrowLeft: [-12, 0],
  ArrowRight: [12, 0],
  ArrowUp: [0, -12],
  ArrowDown: [0, 12],
};

export class Tree {
  readonly element = make("ul", "nl-network-tree", { role: "tree" });
  private items = new Map<number, HTMLElement>();
  private order: number[] = [];
  private at: number | null = null;
  private graph: Graph | null = null;
  private open: ReadonlySet<number> = new Set();

  constructor(
    private readonly host: TreeHost,
    signal: AbortSignal,
  ) {
    const options = { signal };
    this.element.addEventListener("keydown", (event) => this.key(event), options);
    this.element.addEventListener("focusin", (event) => this.focused(event), options);
    this.element.addEventListener("focusout", () => host.focus(null), options);
  }

  show(graph: Graph, open: ReadonlySet<number>, title: string): void {
    // In a network that is drawn anew the same thing has another number.
    if (this.graph !== null && this.graph !== graph && this.at !== null)
      this.at = graph.find(this.graph.name(this.at)) ?? this.at;
    this.graph = graph;
    this.open = open;
    this.element.setAttribute("aria-label", `objects of ${title}`);
    this.mount(graph, this.at);
  }

  /** Mount what is open, and in any case the way to one object. */
  private mount(graph: Graph, to: number | null): void {
    const had = this.has;
    this.items = new Map();
    this.order = [];
    const way = new Set(to === null || to >= graph.size ? [] : [to, ...graph.around(to)]);
    this.element.replaceChildren(...this.level(graph, way, ROOT));
    const kept = this.at !== null && this.items.has(this.at) ? this.at : (this.order[0] ?? null);
    this.move(kept, had);
  }

  /** Have the keyboard go on from here. */
  focus(at: number): void {
    if (!this.items.has(at) && this.graph !== null) this.mount(this.graph, at);
    if (this.items.has(at)) this.move(at, true);
  }

  /** Go on from here when the keyboard comes back, or at once where it is here. */
  remember(at: number): void {
    if (this.items.has(at)) this.move(at, this.has);
  }

  /** Whether the keyboard is here. */
  get has(): boolean {
    return this.element.contains(document.activeElement);
  }

  private level(graph: Graph, way: ReadonlySet<number>, of: number): HTMLElement[] {
    const { open } = this;
    const children = graph.children[of];
    const room = this.order.length < MOST_IN_ALL ? MOST_IN_LEVEL : 0;
    const mounted = children.filter((at, index) => index < room || way.has(at));
    const shown = mounted.map((at) => {
      const item = make("li", "", { role: "treeitem", tabindex: "-1", "data-at": String(at) });
      this.items.set(at, item);
      this.order.push(at);
      item.append(make("span", "", {}, graph.objects.label[at]));
      this.name(at);
      if (!graph.holds(at)) return item;
      item.setAttribute("aria-expanded", String(open.has(at)));
      if (open.has(at))
        item.append(make("ul", "", { role: "group" }, ...this.level(graph, way, at)));
      return item;
    });
    const left = children.length - shown.length;
    if (left > 0) shown.push(make("li", "", { role: "none" }, `${left} more: search to find them`));
    return shown;
  }

  private name(at: number): void {
    if (this.graph === null) return;
    const text = `${this.graph.objects.label[at]}, ${this.host.describe(at)}`;
    this.items.get(at)?.setAttribute("aria-label", text);
  }

  private move(at: number | null, focus: boolean): void {
    if (this.at !== null) this.items.get(this.at)?.setAttribute("tabindex", "-1");
    this.at = at;
    const item = at === null ? undefined : this.items.get(at);
    item?.setAttribute("tabindex", "0");
    if (focus) item?.focus({ preventScroll: true });
  }

  private focused(event: FocusEvent): void {
    const at = Number((event.target as HTMLElement).dataset.at);
    if (!this.items.has(at)) return;
    this.move(at, false);
    this.name(at);
    this.host.focus(at);
  }

  private key(event: KeyboardEvent): void {
    const { at, graph } = this;
    if (at === null || graph === null || event.ctrlKey || event.metaKey) return;
    if (!this.act(event, at, graph)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private act(event: KeyboardEvent, at: number, graph: Graph): boolean {
    const { key } = event;
    if (event.altKey) {
      const nudge = NUDGES[key];
      if (nudge === undefined) return false;
      this.host.nudge(at, ...nudge);
      return true;
    }
    if (event.shiftKey && (key === "ArrowRight" || key === "ArrowLeft"))
      return this.walk(this.host.along(at, key === "ArrowRight"));
    const index = this.order.indexOf(at);
    const item = this.items.get(at);
    const expanded = item?.getAttribute("aria-expanded");
    if (key === "ArrowDown") return this.walk([this.order[index + 1]]);
    if (key === "ArrowUp") return this.walk([this.order[index - 1]]);
    if (key === "Home") return this.walk([this.order[0]]);
    if (key === "End") return this.walk([this.order[this.order.length - 1]]);
    if (key === "ArrowRight") {
      if (expanded === "true") this.focus(graph.children[at][0]);
      if (expanded === "false") this.host.toggle(at);
      return true;
    }
    if (key === "ArrowLeft") {
      if (expanded === "true") this.host.toggle(at);
      else return this.walk([graph.objects.parent[at]]);
      return true;
    }
    if (key === "Enter" && event.shiftKey) this.host.selectMore(at);
    else if (key === "Enter") this.host.select(at);
    else if (key === "p") this.host.plot(at);
    else return false;
    return true;
  }

  /** To the first of these that is there; the key is used up in any case. */
  private walk(to: (number | undefined)[]): boolean {
    const next = to.find((at) => at !== undefined && this.items.has(at));
    if (next !== undefined) this.move(next, true);
    return true;
  }
}
