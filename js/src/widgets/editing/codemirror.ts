/** An editor of Python: CodeMirror, in the colours of the page. A part of its own (`parts.ts`). */

import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  isolateHistory,
  redo,
  redoDepth,
  undo,
  undoDepth,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import {
  Compartment,
  EditorState,
  Prec,
  StateEffect,
  StateField,
  Transaction,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

import { undoKey } from "../keys";

export interface EditorHost {
  text: string;
  /** What people call the first line. */
  firstLine: number;
  label: string;
  changed: (text: string) => void;
  run: () => void;
  save: () => void;
  /** The cursor is in a line, counted from 1. */
  at: (line: number) => void;
  /**
   * Undo or redo was pressed, and nothing is left here to take back or do again; `typed` says
   * whether anything was typed since the text came from elsewhere.
   */
  past?: (which: "undo" | "redo", typed: boolean) => void;
}

/** Something wrong: where, in lines from 1 and columns from 0, and what. */
export interface Flaw {
  message: string;
  from: [number, number];
  to: [number, number];
}

const markLines = StateEffect.define<[number, number] | null>();
const marked = Decoration.line({ class: "nl-source-marked" });

const markedLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    let now = lines.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(markLines)) continue;
      const { doc } = transaction.state;
      const [first, last] = effect.value ?? [1, 0];
      const found = [];
      for (let line = first; line <= Math.min(last, doc.lines); line++)
        found.push(marked.range(doc.line(line).from));
      now = Decoration.set(found);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const color = (name: string, fallback: string): string =>
  `var(--jp-mirror-editor-${name}-color, ${fallback})`;

const highlighting = HighlightStyle.define([
  { tag: t.keyword, color: color("keyword", "#008000"), fontWeight: "bold" },
  { tag: [t.number, t.bool, t.null], color: color("number", "#080") },
  { tag: [t.string, t.special(t.string)], color: color("string", "#ba2121") },
  { tag: t.comment, color: color("comment", "#408080"), fontStyle: "italic" },
  { tag: [t.operator, t.operatorKeyword], color: color("operator", "#7800c2") },
  {
    tag: [t.definition(t.variableName), t.function(t.definition(t.variableName))],
    color: color("def", "#00f"),
  },
]);

const look = EditorView.theme({
  "&": { color: "var(--nl-text)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--nl-accent)", outlineOffset: "-2px" },
  ".cm-scroller": {
    fontFamily: "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace)",
    lineHeight: "1.45",
    maxHeight: "var(--nl-source-height, 420px)",
  },
  ".cm-content": { caretColor: "var(--nl-text)", padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: "var(--nl-text)" },
  ".cm-gutters": {
    color: "var(--nl-muted)",
    backgroundColor: "transparent",
    border: "none",
  },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--nl-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "color-mix(in srgb, var(--nl-accent) 30%, transparent)" },
  ".cm-tooltip": {
    color: "var(--nl-text)",
    backgroundColor: "var(--nl-surface)",
    border: "1px solid var(--nl-border)",
  },
});

export class Editor {
  private readonly view: EditorView;
  /** What can be taken back here. */
  private readonly steps = new Compartment();

  constructor(
    parent: HTMLElement,
    private readonly host: EditorHost,
  ) {
    const state = EditorState.create({
      doc: host.text,
      extensions: [
        lineNumbers({ formatNumber: (line) => String(line + host.firstLine - 1) }),
        highlightActiveLineGutter(),
        this.steps.of(history()),
        Prec.high(EditorView.domEventHandlers({ keydown: (event) => this.travel(event) })),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("    "),
        bracketMatching(),
        python(),
        syntaxHighlighting(highlighting),
        lintGutter(),
        markedLines,
        look,
        EditorView.contentAttributes.of({ "aria-label": host.label }),
        keymap.of([
          { key: "Mod-Enter", run: () => (host.run(), true) },
          { key: "Shift-Enter", run: () => (host.run(), true) },
          { key: "Mod-s", run: () => (host.save(), true), preventDefault: true },
          // Escape leaves, so that Tab is no trap for the keyboard.
          { key: "Escape", run: (view) => (view.contentDOM.blur(), true) },
          { key: "Tab", run: indentMore, shift: indentLess },
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          const own = update.transactions.some((each) => each.annotation(Transaction.remote));
          if (update.docChanged && !own) host.changed(this.text);
          if (update.selectionSet && update.view.hasFocus) {
            const { head } = update.state.selection.main;
            host.at(update.state.doc.lineAt(head).number);
          }
        }),
      ],
    });
    this.view = new EditorView({ state, parent });
  }

  get text(): string {
    return this.view.state.sliceDoc();
  }

  private travel(event: KeyboardEvent): boolean {
    const which = undoKey(event);
    if (which === null) return false;
    const { view } = this;
    if ((which === "undo" ? undo : redo)(view)) return true;
    const typed = undoDepth(view.state) + redoDepth(view.state) > 0;
    // A key that is held down takes back what was typed, and no more.
    if (!event.repeat) this.host.past?.(which, typed);
    return true;
  }

  /**
   * Show another text: what is the same stays as it is, the cursor too. What was typed before is
   * not to be taken back in a text that comes from elsewhere; with `step` it is this person's own
   * deed, and taken back first.
   */
  put(text: string, step = false): void {
    const before = this.text;
    if (text === before) return;
    const most = Math.min(text.length, before.length);
    let start = 0;
    while (start < most && text[start] === before[start]) start++;
    let end = 0;
    while (end < most - start && text[text.length - 1 - end] === before[before.length - 1 - end])
      end++;
    this.view.dispatch({
      changes: {
        from: start,
        to: before.length - end,
        insert: text.slice(start, text.length - end),
      },
      annotations: [Transaction.remote.of(true), isolateHistory.of("full")],
    });
    if (step) return;
    this.view.dispatch({ effects: this.steps.reconfigure([]) });
    this.view.dispatch({ effects: this.steps.reconfigure(history()) });
  }

  /** Show what is wrong, in its place. */
  flaw(flaw: Flaw | null): void {
    const { doc } = this.view.state;
    const place = ([line, column]: [number, number]): number => {
      const at = doc.line(Math.max(1, Math.min(line, doc.lines)));
      return Math.min(at.from + column, at.to);
    };
    const found =
      flaw === null
        ? []
        : [
            {
              from: place(flaw.from),
              to: Math.max(place(flaw.from), place(flaw.to)),
              severity: "error" as const,
              message: flaw.message,
            },
          ];
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Mark lines, counted from 1; null marks none. */
  mark(lines: [number, number] | null): void {
    this.view.dispatch({ effects: markLines.of(lines) });
  }

  /** Go to a line, counted from 1. */
  go(line: number): void {
    const at = this.view.state.doc.line(Math.max(1, Math.min(line, this.view.state.doc.lines)));
    this.view.dispatch({
      selection: { anchor: at.from },
      effects: EditorView.scrollIntoView(at.from),
    });
    this.view.focus();
  }

  close(): void {
    this.view.destroy();
  }
}
