/** Knobs of an object, and all that differs from what was built. */

import "./change.css";

import { isRecord } from "../../decode";
import { iconButton, make, onEntered, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { isPayload, type Knob } from "./payload";

type Send = (content: Record<string, unknown>) => void;

const AS_BUILT = "M8 3a5 5 0 1 1-4.6 3H2L4.5 3 7 6H5.1A3.4 3.4 0 1 0 8 4.6z";

function read(layout: PanelLayout): Knob[] {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data.knobs;
}

/** A number as a person types it, without the noise of binary fractions. */
export function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** How many of a unit a value is: what is shown of 0.02 s is 20 (ms), of 0.3 is 30 (%). */
const PER: Record<string, number> = { ms: 1000, "%": 100 };

/** One row: a name, something to move, the way back. */
class KnobRow {
  readonly element: HTMLElement;
  private readonly field: HTMLInputElement;
  private readonly number: HTMLInputElement | null = null;
  private readonly back: HTMLButtonElement;
  private gesture = "";

  constructor(
    private readonly knob: Knob,
    private readonly send: Send,
  ) {
    const { label, kind, unit, built } = knob;
    const what = unit === "" ? label : `${label} (${unit})`;
    if (kind === "share") {
      this.field = make("input", "", { type: "range", min: "0", max: "100", "aria-label": what });
      this.number = this.typed(what);
      this.field.addEventListener("pointerdown", () => (this.gesture = crypto.randomUUID()));
      this.field.addEventListener("input", () => this.set(Number(this.field.value) / this.per));
    } else if (kind === "flag") {
      this.field = make("input", "", { type: "checkbox", "aria-label": what });
      this.field.addEventListener("change", () => this.set(this.field.checked ? 1 : 0));
    } else {
      this.field = this.typed(what);
    }
    this.back = iconButton(AS_BUILT, `${label}: as built`, "");
    this.back.classList.add("nl-quiet");
    this.back.addEventListener("click", () => this.set(null));
    const fields = this.number === null ? [this.field] : [this.field, this.number];
    this.element = make(
      "div",
      `nl-knob nl-knob-${kind}`,
      {},
      make("span", "nl-knob-name", {}, label),
      make("span", "nl-knob-fields", {}, ...fields, make("span", "nl-knob-unit", {}, unit)),
      this.back,
    );
    this.show(built);
  }

  /** Show where it stands; what a person is typing stays. */
  show(value: number): void {
    this.back.style.visibility = value === this.knob.built ? "hidden" : "visible";
    this.element.classList.toggle("nl-knob-changed", value !== this.knob.built);
    if (this.knob.kind === "flag") this.field.checked = value !== 0;
    if (this.knob.kind === "share" && !this.field.matches(":active"))
      this.field.value = plain(value * this.per);
    for (const field of [this.field, this.number])
      if (field !== null && field.type === "text" && document.activeElement !== field)
        field.value = plain(value * this.per);
  }

  private get per(): number {
    return PER[this.knob.unit] ?? 1;
  }

  private typed(what: string): HTMLInputElement {
    const field = make("input", "nl-field", {
      type: "text",
      inputmode: "decimal",
      "aria-label": what,
    });
    onEntered(field, () => {
      const value = Number(field.value.trim().replace("−", "-").replace(",", ".")) / this.per;
      const wrong = field.value.trim() === "" || !Number.isFinite(value);
      field.setAttribute("aria-invalid", String(wrong));
      if (wrong) return;
      this.gesture = "";
      this.set(value);
    });
    return field;
  }

  private set(value: number | null): void {
    this.send({ type: "set", role: this.knob.role, value, gesture: this.gesture });
    if (value === null) this.show(this.knob.built);
    else if (this.number !== null) this.number.value = plain(value * this.per);
  }
}

const DEEDS: [string, string, string][] = [
  ["undo", "Undo", "take the last change back"],
  ["redo", "Redo", "make it again"],
  ["drop_changes", "Drop all", "back to what was built; what was learned meanwhile stays"],
  ["keep_changes", "Keep", "write all changes to the network's objects: they count as built"],
];

class ChangePanel implements Panel {
  private rows = new Map<string, KnobRow>();
  private readonly list = make("ul", "nl-changes", { "aria-label": "changed since it was built" });
  private readonly heading = make("p", "nl-changes-head");
  private knobs: Knob[] = [];

  mount(body: HTMLElement, context: PanelContext): void {
    this.knobs = read(context.layout);
    this.rows = new Map(this.knobs.map((knob) => [knob.role, new KnobRow(knob, context.send)]));
    const deeds = DEEDS.map(([type, name, title]) => {
      const button = make("button", "nl-button", { type: "button", title }, name);
      button.addEventListener("click", () => context.send({ type }));
      return button;
    });
    const element = make(
      "div",
      "nl-change",
      {},
      make("div", "nl-knobs", {}, ...[...this.rows.values()].map((row) => row.element)),
      make("div", "nl-changes-all", {}, this.heading, this.list),
      make("div", "nl-change-deeds", {}, ...deeds),
    );
    body.append(element);
    context.signal.addEventListener("abort", () => element.remove());
    this.tell({}, []);
  }

  receive(arrays: Map<string, FrameArray>): void {
    const bytes = arrays.get("told");
    if (!(bytes instanceof Uint8Array)) return;
    const told: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isRecord(told) || !isRecord(told.values) || !Array.isArray(told.changes)) return;
    this.tell(told.values, told.changes.map(String));
  }

  /** A run that starts again stands as it stood: what is changed is told again. */
  clear(): void {
    // Nothing of it is of the past.
  }

  retheme(): void {
    // Its colours are those of the style sheet.
  }

  private tell(values: Record<string, unknown>, changes: string[]): void {
    for (const { role, built } of this.knobs) {
      const value = values[role];
      this.rows.get(role)?.show(typeof value === "number" ? value : built);
    }
    const none = "Nothing differs from what was built.";
    setText(this.heading, changes.length === 0 ? none : "Changed since it was built:");
    this.list.replaceChildren(...changes.map((text) => make("li", "", {}, text)));
  }
}

export default { name: "change", make: () => new ChangePanel() } satisfies PanelKind;
