import { describe, expect, it, vi } from "vitest";

import { Editing, type EditingHost } from "./editing";
import { confirmDelete, editSection, wayOf } from "./cardedit";
import { functionField, KeptFunction, type FunctionHost } from "./functionfield";
import { pathOf } from "./functionplot";
import { Palette, sought } from "./palette";
import type { Theme } from "../../theme";
import type { CardEdit, FieldTold, TriedTold } from "./payload";

const field = (own: Partial<FieldTold>): FieldTold => ({
  name: "radius",
  kind: "number",
  value: "",
  default: "1.0",
  now: "1.0",
  required: false,
  unit: "",
  choices: [],
  hint: "",
  function: null,
  parts: [],
  ...own,
});

const asked: ((told: TriedTold) => void)[] = [];
const written = vi.fn();
const functions: FunctionHost = {
  editor: () => Promise.reject(new Error("none here")),
  theme: () => ({ dimensions: ["#000"], gridAlpha: 1 }) as Theme,
  kept: new KeptFunction(),
  object: "a",
  try: (_name, _text, _element, answer) => void asked.push(answer),
  write: written,
};

const edit = (fields: FieldTold[]): CardEdit => ({
  variable: "a",
  made: "line 3 makes these 4",
  line: 3,
  count: 4,
  fields,
  why_not: "",
});

describe("the palette", () => {
  it("finds by all words, those in the title first", () => {
    const entries = ["Probe", "Ensemble", "Integrator"].map((title) => ({
      key: title,
      group: title === "Probe" ? "Probes" : "Neurons",
      title,
      hint: title === "Probe" ? "what an ensemble does" : "",
      needs: [],
    }));
    expect(sought(entries, "ensemble").map(({ title }) => title)).toEqual(["Ensemble", "Probe"]);
    expect(sought(entries, "ens neur").map(({ title }) => title)).toEqual(["Ensemble"]);
    expect(sought(entries, "nothing")).toEqual([]);
  });
});

describe("the fields of a card", () => {
  it("sets what is typed, and takes it back where that is refused", () => {
    const set = vi.fn((_name: string, _value: string | null, answer: (why: string) => void) =>
      answer("too small"),
    );
    const host = { set, rename: vi.fn(), connect: null, remove: vi.fn(), functions };
    const [section] = editSection(edit([field({ value: "2" })]), host);
    const input = section.querySelector<HTMLInputElement>("[data-argument=radius]")!;
    input.dispatchEvent(new Event("focus"));
    input.value = "0";
    input.dispatchEvent(new Event("change"));
    expect(set.mock.calls[0].slice(0, 2)).toEqual(["radius", "0"]);
    expect(input.value).toBe("2");
    expect(section.querySelector("[role=alert]")?.textContent).toBe("too small");
    // Emptied, it is the default.
    input.value = "";
    input.dispatchEvent(new Event("change"));
    expect(set.mock.calls[1].slice(0, 2)).toEqual(["radius", null]);
    expect(section.textContent).toContain("line 3 makes these 4");
  });

  it("are what their kind is", () => {
    const choice = { code: "nengo.Lowpass(0.1)", title: "Lowpass", refused: "" };
    expect(wayOf(field({}))).toBe("text");
    expect(wayOf(field({ kind: "bool" }))).toBe("flag");
    expect(wayOf(field({ kind: "synapse", choices: [choice] }))).toBe("choice");
  });

  it("asks before it deletes, with what depends on it, as text", () => {
    const [keep, remove] = [vi.fn(), vi.fn()];
    const box = confirmDelete(["a"], ["a -> <b>"], keep, remove);
    expect([...box.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["a -> <b>"]);
    box.querySelectorAll("button")[0].click();
    expect(remove).toHaveBeenCalledOnce();
    expect(keep).not.toHaveBeenCalled();
  });
});

describe("a function as code", () => {
  const tried = { problem: "", line: null, along: "x", x: [-1, 1], y: [[1, null]], size: 1 };

  it("runs when that is asked for, and is written when it ran", () => {
    const told = { text: "np.sin", kind: "expression" as const, line: 4, uses: 1, along: ["x"] };
    const code = functionField(field({ name: "function" }), told, functions);
    functions.kept.open(`a function`);
    functions.kept.text = "np.cos";
    expect(asked).toEqual([]);
    const [run, apply] = code.querySelectorAll("button");
    run.click();
    asked[0]({ ...tried, problem: "NameError", line: 4, x: [], y: [] });
    expect(code.querySelector("[role=alert]")?.textContent).toBe("line 4: NameError");
    apply.click();
    expect(written).not.toHaveBeenCalled();
    asked[1](tried);
    expect(written.mock.calls[0].slice(0, 2)).toEqual(["function", "np.cos"]);
    expect(code.querySelector("svg")).not.toBeNull();
    expect(code.textContent).toContain("no finite number");
  });

  it("is a line that is broken where it has no number", () => {
    const same = (value: number): number => value;
    expect(pathOf([0, null, 2, 3], same, same)).toBe("M0.0 0.0M2.0 2.0L3.0 3.0");
  });
});

describe("the palette", () => {
  it("adds what was entered before the kernel had said what there is", () => {
    const add = vi.fn();
    const palette = new Palette({ ask: () => undefined, add });
    document.body.append(palette.element);
    palette.toggle(true);
    const field = palette.element.querySelector("input")!;
    field.value = "constant";
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(add).not.toHaveBeenCalled();
    const entry = { key: "a", group: "Inputs", title: "Constant", hint: "", needs: [] };
    palette.show([{ ...entry, key: "b", title: "Relay" }, entry]);
    expect(add).toHaveBeenCalledExactlyOnceWith(entry);
    palette.element.remove();
  });
});

describe("edits by drawing", () => {
  /** A drawing of two things, the first of which is selected. */
  function drawing() {
    const sent: Record<string, unknown>[] = [];
    const [ask, keep] = [vi.fn(), vi.fn()];
    const host = {
      keep,
      graph: () => null,
      view: () => ({ several: new Set(), scene: null }),
      card: () => ({ ask }),
      payload: () => ({ drawn: "no" }),
      send: (content: Record<string, unknown>) => void sent.push(content),
      select: () => undefined,
    };
    const editing = new Editing(host as unknown as EditingHost);
    const said = (): string => (editing.said.hidden ? "" : (editing.said.textContent ?? ""));
    return { editing, sent, ask, keep, said };
  }

  it("selects nothing that a refused name would have had", () => {
    const { editing, sent, keep } = drawing();
    const answer = vi.fn();
    editing.of({ of: "object", at: 1 }).rename("print", answer);
    editing.hear({ type: "edited", ask: sent[0].ask, problem: "no", came: [] });
    expect(answer).toHaveBeenCalledExactlyOnceWith("no");
    expect(keep).toHaveBeenLastCalledWith(null);
  });

  it("changes no code to copy something", () => {
    const { editing, sent, said } = drawing();
    editing.copy([1]);
    expect(said()).toBe("");
    editing.hear({ type: "edited", ask: sent[0].ask, problem: "", came: [] });
    expect(said()).toContain("It is copied.");
    editing.duplicate([1]);
    expect(said()).toBe("changing the code …");
  });

  it("asks nothing where it could not be deleted, and says why", () => {
    const { editing, sent, ask, said } = drawing();
    const problem = "line 12 makes these 10, which go together";
    editing.remove([1]);
    editing.hear({ type: "depending", ask: sent[0].ask, names: [], problem });
    expect(said()).toBe(problem);
    expect(ask).not.toHaveBeenCalled();
    // It is said until a hand does the next thing.
    const [root, leaving] = [document.createElement("div"), new AbortController()];
    editing.listen(root, root, leaving.signal);
    root.dispatchEvent(new Event("pointerdown"));
    leaving.abort();
    expect(said()).toBe("");
    editing.remove([1]);
    editing.hear({ type: "depending", ask: sent[1].ask, names: ["a"], problem: "" });
    expect(said()).toBe("");
    expect(ask).toHaveBeenCalledOnce();
  });
});
