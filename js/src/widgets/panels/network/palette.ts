/** What can be added to the network: searched, clicked or entered, or dragged to its place. */

import { make } from "../../dom";
import type { PaletteEntry } from "./payload";

export const DRAGGED = "application/x-nengolab-entry";

export interface PaletteHost {
  /** Ask what there is. */
  ask: () => void;
  add: (entry: PaletteEntry) => void;
}

/** Those that a person looks for: all words are in the title, the group or the text. */
export function sought(entries: readonly PaletteEntry[], words: string): PaletteEntry[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ title }: PaletteEntry): number =>
    wanted.every((word) => title.toLowerCase().includes(word)) ? 0 : 1;
  return entries
    .filter(({ title, group, hint }) => {
      const text = `${title} ${group} ${hint}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .sort((a, b) => (wanted.length === 0 ? 0 : rank(a) - rank(b)));
}

const ADD = "add something to the network";
const ASKING = "Asking the kernel what there is …";

export class Palette {
  readonly element = make("aside", "nl-palette", { hidden: "", "aria-label": "what can be added" });
  readonly button = make(
    "button",
    "nl-button nl-network-tool nl-palette-button",
    { type: "button", "aria-expanded": "false", title: ADD, hidden: "" },
    "+ add",
  );
  private entries: PaletteEntry[] = [];
  /** Enter was pressed before the kernel had said what there is. */
  private entered = false;
  private readonly field = make("input", "nl-field", {
    type: "search",
    placeholder: "search …",
    "aria-label": "search what can be added",
  });
  private readonly list = make("div", "nl-palette-list");

  constructor(private readonly host: PaletteHost) {
    this.element.append(this.field, this.list);
    this.button.addEventListener("click", () => this.toggle(this.element.hidden));
    this.field.addEventListener("input", () => this.fill());
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  toggle(open: boolean): void {
    this.element.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    if (this.entries.length === 0) {
      this.list.replaceChildren(make("p", "nl-empty", { role: "status" }, ASKING));
      this.host.ask();
    }
    this.field.focus({ preventScroll: true });
  }

  /** Nothing can be added any more, and why; or with "" it can. */
  end(why: string): void {
    this.button.disabled = why !== "";
    this.button.title = why || ADD;
    if (why !== "") this.toggle(false);
  }

  show(entries: PaletteEntry[]): void {
    this.entries = entries;
    this.fill();
    if (this.entered && entries.length > 0) this.first?.click();
    this.entered = false;
  }

  private get first(): HTMLElement | null {
    return this.list.querySelector("details[open] .nl-palette-item");
  }

  find(key: string): PaletteEntry | undefined {
    return this.entries.find((entry) => entry.key === key);
  }

  private fill(): void {
    const found = sought(this.entries, this.field.value);
    const groups = new Map<string, HTMLElement[]>();
    for (const entry of found) {
      const items = groups.get(entry.group) ?? [];
      items.push(this.item(entry));
      groups.set(entry.group, items);
    }
    const parts = [...groups].flatMap(([group, items], index) => {
      const open = index < 2 || this.field.value.trim() !== "";
      const part = make("details", "", open ? { open: "" } : {}, make("summary", "", {}, group));
      part.append(...items);
      return [part];
    });
    const none = make("p", "nl-empty", {}, "Nothing is called so.");
    if (this.entries.length > 0) this.list.replaceChildren(...(parts.length > 0 ? parts : [none]));
  }

  private item(entry: PaletteEntry): HTMLElement {
    const item = make(
      "button",
      "nl-palette-item",
      { type: "button", draggable: "true", title: entry.hint, "data-entry": entry.key },
      make("span", "", {}, entry.title),
    );
    item.addEventListener("click", () => this.host.add(entry));
    item.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData(DRAGGED, entry.key);
      if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
    });
    return item;
  }

  private key(event: KeyboardEvent): void {
    const items = [...this.list.querySelectorAll<HTMLElement>("details[open] .nl-palette-item")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const inField = document.activeElement === this.field;
    if (event.key === "Escape") {
      this.toggle(false);
      this.button.focus();
    } else if (event.key === "ArrowDown") items[Math.min(at + 1, items.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? items[at - 1] : this.field).focus();
    else if (event.key === "Enter" && inField) {
      this.entered = this.entries.length === 0;
      this.first?.click();
    } else {
      // Letters and spaces are no keys of the Lab here.
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
