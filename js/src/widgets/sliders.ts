/** Sliders for the Nodes that a person can drive: one for each dimension, beside the name. */

import { iconButton, make, setText } from "./dom";
import type { Command, InputLayout } from "./messages";

const GIVE_BACK = "M6 3 1.5 7 6 11V8.5h4a2.5 2.5 0 0 1 0 5H7V15h3a4 4 0 0 0 0-8H6z";

/** As many decimals as the step of the slider can make. */
export function decimals(step: number): number {
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** Sliders of one Node. */
class NodeSliders {
  readonly element: HTMLElement;
  private readonly sliders: HTMLInputElement[];
  private readonly outputs: HTMLElement[];
  private readonly own = make("span", "nl-own");
  private readonly giveBack: HTMLButtonElement;
  private pending = 0;

  constructor(
    private layout: InputLayout,
    private readonly command: (command: Command) => void,
  ) {
    this.sliders = layout.values.map((_, dim) => this.makeSlider(dim));
    this.outputs = layout.values.map(() => make("output", "nl-value"));
    this.giveBack = iconButton(GIVE_BACK, `give «${layout.label}» back its own output`, "");
    this.giveBack.classList.add("nl-quiet");
    this.giveBack.addEventListener("click", () => this.release());
    const name = make("span", "nl-input-name", { title: layout.label }, layout.label);
    const head = make("div", "nl-input-head", {}, name, this.own, this.giveBack);
    const rows = this.sliders.map((slider, dim) => {
      const label = this.sliders.length > 1 ? `[${dim}]` : "";
      return make(
        "div",
        "nl-slider-row",
        {},
        make("span", "nl-dim", {}, label),
        slider,
        this.outputs[dim],
      );
    });
    this.element = make("section", "nl-input", { "aria-label": layout.label }, head, ...rows);
    this.show();
  }

  /** Take over what the kernel says, except from under a person's hand. */
  update(layout: InputLayout): void {
    if (this.sliders.includes(document.activeElement as HTMLInputElement) && layout.taken) return;
    this.layout = layout;
    this.show();
  }

  private makeSlider(dim: number): HTMLInputElement {
    const { label, min, max, step, values } = this.layout;
    const name = values.length > 1 ? `${label}, dimension ${dim}` : label;
    const slider = make("input", "nl-slider", {
      type: "range",
      min: String(min),
      max: String(max),
      step: String(step),
      "aria-label": name,
      title: `${name}: ${min} to ${max}`,
    });
    slider.addEventListener("input", () => this.take());
    return slider;
  }

  private take(): void {
    this.layout = {
      ...this.layout,
      taken: true,
      values: this.sliders.map((slider) => Number(slider.value)),
    };
    this.show();
    // One message per drawn frame is as fast as anyone can see.
    if (this.pending !== 0) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      if (this.layout.taken) this.send(this.layout.values);
    });
  }

  private release(): void {
    this.layout = { ...this.layout, taken: false };
    this.show();
    this.send(null);
  }

  private send(values: number[] | null): void {
    this.command({ name: "input", node: this.layout.id, values });
  }

  private show(): void {
    const { taken, own, values, step } = this.layout;
    const ownFunction = own === "function" && !taken;
    values.forEach((value, dim) => {
      this.sliders[dim].value = String(value);
      setText(this.outputs[dim], ownFunction ? "–" : value.toFixed(decimals(step)));
    });
    setText(this.own, ownFunction ? "own output" : "");
    this.own.title = ownFunction ? "its function drives it; drag the slider to take over" : "";
    this.element.classList.toggle("nl-untaken", ownFunction);
    this.giveBack.classList.toggle("nl-hidden", !taken);
  }
}

/** The sliders of all input Nodes. */
export class Sliders {
  readonly element = make("div", "nl-inputs", { role: "group", "aria-label": "inputs" });
  private nodes = new Map<string, NodeSliders>();
  private filled = false;

  constructor(private readonly command: (command: Command) => void) {}

  /** Show these; null means that the person wants no sliders. */
  update(inputs: InputLayout[] | null): void {
    this.element.hidden = inputs === null;
    if (inputs === null) return;
    const known = inputs.every(({ id }) => this.nodes.has(id));
    const same = this.filled && known && inputs.length === this.nodes.size;
    if (same) {
      for (const input of inputs) this.nodes.get(input.id)?.update(input);
      return;
    }
    this.filled = true;
    this.nodes = new Map(inputs.map((input) => [input.id, new NodeSliders(input, this.command)]));
    const heading = make("h3", "nl-heading", {}, "Inputs");
    const empty = make(
      "p",
      "nl-empty",
      {},
      "No Node to drive. Add a nengo.Node with a constant output to get a slider here.",
    );
    const sections = [...this.nodes.values()].map((node) => node.element);
    this.element.replaceChildren(heading, ...(sections.length > 0 ? sections : [empty]));
  }
}
