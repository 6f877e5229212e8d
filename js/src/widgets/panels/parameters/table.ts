/** The list of arrays, from which one is chosen: name, shape, whether it trains. */

import { make, setText } from "../../dom";
import type { Row } from "./payload";
import { short } from "./told";

export class Table {
  readonly element = make("div", "nl-parameters-list");
  private readonly find = make("input", "nl-field", {
    type: "search",
    placeholder: "find …",
    "aria-label": "find an array",
  });
  private readonly list = make("ul", "", { role: "listbox", "aria-label": "arrays" });
  private readonly items = new Map<string, HTMLElement>();
  private shown = "";

  constructor(private readonly choose: (name: string) => void) {
    this.element.append(this.find, this.list);
    this.find.addEventListener("input", () => this.sift());
    this.list.addEventListener("keydown", (event) => this.step(event));
  }

  fill(rows: Row[]): void {
    this.items.clear();
    // Single numbers, of which there are many, come after what can be looked at.
    const few = (row: Row): number => Number(row.value !== null);
    const inOrder = [...rows].sort((a, b) => few(a) - few(b));
    for (const row of inOrder) this.items.set(row.name, this.item(row));
    this.list.replaceChildren(...this.items.values());
    this.find.hidden = rows.length < 8;
    this.sift();
    this.mark(this.shown);
  }

  /** Say which one is shown. */
  mark(name: string): void {
    this.shown = name;
    for (const [other, item] of this.items) {
      const chosen = other === name;
      item.setAttribute("aria-selected", String(chosen));
      item.tabIndex = chosen ? 0 : -1;
      if (chosen) item.scrollIntoView?.({ block: "nearest" });
    }
  }

  private item(row: Row): HTMLElement {
    const shape = row.value !== null ? short(row.value) : row.shape.join(" × ");
    const state = row.learned ? "learns" : row.trainable ? "trains" : "";
    const item = make(
      "li",
      "",
      { role: "option", title: `${row.name}: ${row.why_shape}` },
      make("span", "nl-parameters-name", {}, row.name),
      make("span", "nl-parameters-shape", {}, shape),
      make("span", "nl-parameters-state", {}, state),
    );
    item.addEventListener("click", () => this.choose(row.name));
    return item;
  }

  private sift(): void {
    const wanted = this.find.value.trim().toLowerCase();
    for (const [name, item] of this.items) item.hidden = !name.toLowerCase().includes(wanted);
  }

  private step(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const names = [...this.items].filter(([, item]) => !item.hidden).map(([name]) => name);
    const next = names[names.indexOf(this.shown) + by];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(next);
    this.items.get(next)?.focus();
  }
}

/** What an array is, in words: one paragraph. */
export class Words {
  readonly element = make("p", "nl-parameters-words");

  say(row: Row | undefined): void {
    if (row === undefined) return setText(this.element, "");
    const unit = row.unit === "" ? "" : ` (${row.unit})`;
    const parts = [
      row.why_shape,
      row.equation === "" ? "" : `${row.equation}${unit}`,
      row.trainable ? "trained" : `not trained: ${row.why}`,
      row.learned ? "a learning rule changes it while the network runs" : "",
    ];
    this.element.replaceChildren(
      make("b", "", {}, row.name),
      ...parts.filter((part) => part !== "").map((part) => make("span", "", {}, part)),
    );
  }
}
