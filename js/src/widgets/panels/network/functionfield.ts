/** A function of a connection or a Node as code, on its card; with its plot, when that is asked for. */

import { make, setHidden, setText } from "../../dom";
import type { Editing as EditorPart, Editor } from "../../editing/editor";
import type { Theme } from "../../theme";
import { renew } from "../../renewing";
import { functionPlot } from "./functionplot";
import type { FunctionTold, TriedTold } from "./payload";

export interface FunctionHost {
  editor: () => Promise<EditorPart>;
  theme: () => Theme;
  /** Have it run; what it gives is answered. */
  try: (name: string, text: string, element: number, answer: (told: TriedTold) => void) => void;
  /** Write it into the code; `answer` gets why not, or "". */
  write: (name: string, text: string, answer: (problem: string) => void) => void;
  /** Say what went wrong with it when it is not shown any more. */
  say: (problem: string) => void;
  kept: KeptFunction;
  /** What it is kept by. */
  object: string;
}

/** The function that is open: a network view shows one at a time. */
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

  /** The same function goes by another key: its object has another name. */
  rename(before: string, after: string): void {
    if (this.key === before) this.key = after;
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

export class FunctionField {
  readonly element = make("details", "nl-function");
  private readonly place = make("div", "nl-function-editor");
  private readonly said = make("span", "nl-function-state", { role: "status" });
  private readonly problem = make("p", "nl-edit-problem", { role: "alert", hidden: "" });
  private readonly plot = make("div", "nl-function-place");
  private readonly along = make("select", "nl-field", { "aria-label": "plot along" });
  private readonly note = make("p", "nl-edit-made nl-edit-all");
  private editor: Editor | null = null;

  constructor(
    private readonly name: string,
    private told: FunctionTold,
    private host: FunctionHost,
  ) {
    const { element, along } = this;
    element.dataset.function = name;
    element.dataset.key = `function ${name}`;
    along.addEventListener("change", () => {
      this.host.kept.element = Number(along.value);
      // It has run, and so was asked for.
      if (this.host.kept.told !== null) this.try();
    });
    const tools = make(
      "div",
      "nl-function-tools",
      {},
      button("Try", "run it, and plot what it gives (Ctrl+Enter)", () => this.try()),
      button("Apply", "try it, and write it into the code (Ctrl+S)", () => this.apply()),
      along,
      this.said,
    );
    element.append(
      make("summary", "", {}, `${name} as code`),
      this.note,
      this.place,
      tools,
      this.problem,
      this.plot,
    );
    element.addEventListener("toggle", () => this.toggled());
    // Escape leaves the editor, and no more.
    this.place.addEventListener("keydown", (event) => event.stopPropagation());
    this.describe();
    this.forgive();
    if (host.kept.is(this.key)) element.open = true;
  }

  private get key(): string {
    return `${this.host.object} ${this.name}`;
  }

  /** The network was made anew: what a person is writing stays. */
  show(told: FunctionTold, host: FunctionHost): void {
    const before = this.key;
    [this.told, this.host] = [told, host];
    const { kept } = host;
    kept.rename(before, this.key);
    this.describe();
    if (!kept.is(this.key)) return;
    if (kept.text === told.text) kept.text = null;
    if (kept.text === null) this.editor?.put(told.text);
    this.forgive();
    this.state();
  }

  private describe(): void {
    const { uses, kind, along } = this.told;
    const note = kind === "def" && uses > 1 ? `The code uses it in ${uses} places.` : "";
    setText(this.note, note);
    setHidden(this.note, note === "");
    const over = along.map((each, i) => make("option", "", { value: String(i) }, `over ${each}`));
    renew(this.along, over);
    this.along.hidden = along.length < 2;
  }

  /** What went wrong in the network before need not go wrong in this one. */
  private forgive(): void {
    const { kept } = this.host;
    if (!kept.is(this.key) || kept.told === null || kept.told.problem === "") return;
    kept.told = null;
    this.say("");
    this.editor?.flaw(null);
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
    if (kept.told !== null) this.tell(kept.told);
    if (this.editor === null) void this.load();
  }

  private async load(): Promise<void> {
    setText(this.said, "loading the editor …");
    try {
      const { Editor } = await this.host.editor();
      if (!this.element.isConnected || !this.element.open || this.editor !== null) return;
      const { kept } = this.host;
      const line = (): number => this.told.line;
      this.editor = new Editor(this.place, {
        text: kept.text ?? this.told.text,
        get firstLine() {
          return line();
        },
        label: `code of ${this.name}`,
        changed: (text) => {
          kept.text = text;
          this.state();
        },
        run: () => this.try(),
        save: () => this.apply(),
        at: () => undefined,
      });
      kept.shows(this.editor);
      this.state();
      if (kept.told !== null) this.tell(kept.told);
    } catch (error) {
      setText(this.said, "");
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
    setText(this.said, "running it …");
    this.host.try(this.name, this.text, this.host.kept.element, (told) => {
      this.host.kept.told = told;
      this.state();
      this.tell(told);
      this.plot.scrollIntoView({ block: "nearest" });
      if (told.problem === "") then?.();
    });
  }

  /** What runs goes into the code. */
  private apply(): void {
    const { text } = this;
    this.try(() => {
      if (text === this.told.text && this.told.kind !== "none") return;
      setText(this.said, "writing it into the code …");
      const { kept } = this.host;
      this.host.write(this.name, text, (problem) => {
        // Else a person has written on meanwhile.
        if (problem === "" && kept.text === text) kept.text = null;
        this.state();
        if (this.element.isConnected) this.say(problem);
        else this.host.say(problem);
      });
    });
  }

  private state(): void {
    setText(this.said, this.host.kept.text === null ? "" : "changed, not in the code yet");
  }

  private tell(told: TriedTold): void {
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
