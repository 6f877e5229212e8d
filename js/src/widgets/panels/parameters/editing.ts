/** Setting an entry, scaling all of an array, putting it back. */

import { make, onEntered, setText } from "../../dom";
import { short } from "./told";

export interface EditHost {
  edit: (change: { at?: [number, number][]; value?: number; scale?: number }) => void;
}

export class Editing {
  readonly element = make("div", "nl-parameters-edit", { hidden: "" });
  private readonly where = make("span", "", {}, "");
  private readonly value = field("new value of the entry");
  private readonly scale = field("factor for all entries");
  private readonly problem = make("span", "nl-inspect-bad", { role: "status" });
  private readonly entry = make("span", "nl-parameters-entry", { hidden: "" });
  private at: number[] | null = null;

  constructor(host: EditHost) {
    const back = button("as built", "give this entry the value that it was built with");
    back.addEventListener("click", () => this.at !== null && host.edit({ at: block(this.at) }));
    this.entry.append(this.where, " = ", this.value, back);
    const all = button("all as built", "give all entries the values that they were built with");
    all.addEventListener("click", () => host.edit({}));
    this.scale.value = "1";
    this.element.append(this.entry, make("label", "", {}, "all × ", this.scale), all, this.problem);
    onEntered(this.value, () => {
      const value = read(this.value);
      if (value !== null && this.at !== null) host.edit({ at: block(this.at), value });
    });
    onEntered(this.scale, () => {
      const scale = read(this.scale);
      if (scale !== null && scale !== 1) host.edit({ scale });
      this.scale.value = "1";
    });
  }

  /** Which entry is meant, and what it is now. */
  choose(at: number[] | null, value: number): void {
    this.at = at;
    this.entry.hidden = at === null;
    if (at === null) return;
    setText(this.where, `[${at.join(", ")}]`);
    if (document.activeElement !== this.value) this.value.value = short(value);
  }

  say(problem: string): void {
    setText(this.problem, problem);
  }
}

function block(at: number[]): [number, number][] {
  return at.map((i) => [i, i + 1]);
}

function field(name: string): HTMLInputElement {
  return make("input", "nl-field", { type: "text", inputmode: "decimal", "aria-label": name });
}

function button(text: string, title: string): HTMLButtonElement {
  return make("button", "nl-button", { type: "button", title }, text);
}

/** A finite number as it is typed; what is none is marked. */
function read(input: HTMLInputElement): number | null {
  const text = input.value.trim().replace("−", "-").replace(",", ".");
  const value = text === "" ? NaN : Number(text);
  input.setAttribute("aria-invalid", String(!Number.isFinite(value)));
  return Number.isFinite(value) ? value : null;
}
