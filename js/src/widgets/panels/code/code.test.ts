import { EditorView } from "@codemirror/view";
import { afterEach, describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "../../charts/fakes";
import * as editing from "../../editing/codemirror";
import { NotebookCell } from "../../host";
import type { PanelContext } from "../../panel";
import { Store, type LabState } from "../../store";
import { Changes } from "./changes";
import kind from "./index";
import type { CodeTold } from "./payload";

describe("a text that two hands write", () => {
  it("takes what the drawing makes of it, and keeps what is typed meanwhile", () => {
    const changes = new Changes();
    changes.begin("a\n");
    expect(changes.hear("a\nb\n", "a\n")).toBe("take");
    // Sent twice before the first comes back: what is typed since is newer.
    changes.sent("a\nb1\n");
    changes.sent("a\nb12\n");
    expect(changes.hear("a\nb1\n", "a\nb123\n")).toBe("keep");
    expect(changes.hear("a\nb12\n", "a\nb123\n")).toBe("keep");
    // Typed here and drawn there.
    expect(changes.hear("a\nb12\nc\n", "a\nb123\n")).toBe("differ");
    changes.begin("a\nb12\nc\n");
    expect(changes.hear("a\nb12\nc\nd\n", "a\nb12\nc")).toBe("take");
  });

  it("are two from the start where nobody knows which is the newer one", () => {
    const changes = new Changes();
    changes.begin(null);
    expect(changes.hear("a\n", "b")).toBe("differ");
    expect(changes.hear("a\n", "b")).toBe("differ");
    expect(changes.hear("b\n", "b")).toBe("keep");
    expect(changes.hear("c\n", "b")).toBe("take");
  });
});

/** A notebook of one cell, as far as it is asked. */
function notebook(source: string): { model: never; edits: [number, number, string][] } {
  const edits: [number, number, string][] = [];
  const sharedModel = {
    getId: () => "own",
    getSource: () => source,
    updateSource: (start: number, end: number, value: string) => {
      edits.push([start, end, value]);
      source = source.slice(0, start) + value + source.slice(end);
    },
    transact: (change: () => void, undoable: boolean) => undoable && change(),
  };
  const cells = { length: 1, get: () => ({ sharedModel, outputs: { length: 0 } }) };
  const model = { widget_manager: { context: { model: { cells } } } };
  return { model: model as never, edits };
}

describe("the cell of a Lab", () => {
  it("is edited where it differs, below its first line", () => {
    const { model, edits } = notebook("%%lab\na = 1\nb = 2");
    const cell = NotebookCell.find(model, "m", "own");
    expect(cell?.text).toBe("a = 1\nb = 2");
    if (cell !== null) cell.text = "a = 12\nb = 2\n";
    expect(cell?.text).toBe("a = 12\nb = 2");
    expect(edits).toEqual([[11, 11, "2"]]);
  });

  it("is none that does not begin so, and none of another Lab", () => {
    expect(NotebookCell.find(notebook("a = 1").model, "m", "own")).toBeNull();
    expect(NotebookCell.find(notebook("%%lab\n").model, "m", "other")).toBeNull();
  });
});

const TOLD: CodeTold = {
  name: "model.py",
  kind: "file",
  cell: "",
  first_line: 1,
  text: "a = 1\n",
  version: 1,
  state: "good",
  phase: "",
  fresh: true,
  drawn: false,
  trouble: null,
  besides: [],
  other: null,
  drawn_other: false,
  lines: {},
};

/** The panel, as far as it is asked, with what it says and where it goes to. */
async function open(
  told: Partial<CodeTold> = {},
  cell: { text: string; watch: () => void } | null = null,
) {
  const sent: Record<string, unknown>[] = [];
  const store = new Store<Partial<LabState>>({
    selection: null,
    life: "alive",
    status: { state: "ready" } as LabState["status"],
  });
  const travel = vi.fn();
  const panel = kind.make();
  const body = document.createElement("div");
  document.body.append(body);
  const context = {
    signal: lifeOfTest().signal,
    store,
    send: (content: Record<string, unknown>) => void sent.push(content),
    editor: () => Promise.resolve(editing),
    cell: () => cell,
    travel,
  };
  await panel.mount(body, context as unknown as PanelContext);
  const hear = (more: Partial<CodeTold>): void =>
    panel.hear({ type: "code", told: { ...TOLD, ...more } });
  hear(told);
  await Promise.resolve();
  sent.length = 0;
  const place = body.querySelector<HTMLElement>(".cm-content");
  const view = place === null ? null : EditorView.findFromDOM(place);
  const press = (key: string, more = {}): boolean | undefined =>
    place?.dispatchEvent(
      new KeyboardEvent("keydown", { key, ctrlKey: true, bubbles: true, ...more }),
    );
  const type = (text: string): void =>
    view?.dispatch({ changes: { from: view.state.doc.length, insert: text } });
  const state = (): string => body.querySelector(".nl-source-state")?.textContent ?? "";
  const click = (name: string): void =>
    [...body.querySelectorAll("button")].find((b) => b.textContent === name)?.click();
  return {
    body,
    panel,
    store,
    sent,
    travel,
    hear,
    view,
    press,
    type,
    state,
    click,
    text: () => view?.state.sliceDoc(),
  };
}

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("undo in the editor", () => {
  it("takes back what was typed, never in a text that comes from the drawing", async () => {
    const { hear, press, type, text, travel } = await open();
    type("b = 2\n");
    press("z");
    expect(text()).toBe("a = 1\n");
    press("z", { shiftKey: true });
    expect(text()).toBe("a = 1\nb = 2\n");
    // Nothing is left to do again, and what is typed has not run: nothing happens.
    press("z", { shiftKey: true });
    expect(travel).not.toHaveBeenCalled();
    press("z");
    hear({ text: "radius = 1\na = 1\nc = 3\n", drawn: true });
    expect(text()).toBe("radius = 1\na = 1\nc = 3\n");
    press("z", { repeat: true });
    expect(travel).not.toHaveBeenCalled();
    press("z");
    press("y");
    expect(travel.mock.calls).toEqual([["undo"], ["redo"]]);
    expect(text()).toBe("radius = 1\na = 1\nc = 3\n");
  });

  it("goes on with the drawing where what was typed is what runs", async () => {
    const { hear, press, type, travel, sent, text } = await open();
    type("b\n");
    press("z");
    // It is told first, so that it is not taken for typed any more.
    press("z");
    expect(sent).toEqual([{ type: "typed", text: "a = 1\n" }]);
    expect(travel).toHaveBeenCalledExactlyOnceWith("undo");
    hear({});
    expect(text()).toBe("a = 1\n");
  });

  it("brings back what was here before the other version was taken", async () => {
    vi.useFakeTimers();
    const { body, hear, press, type, text, click, sent } = await open();
    type("mine\n");
    hear({ text: "drawn\n", drawn: true });
    expect(body.textContent).toContain("changed by drawing while you wrote");
    // It stays a choice: neither is written over the other meanwhile.
    type("more\n");
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual([]);
    click("Take that version");
    expect(text()).toBe("drawn\n");
    press("z");
    expect(text()).toBe("a = 1\nmine\nmore\n");
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual([{ type: "typed", text: "a = 1\nmine\nmore\n" }]);
    press("z");
    expect(text()).toMatch(/^a = 1\n/);
  });
});

describe("the code", () => {
  it("of a cell that is behind the drawing is a choice as soon as it is there", async () => {
    const cell = { text: "a = 1", watch: () => undefined };
    const told = { kind: "cell", text: "a = 1\nb = 2\n", drawn: true } as const;
    const { body, hear, state, click, sent } = await open(told, cell);
    const other = body.querySelector<HTMLElement>(".nl-source-other")!;
    expect(other.hidden).toBe(false);
    expect(other.textContent).toContain("This cell is not what is drawn");
    expect(state()).toBe("changed, not run yet");
    hear(told);
    expect(other.hidden).toBe(false);
    expect(cell.text).toBe("a = 1");
    click("Take that version");
    expect(other.hidden).toBe(true);
    expect(cell.text).toBe("a = 1\nb = 2\n");
    expect(state()).toBe("this is what is drawn");
    expect(sent).toEqual([]);
  });

  it("is told at once, where an edit by drawing is about to be", async () => {
    vi.useFakeTimers();
    const { panel, type, sent, hear, body } = await open();
    panel.settle();
    expect(sent).toEqual([]);
    type("b = 2\n");
    panel.settle();
    const text = "a = 1\nb = 2\n";
    expect(sent).toEqual([{ type: "typed", text }]);
    vi.runAllTimers();
    expect(sent).toHaveLength(1);
    // The edit is refused: there is no other version to be chosen.
    hear({ text, fresh: false });
    expect(body.querySelector<HTMLElement>(".nl-source-other")!.hidden).toBe(true);
  });

  it("is there twice where a person wrote while an edit by drawing was made", async () => {
    const { hear, body, sent, click } = await open();
    const other = body.querySelector<HTMLElement>(".nl-source-other")!;
    hear({ text: "a = 1\n# typed\n", fresh: false, other: "a = 2\n", drawn_other: true });
    expect(other.hidden).toBe(false);
    expect(other.textContent).toContain("changed by drawing while you wrote");
    expect(other.textContent).toContain("a = 2");
    click("Take that version");
    expect(sent.at(-1)).toEqual({ type: "take_other" });
    expect(other.hidden).toBe(true);
  });

  it("of a cell that was typed in since it ran has not run yet, and the kernel knows", async () => {
    vi.useFakeTimers();
    let changed = (): void => undefined;
    const cell = { text: "a = 1", watch: (act: () => void) => void (changed = act) };
    const { body, hear, state, click, sent } = await open({ kind: "cell" }, cell as never);
    expect(state()).toBe("this is what is drawn");
    cell.text = "a = 12";
    changed();
    expect(state()).toBe("changed, not run yet");
    expect(body.querySelector<HTMLElement>(".nl-source-other")!.hidden).toBe(true);
    vi.runAllTimers();
    expect(sent).toEqual([{ type: "typed", text: "a = 12" }]);
    hear({ kind: "cell", text: "a = 12", fresh: false, drawn: true });
    expect(state()).toBe("changed, not run yet");
    // What comes from the drawing is not sent back.
    changed();
    vi.runAllTimers();
    click("Run");
    expect(sent.slice(1)).toEqual([{ type: "run", text: "a = 12" }]);
  });

  it("says what is done of it, and no button moves for that", async () => {
    const { body, hear, state } = await open();
    const buttons = () =>
      [...body.querySelectorAll<HTMLElement>(".nl-source-bar button")].filter(
        ({ hidden }) => !hidden,
      );
    const before = buttons();
    const said = (["running", "building", "stopping"] as const).map((phase) => {
      hear({ state: "working", phase });
      return state();
    });
    expect(said).toEqual(["running the code …", "building its network …", "stopping …"]);
    expect(buttons().slice(0, before.length)).toEqual(before);
    expect(buttons().at(-1)?.textContent).toBe("Stop");
  });

  it("says that the kernel is gone, what to do, and what is only here", async () => {
    const { body, store, state, sent, click, type } = await open();
    const alert = body.querySelector<HTMLElement>(".nl-source-trouble")!;
    const named = (name: string) =>
      [...body.querySelectorAll("button")].find(({ textContent }) => textContent === name)!;
    expect(alert.hidden).toBe(true);
    store.set({ life: "gone" });
    expect(alert.textContent).toBe(
      "The kernel is gone: run the notebook again from the top to go on.",
    );
    expect(state()).toBe("nothing runs any more");
    expect([named("Run").disabled, named("Save").disabled]).toEqual([true, true]);
    expect(named("Copy").disabled).toBe(false);
    type("b = 2\n");
    expect(alert.textContent).toContain("only here: copy it");
    click("Run");
    expect(sent).toEqual([]);
    store.set({ life: "alive" });
    expect(alert.hidden).toBe(true);
    expect(state()).toBe("changed, not run yet");
    expect(named("Run").disabled).toBe(false);
  });

  it("says why it does not run, and that it could not be kept", async () => {
    const trouble = { kind: "raised", message: "NameError", line: 1, at: [], traceback: "" };
    const told = { state: "failed", fresh: false, trouble, besides: ["It could not be written."] };
    const { body } = await open(told as Partial<CodeTold>);
    const said = [...body.querySelectorAll<HTMLElement>(".nl-source-trouble")].slice(1);
    expect(said.map((each) => each.hidden)).toEqual([false, false]);
    expect(said.map((each) => each.textContent)).toEqual([
      "line 1: NameError",
      "It could not be written.",
    ]);
  });
});
