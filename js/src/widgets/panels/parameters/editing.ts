/** Setting and scaling an entry, a block or all of an array, and putting it back. */

import { make, onEntered, setText } from "../../dom";
import { short } from "./told";

/** Which of an axis: from the first to before the last, or these. */
export type Along = [number, number] | { of: number[] };

/** What is chosen of an array. */
export interface Block {
  at: Along[];
  words: string;
  what: "entry" | "block";
}

export interface EditHost {
  edit: (change: { at?: Along[]; value?: number; scale?: number }) => void;
  /** Take back the change that was made last. */
  undo: () => void;
}

export class Editing {
  readonly element = make("div", "nl-parameters-edit", { hidden: "" });
  private readonly where = make("span", "", {}, "");
  private readonly value = field("new value of the entry");
  private readonly factor = field("factor for the entry");
  private readonly scale = field("factor for all entries");
  private readonly problem = make("span", "nl-inspect-bad", { role: "status" });
  private readonly entry = make("span", "nl-parameters-entry", { hidden: "" });
  private chosen: Block | null = null;

  constructor(private readonly host: EditHost) {
    const back = button("as built", "give what is chosen the values that it was built with");
    back.addEventListener("click", () => this.edit({}));
    this.entry.append(this.where, " = ", this.value, " or × ", this.factor, back);
    const all = button("all as built", "give all entries the values that they were built with");
    all.addEventListener("click", () => host.edit({}));
    const undo = button("undo", "take back the change of the network that was made last");
    undo.addEventListener("click", () => host.undo());
    const every = make("label", "", {}, "all × ", this.scale);
    this.element.append(this.entry, every, all, undo, this.problem);
    onEntered(this.value, () => {
      const value = this.read(this.value);
      if (value !== null) this.edit({ value });
    });
    this.scaling(this.factor, (scale) => this.edit({ scale }));
    this.scaling(this.scale, (scale) => host.edit({ scale }));
  }

  private scaling(input: HTMLInputElement, scaled: (scale: number) => void): void {
    input.value = "1";
    onEntered(input, () => {
      const scale = this.read(input);
      if (scale === null) return;
      if (scale !== 1) scaled(scale);
      input.value = "1";
    });
  }

  /** A finite number as it is typed; what is none is marked, and stays. */
  private read(input: HTMLInputElement): number | null {
    const text = input.value.trim();
    const value = text === "" ? NaN : Number(text.replace("−", "-").replace(",", "."));
    const good = Number.isFinite(value);
    input.setAttribute("aria-invalid", String(!good));
    this.say(good ? "" : `a finite number, such as 0.5, got '${text}'`);
    return good ? value : null;
  }

  private edit(change: { value?: number; scale?: number }): void {
    if (this.chosen !== null) this.host.edit({ at: this.chosen.at, ...change });
  }

  /** What is meant, and what it is now: NaN where that is not one number. */
  choose(block: Block | null, value: number): void {
    this.chosen = block;
    this.entry.hidden = block === null;
    if (block === null) return;
    setText(this.where, block.words);
    this.value.setAttribute("aria-label", `new value of the ${block.what}`);
    this.factor.setAttribute("aria-label", `factor for the ${block.what}`);
    if (document.activeElement !== this.value)
      this.value.value = block.what === "block" ? "" : short(value);
  }

  say(problem: string): void {
    setText(this.problem, problem);
  }
}

/** A single entry. */
export function entryAt(at: number[]): Block {
  const pairs = at.map((i): Along => [i, i + 1]);
  return { at: pairs, words: `[${at.join(", ")}]`, what: "entry" };
}

/** All entries in some rows, which need not lie side by side in the array, and columns. */
export function blockOf(rows: number[], columns: [number, number]): Block {
  const [first, last] = [rows[0], rows[rows.length - 1]];
  const inARow = rows.every((row, i) => row === first + i);
  const named = inARow && rows.length > 1 ? `rows ${first} to ${last}` : `${rows.length} rows`;
  const [left, right] = [columns[0], columns[1] - 1];
  const entries = rows.length * (columns[1] - columns[0]);
  const count = `${entries.toLocaleString("en")} ${entries === 1 ? "entry" : "entries"}`;
  return {
    at: [inARow ? [first, last + 1] : { of: rows }, columns],
    words:
      `${rows.length === 1 ? `row ${first}` : named}, ` +
      `${left === right ? `column ${left}` : `columns ${left} to ${right}`} (${count})`,
    what: "block",
  };
}

function field(name: string): HTMLInputElement {
  return make("input", "nl-field", { type: "text", inputmode: "decimal", "aria-label": name });
}

function button(text: string, title: string): HTMLButtonElement {
  return make("button", "nl-button", { type: "button", title }, text);
}
