/** A network written for hardware: a form, a button, and the check of what was written. */

import "./export.css";

import { make, onEntered, setText } from "../../dom";
import { ElementPicture } from "../../elementpicture";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { isExported, isPayload, type Exported, type Field, type Payload } from "./payload";

const ASK_EVERY_MS = 3000;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

/** One field of the form; what was typed stays while what is said of it changes. */
class Entry {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement | HTMLSelectElement;
  private readonly note = make("small", "nl-export-hint");

  constructor(field: Field, change: (value: string | boolean) => void) {
    const { name, label, kind } = field;
    this.input = kind === "choice" ? options(field) : make("input");
    const { input } = this;
    input.setAttribute("aria-label", label);
    if (input instanceof HTMLSelectElement) {
      input.addEventListener("change", () => change(input.value));
    } else if (kind === "flag") {
      input.type = "checkbox";
      input.addEventListener("change", () => change(input.checked));
    } else {
      input.type = "text";
      input.spellcheck = false;
      onEntered(input, () => change(input.value));
    }
    if (kind !== "flag") input.className = "nl-field";
    const words = make("span", "", {}, label);
    const parts = kind === "flag" ? [input, words, this.note] : [words, input, this.note];
    this.element = make("label", `nl-export-field nl-export-${kind}`, {}, ...parts);
    this.element.dataset.field = name;
  }

  show({ value, hint, off, error, kind }: Field): void {
    const { input, note } = this;
    if (kind === "flag" && input instanceof HTMLInputElement) input.checked = value !== "";
    else if (input !== document.activeElement || kind === "choice") input.value = value;
    input.disabled = off !== "";
    input.setAttribute("aria-invalid", String(error !== ""));
    setText(note, error !== "" ? error : off !== "" ? off : hint);
    note.className = error !== "" ? "nl-export-wrong" : "nl-export-hint";
    if (error !== "") note.setAttribute("role", "alert");
    else note.removeAttribute("role");
  }
}

function options({ options: all }: Field): HTMLSelectElement {
  const made = all.map(({ value, label }) => make("option", "", { value }, label));
  return make("select", "", {}, ...made);
}

class ExportPanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private said: Exported | null = null;
  private payload!: Payload;
  private image!: ElementPicture;
  private readonly element = make("div", "nl-export");
  private readonly form = make("div", "nl-export-form");
  private readonly entries = new Map<string, Entry>();
  private readonly code = make("code", "nl-export-code");
  private readonly result = make("div", "nl-table nl-export-result", { role: "status" });
  private readonly write = make(
    "button",
    "nl-button nl-export-write",
    { type: "button", title: "write it, read it back, run it, and compare with the simulator" },
    "Write and check",
  );

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    const { signal } = context;
    this.write.addEventListener("click", () => context.send({ type: "write" }));
    const bar = make("div", "nl-export-bar", {}, this.write, this.code);
    this.element.append(this.form, bar, this.result);
    body.append(this.element);
    this.image = new ElementPicture(this.element, signal);
    signal.addEventListener("abort", () => this.element.remove());
    this.relayout(context.layout);
    this.ask();
  }

  private ask(): void {
    if (this.context.signal.aborted || this.said !== null) return;
    this.context.send({ type: "ask" });
    window.setTimeout(() => this.ask(), ASK_EVERY_MS);
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    for (const field of this.payload.fields) {
      let entry = this.entries.get(field.name);
      if (entry === undefined) {
        entry = new Entry(field, (value) => this.context.change({ [field.name]: value }));
        this.entries.set(field.name, entry);
        this.form.append(entry.element);
      }
      entry.show(field);
    }
    setText(this.code, this.payload.code);
    this.allow();
    this.image.later();
  }

  hear(content: Record<string, unknown>): void {
    if (!isExported(content)) return;
    this.said = content;
    this.allow();
    this.show(content);
  }

  receive(): void {
    // What there is to say comes as messages.
  }

  clear(): void {
    // Nothing of it is of the past.
  }

  retheme(): void {
    this.image.later(); // on the page its colours are those of the style sheet
  }

  picture(): HTMLCanvasElement | null {
    return this.image.canvas;
  }

  private allow(): void {
    const wrong = this.payload.fields.some(({ error }) => error !== "");
    this.write.disabled = wrong || this.said?.state === "working";
  }

  // ---- what came of it ----------------------------------------------------------------------------

  private show({ state, words, outcome }: Exported): void {
    this.result.dataset.state = state;
    if (state === "nothing") return this.result.replaceChildren();
    if (outcome === null) {
      const refused = state === "refused";
      const text = refused ? `Not written. ${words}` : words;
      const said = make("p", refused ? "nl-export-wrong" : "nl-export-hint", {}, text);
      if (refused) said.setAttribute("role", "alert");
      return this.result.replaceChildren(said);
    }
    const { same, silent, checks, folder, files, notes } = outcome;
    const unknown = silent || checks.length === 0;
    const [kind, sign] = unknown ? ["hint", "?"] : same ? ["good", "✓"] : ["bad", "≠"];
    const mark = make("span", `nl-export-${kind}`, {}, sign);
    const head = make("p", "nl-export-head", {}, mark, make("strong", "", {}, outcome.words));
    const parts: HTMLElement[] = [head];
    if (checks.length > 0) parts.push(table(outcome));
    const where = make("p", "", {}, make("span", "nl-export-hint", {}, "in "));
    where.append(make("code", "", {}, folder), `: ${files.join(", ")}`);
    parts.push(where, ...notes.map((note) => make("p", "nl-export-hint", {}, note)));
    this.result.replaceChildren(...parts);
  }
}

function table({ checks }: NonNullable<Exported["outcome"]>): HTMLElement {
  const head = ["output", "compared", "found"].map((text) =>
    make("th", "", { scope: "col" }, text),
  );
  const rows = checks.map(({ output, compared, found, same }) =>
    make(
      "tr",
      same ? "" : "nl-export-off",
      {},
      make("th", "", { scope: "row" }, output),
      make("td", "", {}, compared),
      make("td", "", {}, found),
    ),
  );
  const body = make("tbody", "", {}, ...rows);
  return make("table", "", {}, make("thead", "", {}, make("tr", "", {}, ...head)), body);
}

export default { name: "export", still: true, make: () => new ExportPanel() } satisfies PanelKind;
