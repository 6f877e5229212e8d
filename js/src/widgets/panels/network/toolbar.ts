/** Above the canvas: search, zoom, all of it, and what the signs mean. */

import { make, setText } from "../../dom";
import type { Graph } from "./graph";

const MOST_FOUND = 12;

export interface ToolbarHost {
  graph: () => Graph | null;
  /** Go to an object that was searched for. */
  find: (at: number) => void;
  zoom: (factor: number) => void;
  fit: () => void;
  tidy: () => void;
}

function button(text: string, name: string, act: () => void): HTMLButtonElement {
  const attributes = { type: "button", "aria-label": name, title: name };
  const element = make("button", "nl-button nl-network-tool", attributes, text);
  element.addEventListener("click", act);
  return element;
}

export class Toolbar {
  readonly element: HTMLElement;
  readonly help = make("div", "nl-network-help", { hidden: "" });
  private readonly field = make("input", "nl-field", {
    type: "search",
    placeholder: "find …",
    "aria-label": "find in the network",
    role: "combobox",
    "aria-expanded": "false",
  });
  private readonly found = make("ul", "nl-network-found", { role: "listbox", hidden: "" });
  private readonly scale = make("span", "nl-network-scale", {}, "100 %");
  private readonly tidyButton: HTMLButtonElement;

  constructor(private readonly host: ToolbarHost) {
    const search = make("div", "nl-network-search", {}, this.field, this.found);
    this.tidyButton = button("tidy", "lay out again what was moved by hand", host.tidy);
    const signs = button("?", "what the signs mean", () => {
      this.help.hidden = !this.help.hidden;
      signs.setAttribute("aria-expanded", String(!this.help.hidden));
    });
    signs.setAttribute("aria-expanded", "false");
    this.element = make(
      "div",
      "nl-network-bar",
      {},
      search,
      this.tidyButton,
      button("−", "zoom out", () => host.zoom(1 / 1.25)),
      this.scale,
      button("+", "zoom in", () => host.zoom(1.25)),
      button("⤢", "show all of it", () => host.fit()),
      signs,
    );
    this.field.addEventListener("input", () => this.fill());
    this.field.addEventListener("keydown", (event) => this.key(event));
    // A press on what was found comes before it goes.
    this.field.addEventListener("blur", () => window.setTimeout(() => this.close(), 150));
  }

  update(scale: number, moved: boolean): void {
    setText(this.scale, `${Math.round(100 * scale)} %`);
    this.tidyButton.hidden = !moved;
  }

  focus(): void {
    this.field.focus();
  }

  private close(): void {
    this.found.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
  }

  private fill(): void {
    const graph = this.host.graph();
    const found = graph?.search(this.field.value, MOST_FOUND) ?? [];
    const rows = found.map((at) => {
      const row = make("li", "", { role: "option", tabindex: "-1" });
      row.append(
        make("span", "", {}, graph?.name(at) ?? ""),
        make("small", "", {}, graph?.objects.note[at] ?? ""),
      );
      row.addEventListener("click", () => this.take(at));
      row.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.stopPropagation();
        this.take(at);
      });
      return row;
    });
    const none = this.field.value.trim() !== "" && rows.length === 0;
    if (none) rows.push(make("li", "nl-empty", {}, "Nothing is called so."));
    this.found.replaceChildren(...rows);
    this.found.hidden = rows.length === 0;
    this.field.setAttribute("aria-expanded", String(rows.length > 0));
  }

  private take(at: number): void {
    this.close();
    this.field.value = "";
    this.host.find(at);
  }

  private key(event: KeyboardEvent): void {
    const rows = [...this.found.querySelectorAll<HTMLElement>("[role=option]")];
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter") rows[0]?.click();
    else if (event.key === "ArrowDown") rows[0]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
