/** Several things that are selected, with Shift: put in order, and edited as one. */

import { iconButton, isTyped, make } from "../../dom";
import { CLOSE, type Card } from "./card";
import type { Editing } from "./editing";
import { ROOT, type Graph } from "./graph";
import type { Box } from "./scene";
import { ordered, outermost, type Order } from "./shift";
import type { View } from "./view";
import type { Selected } from "./viewhost";

const MOST_NAMES = 12;
const ORDERS: [Order, string, string][] = [
  ["row", "in a row", "at one height"],
  ["column", "in a column", "one below the other"],
  ["across", "spread ↔", "at equal distances, from left to right"],
  ["down", "spread ↕", "at equal distances, from top to bottom"],
];

export interface SeveralHost {
  /** The network that is on the screen. */
  graph: () => Graph | null;
  /** What is selected. */
  chosen: () => Selected[];
  /** Things are chosen while another network is drawn; false where none is. */
  keep: (objects: number[]) => boolean;
  view: () => View;
  card: () => Card;
  editing: () => Editing;
  /** Select one thing, or nothing. */
  select: (selected: Selected | null) => void;
  place: (boxes: Box[]) => void;
}

export class Several {
  constructor(private readonly host: SeveralHost) {}

  get all(): ReadonlySet<number> {
    return this.host.view().several;
  }

  listen(root: HTMLElement, signal: AbortSignal): void {
    const key = (event: KeyboardEvent): void => {
      if (isTyped(event)) return;
      if (event.key === "Escape" && this.all.size > 0) this.host.select(null);
      else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.everything();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    root.addEventListener("keydown", key, { signal });
  }

  /** Take on things that are chosen besides; a single one that is there already goes. */
  add(objects: number[]): void {
    const chosen = this.host.chosen().filter(({ of, at }) => of === "object" && at !== ROOT);
    const all = new Set(chosen.map(({ at }) => at));
    const [only] = objects;
    if (objects.length === 1 && all.has(only)) all.delete(only);
    else for (const at of objects) all.add(at);
    this.choose([...all]);
  }

  choose(objects: number[]): void {
    const wanted = objects.filter((at) => at !== ROOT);
    if (wanted.length < 2)
      return this.host.select(wanted.length === 0 ? null : { of: "object", at: wanted[0] });
    this.host.select(null);
    const view = this.host.view();
    view.several = new Set(wanted);
    view.redraw();
    if (!this.host.keep(wanted)) this.show();
  }

  /** All that is seen, without what is inside of other things. */
  everything(): void {
    const graph = this.host.graph();
    const boxes = this.host.view().scene?.boxes ?? [];
    if (graph !== null) this.choose(outermost(graph, new Set(boxes.map(({ at }) => at))));
  }

  private order(order: Order): void {
    const graph = this.host.graph();
    const view = this.host.view();
    if (graph === null) return;
    const boxes = outermost(graph, this.all).flatMap((at) => view.scene?.byObject.get(at) ?? []);
    ordered(boxes, order).forEach(([dx, dy], i) => view.shift(boxes[i], dx, dy));
    this.host.place(boxes);
  }

  private show(): void {
    const graph = this.host.graph();
    const names = [...this.all].map((at) => graph?.name(at) ?? "");
    const close = iconButton(CLOSE, "close the card", "Esc");
    close.classList.add("nl-quiet");
    close.addEventListener("click", () => this.host.select(null));
    const title = `${names.length} things are selected`;
    const rest = names.length - MOST_NAMES;
    const items = names.slice(0, MOST_NAMES).map((name) => make("li", "", {}, name));
    if (rest > 0) items.push(make("li", "", {}, make("span", "", {}, `and ${rest} more`)));
    const card = this.host.card();
    card.showOther(
      title,
      make("header", "", {}, make("h4", "", { role: "status" }, title), close),
      make("ul", "", {}, ...items),
      this.tools(
        "place",
        ORDERS.map(([order, text, hint]) => button(text, hint, () => this.order(order))),
      ),
      ...(this.host.editing().on ? this.edits() : []),
    );
  }

  private edits(): HTMLElement[] {
    const editing = this.host.editing();
    const objects = [...this.all];
    return [
      this.tools("edit", [
        button("group", "put a subnetwork around them (Ctrl+G)", () => editing.group(objects)),
        button("copy", "to be put into this or another drawing (Ctrl+C)", () =>
          editing.copy(objects),
        ),
        button("duplicate", "the same once more beside them (Ctrl+D)", () =>
          editing.duplicate(objects),
        ),
        button("delete", "and what depends on them, which is listed first (Delete)", () =>
          editing.remove(objects),
        ),
      ]),
      ...this.ways(objects),
    ];
  }

  /** Subnetworks that they can be moved into, and out to. */
  private ways(objects: number[]): HTMLElement[] {
    const graph = this.host.graph();
    if (graph === null) return [];
    const within = new Set(objects);
    const networks = [ROOT, ...(this.host.view().scene?.boxes ?? []).map(({ at }) => at)].filter(
      (at) =>
        (at === ROOT || graph.kind(at) === "network") &&
        !within.has(at) &&
        !graph.around(at).some((each) => within.has(each)) &&
        objects.some((each) => graph.objects.parent[each] !== at),
    );
    if (networks.length === 0) return [];
    const choice = make("select", "nl-field", { "aria-label": "move into" });
    choice.append(make("option", "", { value: "" }, "move into …"));
    for (const at of networks) {
      const name = at === ROOT ? "the outermost network" : graph.name(at);
      choice.append(make("option", "", { value: String(at) }, name));
    }
    choice.addEventListener("change", () => {
      if (choice.value !== "") this.host.editing().moveInto(objects, Number(choice.value));
      choice.value = "";
    });
    return [choice];
  }

  private tools(name: string, buttons: HTMLElement[]): HTMLElement {
    return make("div", "nl-network-offers", {}, make("span", "", {}, name), ...buttons);
  }
}

function button(text: string, hint: string, act: () => void): HTMLElement {
  const element = make("button", "nl-button", { type: "button", title: hint }, text);
  element.addEventListener("click", act);
  return element;
}
