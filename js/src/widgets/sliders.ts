/** Sliders for the Nodes that a person can drive: one for each dimension, beside the name. */

import { iconButton, make, onEntered, setText } from "./dom";
import type { InputMove, InputLayout } from "./messages";
import { typedNumber } from "./settings";

/** A slider from ``min`` to ``max``, called so for who sees it and who hears it. */
export function rangeInput(
  { min, max, step }: { min: number; max: number; step: number },
  name: string,
): HTMLInputElement {
  return make("input", "nl-slider", {
    type: "range",
    min: String(min),
    max: String(max),
    step: String(step),
    "aria-label": name,
    title: `${name}: ${min} to ${max}`,
  });
}

export const GIVE_BACK = "M8 2.5 14 10H2zM2 11.5h12V14H2z";
/** If the kernel does not say that it heard a move, the next one goes out after this. */
const UNHEARD_MS = 100;

/** As many decimals as the step of the slider can make. */
export function decimals(step: number): number {
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** A value as it is: no digit of it is lost, none is made up. */
export function exact(value: number, step: number): string {
  const short = value.toFixed(decimals(step));
  return Number(short) === value ? short : String(Number(value.toPrecision(12)));
}

type Move = Omit<InputMove, "type" | "number">;

/**
 * Moves on their way to the kernel: one at a time, and the newest next.
 *
 * A hand makes more moves than a kernel need hear of.
 */
export class Moves {
  private waiting = new Map<string, Move>();
  /** The last move of each Node that went out. */
  private sent = new Map<string, number>();
  private unheard = 0;
  private number = Math.round(performance.timeOrigin + performance.now());
  private timer = 0;

  constructor(private readonly send: (message: InputMove) => void) {}

  move(move: Move): void {
    const key = `${move.node} ${move.dim ?? ""}`;
    this.waiting.delete(key);
    this.waiting.set(key, move);
    if (this.unheard === 0) this.next();
  }

  /** The kernel has carried out this move, and those before it. */
  heard(number: number): void {
    if (this.unheard !== 0 && number >= this.unheard) this.next();
  }

  /** Whether a Node was moved since the kernel said where sliders stand. */
  ahead(node: string, heard: number): boolean {
    const waits = [...this.waiting.values()].some((move) => move.node === node);
    return waits || (this.sent.get(node) ?? 0) > heard;
  }

  private next(): void {
    clearTimeout(this.timer);
    this.unheard = 0;
    const [first] = this.waiting;
    if (first === undefined) return;
    const [key, move] = first;
    this.waiting.delete(key);
    this.unheard = this.number += 1;
    this.sent.set(move.node, this.number);
    this.send({ type: "input", number: this.number, ...move });
    this.timer = window.setTimeout(() => this.next(), UNHEARD_MS);
  }
}

/** Sliders of one Node. */
export class NodeSliders {
  readonly element: HTMLElement;
  /** One row a dimension. */
  readonly rows: HTMLElement[];
  private gesture = "";
  private readonly sliders: HTMLInputElement[];
  private readonly fields: HTMLInputElement[];
  private readonly own = make("span", "nl-own");
  private readonly giveBack: HTMLButtonElement;

  constructor(
    public layout: InputLayout,
    private readonly moved: (move: Move) => void,
  ) {
    this.sliders = layout.values.map((_, dim) => this.makeSlider(dim));
    this.fields = layout.values.map((_, dim) => this.makeField(dim));
    this.giveBack = iconButton(GIVE_BACK, `give «${layout.label}» back its own output`, "");
    this.giveBack.classList.add("nl-quiet");
    this.giveBack.addEventListener("click", () => this.release());
    const name = make("span", "nl-input-name", { title: layout.label }, layout.label);
    const head = make("div", "nl-input-head", {}, name, this.own, this.giveBack);
    this.rows = this.sliders.map((slider, dim) => {
      const label = make("span", "nl-dim", {}, this.sliders.length > 1 ? `[${dim}]` : "");
      return make("div", "nl-slider-row", {}, label, slider, this.fields[dim]);
    });
    this.element = make("section", "nl-input", { "aria-label": layout.label }, head, ...this.rows);
    this.show();
  }

  /** Whether it is of the same Node: of another network another one may have its id. */
  isOf({ label, values, min, max, step }: InputLayout): boolean {
    const { layout } = this;
    const named = label === layout.label && values.length === layout.values.length;
    return named && min === layout.min && max === layout.max && step === layout.step;
  }

  /** Take over what the kernel says, except from under a person's hand. */
  update(layout: InputLayout): void {
    const held = this.sliders.findIndex((slider) => slider.matches(":active"));
    const values = layout.values.map((v, dim) => (dim === held ? this.layout.values[dim] : v));
    this.layout = { ...layout, values };
    this.show();
  }

  enable(enabled: boolean): void {
    for (const control of [...this.sliders, ...this.fields]) control.disabled = !enabled;
    this.giveBack.disabled = !enabled;
  }

  private name(dim: number): string {
    const { label, values } = this.layout;
    return values.length > 1 ? `${label}, dimension ${dim}` : label;
  }

  private makeSlider(dim: number): HTMLInputElement {
    const slider = rangeInput(this.layout, this.name(dim));
    const begin = (): void => void (this.gesture = crypto.randomUUID());
    for (const event of ["pointerdown", "focus"]) slider.addEventListener(event, begin);
    slider.addEventListener("input", () => this.take(dim, Number(slider.value)));
    return slider;
  }

  private makeField(dim: number): HTMLInputElement {
    const field = make("input", "nl-value", {
      type: "text",
      inputmode: "decimal",
      "aria-label": `${this.name(dim)}, value`,
      title: "type a value, also one beyond the slider",
    });
    const accept = (): void => {
      const typed = typedNumber(field.value);
      const good = typed !== null && Number.isFinite(typed);
      this.gesture = "";
      if (good && (typed !== this.layout.values[dim] || !this.layout.taken)) this.take(dim, typed);
      else this.show();
    };
    onEntered(field, accept);
    field.addEventListener("focus", () => field.select());
    return field;
  }

  /** Somebody moves it elsewhere on the page. */
  drive(dim: number, value: number): void {
    if (dim < this.layout.values.length) this.take(dim, value);
  }

  /** All of its values are moved elsewhere on the page. */
  driveAll(values: number[], gesture: string): void {
    this.layout = { ...this.layout, taken: true, playing: "", values };
    this.show();
    this.moved({ node: this.layout.id, value: null, values, gesture });
  }

  /** Only what was moved is told: the others keep values that no slider can make. */
  private take(dim: number, value: number): void {
    const values = this.layout.values.map((old, other) => (other === dim ? value : old));
    this.layout = { ...this.layout, taken: true, playing: "", values };
    this.show();
    const gesture = this.gesture === "" ? {} : { gesture: this.gesture };
    this.moved({ node: this.layout.id, dim, value, ...gesture });
  }

  private release(): void {
    this.layout = { ...this.layout, taken: false, playing: "" };
    this.show();
    this.moved({ node: this.layout.id, value: null });
  }

  private show(): void {
    const { taken, own, playing, values, step } = this.layout;
    const ownFunction = (own === "function" && !taken) || playing !== "";
    values.forEach((value, dim) => {
      this.sliders[dim].value = String(value);
      const text = ownFunction ? "–" : exact(value, step);
      if (this.fields[dim] !== document.activeElement || !ownFunction)
        this.fields[dim].value = text;
    });
    setText(this.own, playing !== "" ? `«${playing}»` : ownFunction ? "own output" : "");
    const driver = playing !== "" ? `«${playing}»` : "its function";
    this.own.title = ownFunction ? `${driver} drives it; drag the slider to take over` : "";
    this.element.classList.toggle("nl-untaken", ownFunction);
    this.giveBack.classList.toggle("nl-hidden", !taken);
  }
}

/** The sliders of all input Nodes. */
export class Sliders {
  readonly element = make("div", "nl-inputs", { role: "group", "aria-label": "inputs" });
  private nodes = new Map<string, NodeSliders>();
  private filled = false;
  private readonly moves: Moves;

  constructor(
    send: (message: InputMove) => void,
    /** Where they stand now that a person has moved one. */
    private readonly stand: (inputs: InputLayout[]) => void = () => undefined,
  ) {
    this.moves = new Moves(send);
  }

  /** The kernel has carried out moves up to this one. */
  heard(number: number): void {
    this.moves.heard(number);
  }

  /** Move a slider from elsewhere on the page. */
  drive(node: string, dim: number, value: number): void {
    this.nodes.get(node)?.drive(dim, value);
  }

  /** Move all dimensions of a Node from elsewhere on the page. */
  driveAll(node: string, values: number[], gesture: string): void {
    this.nodes.get(node)?.driveAll(values, gesture);
  }

  /** Sliders of a kernel that is gone do not look alive. */
  enable(enabled: boolean): void {
    for (const node of this.nodes.values()) node.enable(enabled);
  }

  /**
   * Show these; null means that the person wants no sliders.
   *
   * What was said before the kernel had heard of the last move of a Node does not take it back.
   *
   * @param heard the last move that they hold
   * @returns how they stand now
   */
  update(inputs: InputLayout[] | null, none: string, heard: number): InputLayout[] | null {
    this.element.hidden = inputs === null;
    if (inputs === null) return null;
    const known = inputs.every((input) => this.nodes.get(input.id)?.isOf(input));
    const same = this.filled && known && inputs.length === this.nodes.size;
    if (same) {
      for (const input of inputs)
        if (!this.moves.ahead(input.id, heard)) this.nodes.get(input.id)?.update(input);
      return this.layouts();
    }
    this.filled = true;
    const moved = (move: Move): void => {
      this.moves.move(move);
      this.stand(this.layouts());
    };
    this.nodes = new Map(inputs.map((input) => [input.id, new NodeSliders(input, moved)]));
    const heading = make("h3", "nl-heading", {}, "Inputs");
    const sections = [...this.nodes.values()].map((node) => node.element);
    const empty = make("p", "nl-empty", {}, none);
    this.element.replaceChildren(heading, ...(sections.length > 0 ? sections : [empty]));
    return this.layouts();
  }

  private layouts(): InputLayout[] {
    return [...this.nodes.values()].map(({ layout }) => layout);
  }
}
