/** The card of what is selected: what it is, what can be plotted, where it leads. */

import { iconButton, make, setText } from "../../dom";
import { EditSection, type EditHost } from "./cardedit";
import type { InputLayout } from "../../messages";
import type { CardLink, CardMessage, CardPart } from "./payload";
import { Pad } from "../../pad";
import type { Selected } from "./viewhost";

export const CLOSE = "M4 3 8 7l4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z";
const ASKING = "asking the kernel …";
/** Kinds of plot that are offered at once; the others are behind "more". */
const FIRST = 4;

export interface CardHost {
  plot: (selected: Selected, part: string, kind: string) => void;
  /** Show a connection, or a probe. */
  go: (link: Selected) => void;
  close: () => void;
  /** The slider of a Node, if it has one. */
  input: (title: string) => InputLayout | null;
  drive: (node: string, dim: number, value: number) => void;
  driveAll: (node: string, values: number[], gesture: string) => void;
  /** Whether plots can be shown here. */
  plots: boolean;
  /** What edits the object that is selected. */
  edits: (selected: Selected) => EditHost;
}

export class Card {
  readonly element = make("aside", "nl-network-card", { hidden: "", "aria-label": "card" });
  private title = "";
  private pad: Pad | null = null;
  /** What is edited: made anew in part only, so that what is typed there stays. */
  private readonly edits = new EditSection();
  private readonly above = make("div");
  private readonly below = make("div");
  /** All that is about its object, and does something with it. */
  private readonly about = make("fieldset", "nl-network-about");
  private readonly head = make("div");
  private readonly asking = make("p", "nl-network-asking", { hidden: "" }, ASKING);
  /** What tells its object apart; "" where it shows none. */
  private key = "";
  /** What tells apart the object that is selected, of which the kernel has said nothing yet. */
  private awaited = "";
  /** Whether the network is being drawn anew, and with it the object that is shown. */
  private held = false;

  constructor(private readonly host: CardHost) {
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      host.close();
    });
  }

  hide(): void {
    this.leave(() => (this.element.hidden = true));
  }

  /**
   * Another thing is selected: it is named at once, and nothing can be done any more with the one
   * before, while the kernel is asked.
   */
  expect(key: string, title: string, kind: string): void {
    if (this.held || key === this.key || key === this.awaited) return;
    const others = this.key === "" && this.awaited === "";
    this.giveKeys(() => {
      [this.key, this.awaited, this.title] = ["", key, ""];
      this.edits.depart();
      if (others) this.about.replaceChildren();
      this.name(title, kind);
      this.place(true);
    });
    this.element.setAttribute("aria-busy", "true");
    this.element.setAttribute("aria-label", `card of ${title}`);
    this.element.hidden = false;
  }

  /** Nothing of it does anything any more, and why; or with "" it does. */
  end(why: string): void {
    this.about.disabled = why !== "";
    setText(this.asking, why || ASKING);
  }

  /** The network is drawn anew: the card stays until its object is there again, or `hide`. */
  hold(): void {
    if (this.key === "") return this.hide();
    this.held = true;
    this.element.setAttribute("aria-busy", "true");
  }

  /** What is shown next is another object. */
  release(): void {
    this.held = false;
  }

  /** The object that it was held for is not there any more. */
  drop(): void {
    if (this.held) this.hide();
  }

  private leave(act: () => void): void {
    [this.title, this.key, this.awaited, this.held] = ["", "", "", false];
    this.element.removeAttribute("aria-busy");
    this.giveKeys(() => {
      this.edits.leave();
      act();
    });
  }

  /** What has the keys and goes gives them to nobody; the network has them then. */
  private giveKeys(act: () => void): void {
    const had = !this.element.hidden && this.element.contains(document.activeElement);
    act();
    const at = document.activeElement;
    const away = this.about.inert && this.about.contains(at);
    const gone = this.element.hidden || away || !this.element.contains(at);
    if (had && gone)
      this.element.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
  }

  /** Show an object; `key` tells it apart from others. */
  show(selected: Selected, told: CardMessage, active: string, key: string): void {
    const same = this.held || key === this.key;
    [this.key, this.awaited, this.held] = [key, "", false];
    this.element.removeAttribute("aria-busy");
    this.giveKeys(() => this.fill(selected, told, same));
    this.element.hidden = false;
    this.update(active);
  }

  private fill(selected: Selected, { facts, parts, edit }: CardMessage, same: boolean): void {
    this.title = facts.title;
    this.name(facts.title, facts.kind);
    const rows = facts.rows.flatMap(({ label, value }) => [
      make("dt", "", {}, label),
      make("dd", "", {}, value),
    ]);
    this.above.replaceChildren(
      ...this.sliders(),
      ...(this.host.plots ? parts.map((part) => this.offers(selected, part)) : []),
    );
    this.below.replaceChildren(
      make("dl", "", {}, ...rows),
      ...this.links("Comes from", "connection", facts.incoming, facts.more_incoming),
      ...this.links("Leads to", "connection", facts.outgoing, facts.more_outgoing),
      ...this.links("Probed by", "probe", facts.probes),
    );
    if (this.edits.element.parentElement !== this.about)
      this.about.replaceChildren(this.above, this.edits.element, this.below);
    this.place(false);
    this.edits.show(edit, this.host.edits(selected), same);
    this.element.setAttribute("aria-label", `card of ${facts.title}`);
  }

  private place(asking: boolean): void {
    this.about.inert = asking;
    this.asking.hidden = !asking;
    if (this.about.parentElement !== this.element)
      this.element.replaceChildren(this.head, this.asking, this.about);
  }

  private name(title: string, kind: string): void {
    const close = iconButton(CLOSE, "close the card", "Esc");
    close.classList.add("nl-quiet");
    close.addEventListener("click", () => this.host.close());
    this.head.replaceChildren(
      make("header", "", {}, make("h4", "", { title }, title), close),
      make("p", "nl-network-kind", {}, kind, make("span", "nl-network-active")),
    );
  }

  /** Show what is about no one object. */
  showOther(title: string, ...parts: HTMLElement[]): void {
    this.leave(() => this.element.replaceChildren(...parts));
    this.element.setAttribute("aria-label", title);
    this.element.hidden = false;
  }

  /** Show something else in its place, such as a question. */
  ask(question: HTMLElement): void {
    this.leave(() => this.element.replaceChildren(question));
    this.element.hidden = false;
    question.querySelector("button")?.focus({ preventScroll: true });
  }

  /** Say anew how active it is. */
  update(active: string): void {
    const place = this.element.querySelector(".nl-network-active");
    if (place !== null) setText(place, active === "" ? "" : `, ${active}`);
  }

  /** The slider is somewhere else now. */
  updateInput(): void {
    const input = this.host.input(this.title);
    const sliders = this.element.querySelectorAll<HTMLInputElement>(".nl-network-slider input");
    if (input === null || this.element.hidden) return;
    this.pad?.show(input.values, input.taken && input.playing === "");
    sliders.forEach((slider, dim) => {
      if (!slider.matches(":active")) slider.value = String(input.values[dim]);
    });
  }

  private sliders(): HTMLElement[] {
    const input = this.host.input(this.title);
    this.pad = null;
    if (input === null) return [];
    const { id, label, min, max, step, values } = input;
    if (values.length === 2) {
      const moved = (to: number[], gesture: string): void => this.host.driveAll(id, to, gesture);
      this.pad = new Pad({ name: `${label}, on its card`, min, max, step, moved });
      this.pad.show(values, input.taken && input.playing === "");
      return [this.pad.element];
    }
    return input.values.map((value, dim) => {
      const name = input.values.length > 1 ? `${input.label}, dimension ${dim}` : input.label;
      const slider = make("input", "nl-slider", {
        type: "range",
        min: String(input.min),
        max: String(input.max),
        step: String(input.step),
        "aria-label": `${name}, on its card`,
      });
      slider.value = String(value);
      slider.addEventListener("input", () => this.host.drive(input.id, dim, Number(slider.value)));
      const label = make("span", "nl-dim", {}, input.values.length > 1 ? `[${dim}]` : "drive");
      return make("label", "nl-network-slider", {}, label, slider);
    });
  }

  private offers(selected: Selected, { part, kinds }: CardPart): HTMLElement {
    const buttons = kinds.map(({ name, label }, index) => {
      const likely = index === 0 && part === "" ? " nl-likely" : "";
      const button = make("button", `nl-button${likely}`, { type: "button" }, label);
      button.setAttribute("aria-label", `plot ${part === "" ? "" : `${part}: `}${label}`);
      button.addEventListener("click", () => this.host.plot(selected, part, name));
      return button;
    });
    const [first, more] = [buttons.slice(0, FIRST), buttons.slice(FIRST)];
    const row = make(
      "div",
      "nl-network-offers",
      {},
      make("span", "", {}, part || "plot"),
      ...first,
    );
    if (more.length > 0) {
      const rest = make("details", "", {}, make("summary", "", {}, `${more.length} more`));
      rest.append(make("div", "nl-network-offers", {}, ...more));
      row.append(rest);
    }
    return row;
  }

  private links(
    heading: string,
    of: "connection" | "probe",
    links: CardLink[],
    more = 0,
  ): HTMLElement[] {
    if (links.length === 0) return [];
    const items = links.map(({ at, label, note }) => {
      const button = make("button", "nl-network-link", { type: "button" }, label);
      button.title = `show the ${of}`;
      button.addEventListener("click", () => this.host.go({ of, at }));
      return make("li", "", {}, button, make("span", "", {}, note));
    });
    if (more > 0) items.push(make("li", "", {}, make("span", "", {}, `and ${more} more`)));
    return [make("h5", "", {}, heading), make("ul", "", {}, ...items)];
  }
}
