/** The code that the network is made of: run, stopped, edited, with what is wrong in its place. */

import "./code.css";

import { make, setText } from "../../dom";
import { Changes, same } from "./changes";
import type { Editor } from "../../editing/editor";
import { ElementPicture } from "../../elementpicture";
import { endOf } from "../../ended";
import { goInCell } from "../../lines";
import type { NotebookCell } from "../../host";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { isCodeMessage, isKeptMessage, type CodeTold, type TroubleTold } from "./payload";

const SEND_AFTER_MS = 250;
const ASK_EVERY_MS = 3000;

function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const element = make("button", "nl-button", { type: "button", title }, text);
  element.addEventListener("click", act);
  return element;
}

const PHASES: Record<CodeTold["phase"], string> = {
  "": "beginning …",
  running: "running the code …",
  building: "building its network …",
  stopping: "stopping …",
};

/** What is said of how the code stands. */
export function stateText({ state, phase, fresh, trouble }: CodeTold): string {
  if (state === "working") return PHASES[phase];
  if (state === "unrun") return "not run yet";
  if (state === "failed")
    return trouble?.kind === "stopped"
      ? "stopped"
      : "does not run; the network is the last good one";
  return fresh ? "this is what is drawn" : "changed, not run yet";
}

class CodePanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private told: CodeTold | null = null;
  private editor: Editor | null = null;
  private making = false;
  private cell: NotebookCell | null = null;
  /** The timer of what is typed and not sent yet; 0 is none. */
  private sending = 0;
  /** What the drawing made while a person wrote, until one of both is chosen. */
  private theirs: string | null = null;
  /** Why nothing is done any more, or "". */
  private end = "";
  /** Whether the cell was another when the page was loaded. */
  private behind = false;
  private picturing!: ElementPicture;
  private readonly changes = new Changes();
  private readonly root = make("div", "nl-source");
  private readonly state = make("span", "nl-source-state", { role: "status" }, "…");
  private readonly trouble = make("div", "nl-source-trouble", { role: "alert", hidden: "" });
  private readonly ended = make("div", "nl-source-trouble", { role: "alert", hidden: "" });
  private readonly besides = make("div", "nl-source-trouble", { role: "alert", hidden: "" });
  private readonly other = make("div", "nl-source-other", { role: "alert", hidden: "" });
  private readonly place = make("div", "nl-source-editor");
  private readonly plain = make("pre", "nl-source-plain", { tabindex: "0" });
  private readonly note = make("p", "nl-source-note", { hidden: "" });
  private readonly run = button("Run", "run the code (Ctrl+Enter)", () => this.send("run"));
  private readonly stop = button("Stop", "stop the code, and what is built of it", () =>
    this.context.send({ type: "stop" }),
  );
  private readonly save = button("Save", "write the file (Ctrl+S)", () => this.send("save"));
  private readonly copy = button("Copy", "copy the code", () => void this.copied());

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    const { signal, store } = context;
    this.run.classList.add("nl-source-run");
    // What is there for a while only comes last: nothing else moves for it.
    const bar = make("div", "nl-source-bar", {}, this.run, this.save, this.copy, this.stop);
    bar.append(this.state);
    this.place.append(this.plain);
    this.root.append(
      bar,
      this.ended,
      this.trouble,
      this.besides,
      this.other,
      this.note,
      this.place,
    );
    // What is typed here are no keys of the Lab.
    this.place.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
    body.append(this.root);
    this.picturing = new ElementPicture(this.root, signal);
    store.subscribe(
      (s) => s.selection,
      signal,
      (name) => this.mark(name),
    );
    store.subscribe(
      (s) => s.line,
      signal,
      (line) => line !== undefined && this.go(line.at),
    );
    store.subscribe(endOf, signal, (end) => this.showEnd(end));
    signal.addEventListener("abort", () => {
      window.clearTimeout(this.sending);
      this.editor?.close();
    });
    this.ask();
  }

  private ask(): void {
    if (this.context.signal.aborted || this.told !== null) return;
    this.context.send({ type: "ask" });
    window.setTimeout(() => this.ask(), ASK_EVERY_MS);
  }

  // ---- what the kernel says ----------------------------------------------------------------------

  hear(content: Record<string, unknown>): void {
    if (isKeptMessage(content)) return this.cell?.keep(content.layout);
    if (!isCodeMessage(content)) return;
    const { told } = content;
    const first = this.told === null;
    this.told = told;
    if (first) {
      const cell = (this.cell = told.kind === "cell" ? this.context.cell(told.cell) : null);
      // Of a page that was not saved, the cell is behind what was drawn since.
      this.behind = cell !== null && told.drawn && !same(cell.text, told.text);
      this.changes.begin(this.behind ? null : told.text);
      cell?.watch(() => this.written(), this.context.signal);
      if (cell === null) void this.open(told);
    }
    this.take(told);
    this.show(told);
  }

  /** Show the text of the kernel, unless a person has written another one meanwhile. */
  private take(told: CodeTold): void {
    const mine = this.cell === null ? (this.editor?.text ?? told.text) : this.cell.text;
    const what = this.changes.hear(told.text, mine);
    if (what === "take") this.put(told.text);
    // What is written goes nowhere until one is chosen.
    if (what === "differ") this.wait();
    this.differ(what === "differ" ? told.text : told.other, what === "differ");
  }

  /** Show a text; as a `step` it can be taken back in the editor. */
  private put(text: string, step = false): void {
    setText(this.plain, text);
    if (this.cell !== null) this.cell.text = text;
    else this.editor?.put(text, step);
  }

  private async open(told: CodeTold): Promise<void> {
    if (this.making) return;
    this.making = true;
    setText(this.plain, told.text);
    try {
      const { Editor } = await this.context.editor();
      if (this.context.signal.aborted) return;
      this.plain.remove();
      this.editor = new Editor(this.place, {
        text: this.told?.text ?? told.text,
        firstLine: told.first_line,
        label: `code of ${told.name}`,
        changed: () => this.typed(),
        run: () => this.send("run"),
        save: () => this.send("save"),
        at: (line) => this.atLine(line),
        past: (which, typed) => this.travel(which, typed),
      });
      if (this.told !== null) this.show(this.told);
    } catch (error) {
      this.note.hidden = false;
      setText(this.note, `The editor cannot be loaded, so this is for reading. ${String(error)}`);
    }
  }

  // ---- what a person does --------------------------------------------------------------------------

  private get text(): string {
    return this.cell?.text ?? this.editor?.text ?? this.told?.text ?? "";
  }

  /** What is typed is not told for now. */
  private wait(): void {
    window.clearTimeout(this.sending);
    this.sending = 0;
  }

  settle(): void {
    if (this.sending !== 0) this.send("typed");
  }

  private typed(): void {
    this.wait();
    if (this.theirs === null)
      this.sending = window.setTimeout(() => this.send("typed"), SEND_AFTER_MS);
    if (this.end !== "") return this.showState();
    setText(this.state, "changed, not run yet");
    this.run.dataset.wanted = "true";
  }

  /** The cell has another text: what a person wrote, or what comes from the drawing. */
  private written(): void {
    this.wait();
    // So that no edit by drawing is one of a text that is not here any more.
    if (this.theirs === null && this.isAhead)
      this.sending = window.setTimeout(() => this.send("typed"), SEND_AFTER_MS);
    this.showState();
  }

  /** Undo goes on with what was drawn where nothing is left that was typed and has not run. */
  private travel(which: "undo" | "redo", typed: boolean): void {
    if (this.theirs !== null || (typed && !(this.told?.fresh && !this.isAhead))) return;
    this.settle();
    this.context.travel(which);
  }

  private send(type: "typed" | "run" | "save"): void {
    this.wait();
    if (this.end !== "") return;
    if (this.theirs !== null) {
      this.changes.begin(this.theirs);
      this.differ(null, false);
    }
    const { text } = this;
    this.changes.sent(text);
    this.context.send({ type, text });
  }

  private async copied(): Promise<void> {
    await navigator.clipboard.writeText(this.text);
    const { textContent } = this.copy;
    setText(this.copy, "Copied");
    window.setTimeout(() => setText(this.copy, textContent ?? "Copy"), 1200);
  }

  private atLine(line: number): void {
    const lines = Object.entries(this.told?.lines ?? {});
    const found = lines.find(([, [first, last]]) => first <= line && line <= last);
    const name = found === undefined ? null : found[0];
    const { store } = this.context;
    if (store.get().selection !== name) store.set({ selection: name });
  }

  private mark(name: string | null): void {
    const lines = name === null ? undefined : this.told?.lines[name];
    this.editor?.mark(lines === undefined ? null : [lines[0], lines[1]]);
  }

  // ---- how it stands -------------------------------------------------------------------------------

  /** Whether what is here is not what the kernel has. */
  private get isAhead(): boolean {
    return this.told !== null && !same(this.text, this.told.text);
  }

  /** Nothing runs any more, and why; or with "" it does. */
  private showEnd(end: string): void {
    this.end = end;
    this.ended.hidden = end === "";
    for (const button of [this.run, this.stop, this.save]) button.disabled = end !== "";
    this.showState();
  }

  /** What is to be done, and that what is written here is nowhere else. */
  private explainEnd(): void {
    const { kind, fresh, version } = this.told ?? { kind: "cell", fresh: true, version: 0 };
    const written = fresh || version === 1;
    const unkept = kind === "here" || (kind === "file" && (this.isAhead || !written));
    const copy = unkept ? [make("p", "", {}, "What was written is only here: copy it first.")] : [];
    this.ended.replaceChildren(make("p", "", {}, this.end), ...copy);
  }

  private showState(): void {
    if (this.end !== "") {
      this.explainEnd();
      this.state.dataset.state = "failed";
      this.run.dataset.wanted = "false";
      return setText(this.state, "nothing runs any more");
    }
    if (this.told === null) return;
    const { state } = this.told;
    const fresh = this.told.fresh && !this.isAhead;
    this.state.dataset.state = state === "good" && !fresh ? "unrun" : state;
    setText(this.state, stateText({ ...this.told, fresh }));
    this.run.dataset.wanted = String(state !== "working" && !(state === "good" && fresh));
  }

  private show(told: CodeTold): void {
    const { state, kind, trouble } = told;
    this.showState();
    this.besides.hidden = told.besides.length === 0;
    this.besides.replaceChildren(...told.besides.map((said) => make("p", "", {}, said)));
    this.stop.hidden = state !== "working";
    this.save.hidden = kind !== "file";
    this.copy.hidden = this.cell !== null;
    this.place.hidden = this.cell !== null;
    this.showTrouble(trouble);
    const [line, column, endLine, endColumn] = trouble?.at ?? [];
    if (trouble === null || trouble.line === null) this.editor?.flaw(null);
    else {
      const at = trouble.line - told.first_line + 1;
      this.editor?.flaw({
        message: trouble.message,
        from: [line ?? at, column ?? 0],
        to: [endLine ?? at, endColumn ?? Number.MAX_SAFE_INTEGER],
      });
    }
  }

  /** To a line, as people count them. */
  private go(line: number): void {
    if (this.cell !== null) goInCell(this.root, line);
    else this.editor?.go(line - (this.told?.first_line ?? 1) + 1);
  }

  private showTrouble(trouble: TroubleTold | null): void {
    this.trouble.hidden = trouble === null;
    if (trouble === null) return this.trouble.replaceChildren();
    const said = make("p");
    const { line } = trouble;
    if (line !== null && (this.editor ?? this.cell) !== null) {
      const go = button(`line ${line}`, "go to the line", () => this.go(line));
      go.className = "nl-source-line";
      said.append(go, ": ");
    } else if (line !== null) said.append(`line ${line}: `);
    said.append(trouble.message);
    const parts: Node[] = [said];
    if (trouble.traceback !== "")
      parts.push(
        make(
          "details",
          "",
          {},
          make("summary", "", {}, "Show the traceback"),
          make("pre", "", { tabindex: "0" }, trouble.traceback),
        ),
      );
    this.trouble.replaceChildren(...parts);
  }

  /** There are two versions: both are shown, and a person chooses. */
  private differ(other: string | null, here: boolean): void {
    if (here && other !== null && other === this.theirs) return;
    this.theirs = here ? other : null;
    this.other.hidden = other === null;
    if (other === null) return this.other.replaceChildren();
    const drawn = here || this.told?.drawn_other === true;
    const who = !drawn
      ? `${this.told?.name ?? "The file"} was changed by another program.`
      : here && this.behind
        ? "This cell is not what is drawn: the drawing was changed, and the notebook not saved."
        : "The code was changed by drawing while you wrote in it.";
    const keeps = here ? "it runs, without what the other has" : "the other is written over";
    const take = button("Take that version", "undo brings back what you have here", () => {
      if (here) this.changes.begin(other);
      else this.changes.sent(other);
      this.behind = false;
      this.put(other, true);
      this.differ(null, false);
      this.showState();
      if (!here) this.context.send({ type: "take_other" });
    });
    const keep = button("Keep mine", keeps, () => {
      if (!here) return this.context.send({ type: "keep_mine" });
      this.behind = false;
      this.send("run");
    });
    this.other.replaceChildren(
      make("p", "", {}, who),
      make("div", "nl-source-both", {}, take, keep),
      make(
        "details",
        "",
        {},
        make("summary", "", {}, "Show that version"),
        make("pre", "", { tabindex: "0" }, other),
      ),
    );
  }

  receive(): void {}

  clear(): void {}

  retheme(): void {}

  relayout(): void {}

  picture(): HTMLCanvasElement | null {
    return this.picturing.canvas;
  }
}

export default {
  name: "code",
  still: true,
  make: () => new CodePanel(),
} satisfies PanelKind;
