/** A function of a connection or a Node as code, on its card; with its plot, when that is asked for. */

import { make, setText } from "../../dom";
import type { Editing as EditorPart, Editor } from "../../editing/editor";
import type { Theme } from "../../theme";
import { functionPlot } from "./functionplot";
import type { FieldTold, FunctionTold, TriedTold } from "./payload";

export interface FunctionHost {
  editor: () => Promise<EditorPart>;
  theme: () => Theme;
  /** Have it run; what it gives is answered. */
  try: (name: string, text: string, element: number, answer: (told: TriedTold) => void) => void;
  /** Write it into the code; `answer` gets why not, or "". */
  write: (name: string, text: string, answer: (problem: string) => void) => void;
  kept: KeptFunction;
  /** What it is kept by. */
  object: string;
}

/** The function that is open: a card is made anew with each edit. */
export class KeptFunction {
  private key = "";
  private editor: Editor | null = null;
  /** Draw its plot anew, in other colours. */
  redraw = (): void => undefined;
  /** What was written and is not in the code yet. */
  text: string | null = null;
  told: TriedTold | null = null;
  element = 0;

  is(key: string): boolean {
    return this.key === key;
  }

  open(key: string): void {
    if (this.key === key) return;
    this.close();
    this.key = key;
  }

  close(): void {
    this.shows(null);
    this.key = "";
    this.redraw = () => undefined;
    [this.text, this.told, this.element] = [null, null, 0];
  }

  /** There is one editor. */
  shows(editor: Editor | null): void {
    this.editor?.close();
    this.editor = editor;
  }
}

export function functionField(
  field: FieldTold,
  told: FunctionTold,
  host: FunctionHost,
): HTMLElement {
  return new FunctionField(field.name, told, host).element;
}

class FunctionField {
  readonly element = make("details", "nl-function");
  private readonly place = make("div", "nl-function-editor");
  private readonly state = make("span", "nl-function-state", { role: "status" });
  private readonly problem = make("p", "nl-edit-problem", { role: "alert", hidden: "" });
  private readonly plot = make("div", "nl-function-place");
  private readonly along = make("select", "nl-field", { "aria-label": "plot along" });
  private readonly key: string;
  private editor: Editor | null = null;

  constructor(
    private readonly name: string,
    private readonly told: FunctionTold,
    private readonly host: FunctionHost,
  ) {
    this.key = `${host.object} ${name}`;
    const { element, along } = this;
    element.dataset.function = name;
    const { uses, kind } = told;
    const note = kind === "def" && uses > 1 ? `The code uses it in ${uses} places.` : "";
    for (const [i, each] of told.along.entries())
      along.append(make("option", "", { value: String(i) }, `over ${each}`));
    along.hidden = told.along.length < 2;
    along.addEventListener("change", () => {
      host.kept.element = Number(along.value);
      // It has run, and so was asked for.
      if (host.kept.told !== null) this.try();
    });
    const tools = make(
      "div",
      "nl-function-tools",
      {},
      button("Try", "run it, and plot what it gives (Ctrl+Enter)", () => this.try()),
      button("Apply", "try it, and write it into the code (Ctrl+S)", () => this.apply()),
      along,
      this.state,
    );
    element.append(
      make("summary", "", {}, `${name} as code`),
      ...(note === "" ? [] : [make("p", "nl-edit-made nl-edit-all", {}, note)]),
      this.place,
      tools,
      this.problem,
      this.plot,
    );
    element.addEventListener("toggle", () => this.toggled());
    // Escape leaves the editor, and no more.
    this.place.addEventListener("keydown", (event) => event.stopPropagation());
    if (host.kept.is(this.key)) element.open = true;
  }

  private toggled(): void {
    const { kept } = this.host;
    if (!this.element.open) {
      if (kept.is(this.key)) kept.close();
      this.editor = null;
      return;
    }
    kept.open(this.key);
    kept.redraw = () => this.draw(kept.told);
    this.along.value = String(kept.element);
    if (kept.told !== null) this.show(kept.told);
    if (this.editor === null) void this.load();
  }

  private async load(): Promise<void> {
    setText(this.state, "loading the editor …");
    try {
      const { Editor } = await this.host.editor();
      if (!this.element.isConnected || !this.element.open || this.editor !== null) return;
      const { kept } = this.host;
      this.editor = new Editor(this.place, {
        text: kept.text ?? this.told.text,
        firstLine: this.told.line,
        label: `code of ${this.name}`,
        changed: (text) => {
          kept.text = text;
          setText(this.state, "changed, not in the code yet");
        },
        run: () => this.try(),
        save: () => this.apply(),
        at: () => undefined,
      });
      kept.shows(this.editor);
      setText(this.state, kept.text === null ? "" : "changed, not in the code yet");
      if (kept.told !== null) this.show(kept.told);
    } catch (error) {
      setText(this.state, "");
      this.say(`The editor cannot be loaded. ${String(error)}`);
    }
  }

  private get text(): string {
    return this.editor?.text ?? this.host.kept.text ?? this.told.text;
  }

  private say(problem: string): void {
    this.problem.hidden = problem === "";
    setText(this.problem, problem);
  }

  private try(then?: () => void): void {
    setText(this.state, "running it …");
    this.host.try(this.name, this.text, this.host.kept.element, (told) => {
      this.host.kept.told = told;
      setText(this.state, this.host.kept.text === null ? "" : "changed, not in the code yet");
      this.show(told);
      this.plot.scrollIntoView({ block: "nearest" });
      if (told.problem === "") then?.();
    });
  }

  /** What runs goes into the code. */
  private apply(): void {
    this.try(() => {
      const { text } = this;
      if (text === this.told.text && this.told.kind !== "none") return;
      setText(this.state, "changing the code …");
      const { kept } = this.host;
      kept.text = null;
      this.host.write(this.name, text, (problem) => {
        if (problem === "") return setText(this.state, "");
        kept.text = text;
        setText(this.state, "changed, not in the code yet");
        this.say(problem);
      });
    });
  }

  private show(told: TriedTold): void {
    const { line, problem } = told;
    this.say(line === null || problem === "" ? problem : `line ${line}: ${problem}`);
    const at = line === null ? null : line - this.told.line + 1;
    this.editor?.flaw(
      at === null ? null : { message: problem, from: [at, 0], to: [at, Number.MAX_SAFE_INTEGER] },
    );
    this.draw(told);
  }

  private draw(told: TriedTold | null): void {
    if (told === null || told.problem !== "") return this.plot.replaceChildren();
    const parts: Element[] = [];
    if (told.size > 0) parts.push(functionPlot(told, this.host.theme()));
    const words = saidOf(told);
    if (words !== "") parts.push(make("p", "nl-edit-made", {}, words));
    this.plot.replaceChildren(...parts);
  }
}

/** What the plot does not show. */
export function saidOf({ size, y }: TriedTold): string {
  if (size === 0) return "It runs, and gives nothing.";
  const parts = size > y.length ? [`The first ${y.length} of ${size} values.`] : [];
  if (y.flat().includes(null)) parts.push("Where there is no line it gives no finite number.");
  return parts.join(" ");
}

function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const element = make("button", "nl-button", { type: "button", title }, text);
  element.addEventListener("click", act);
  return element;
}
