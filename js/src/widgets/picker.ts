/** "+ add a plot": what can be looked at, grouped by subnetwork, with a search. */

import { make, setText } from "./dom";
import type { Offer, PageMessage } from "./messages";

/** Enough to find one's way; more are found by searching. */
const MOST = 40;

/** Offers whose name or subnetwork holds every word that was typed, in any order. */
export function search(offers: Offer[], text: string): Offer[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return offers.filter(({ label, kinds }) => {
    const names = `${label} ${kinds.map((kind) => kind.label).join(" ")}`.toLowerCase();
    return words.every((word) => names.includes(word));
  });
}

export class Picker {
  readonly element: HTMLElement;
  private readonly hint = make("p", "nl-empty");
  private readonly button = make(
    "button",
    "nl-button",
    {
      type: "button",
      "aria-expanded": "false",
      title: "add a plot; the run goes on meanwhile",
    },
    "+ add a plot",
  );
  private readonly field = make("input", "nl-field nl-search", {
    type: "search",
    placeholder: "find …",
    "aria-label": "find an object",
  });
  private readonly list = make("div", "nl-offers");
  private readonly menu = make("div", "nl-picker", {
    hidden: "",
    role: "dialog",
    "aria-label": "add a plot",
  });
  private offers: Offer[] = [];
  /** Of a large network the kernel tells them when they are looked for. */
  private asked = false;

  constructor(private readonly send: (message: PageMessage) => void) {
    this.menu.append(this.field, this.list);
    this.element = make("div", "nl-add", {}, this.hint, this.button, this.menu);
    this.button.addEventListener("click", () => this.toggle(this.menu.hidden));
    this.field.addEventListener("input", () => this.fill());
    this.menu.addEventListener("keydown", (event) => this.key(event));
  }

  /** Show what can be added; `empty` says that there is no plot yet. */
  update(offers: Offer[] | null, empty: boolean): void {
    setText(this.hint, empty ? "No plot yet: choose below what to look at." : "");
    if (offers !== null) {
      this.offers = offers;
      this.asked = false;
    }
    if (!this.menu.hidden) this.fill();
  }

  /** Whether anything can be added. */
  enable(enabled: boolean): void {
    this.button.disabled = !enabled;
    if (!enabled && !this.menu.hidden) this.toggle(false);
  }

  private toggle(open: boolean): void {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return this.button.focus();
    this.field.value = "";
    if (this.offers.length === 0) {
      this.asked = true;
      this.send({ type: "ask_offers" });
    }
    this.fill();
    this.field.focus();
    this.menu.scrollIntoView({ block: "nearest" });
  }

  private fill(): void {
    const found = search(this.offers, this.field.value);
    const shown = found.slice(0, MOST);
    const groups = new Map<string, HTMLElement[]>();
    for (const offer of shown) {
      const rows = groups.get(offer.group) ?? [];
      rows.push(this.row(offer));
      groups.set(offer.group, rows);
    }
    const sections = [...groups].map(([name, rows]) => {
      const heading = name === "" ? [] : [make("h4", "nl-offer-group", {}, name)];
      return make("section", "", {}, ...heading, ...rows);
    });
    const left = found.length - shown.length;
    const note =
      left > 0
        ? `${left} more: type to find them.`
        : found.length === 0
          ? this.asked
            ? "Looking at what there is …"
            : "Nothing is called so."
          : "";
    this.list.replaceChildren(...sections, make("p", "nl-empty", {}, note));
  }

  private row({ object, label, group, kinds }: Offer): HTMLElement {
    const buttons = kinds.map((kind, index) => {
      const button = make(
        "button",
        index === 0 ? "nl-button nl-likely" : "nl-button",
        { type: "button", "aria-label": `${label}: ${kind.label}` },
        kind.label,
      );
      button.addEventListener("click", () => {
        this.toggle(false);
        this.send({ type: "add_panel", object, kind: kind.name });
      });
      return button;
    });
    const short =
      group !== "" && label.startsWith(`${group}/`) ? label.slice(group.length + 1) : label;
    const name = make("span", "nl-offer-name", { title: label }, short);
    return make("div", "nl-offer", {}, name, make("span", "nl-offer-kinds", {}, ...buttons));
  }

  /** Arrows walk along what is offered, Enter takes the first that was found. */
  private key(event: KeyboardEvent): void {
    const buttons = [...this.list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape") this.toggle(false);
    else if (event.key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? buttons[at - 1] : this.field).focus();
    else if (event.key === "Enter" && event.target === this.field) buttons[0]?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
