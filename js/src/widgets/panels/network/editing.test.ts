import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "../../charts/fakes";
import { make } from "../../dom";
import { Card, type CardHost } from "./card";
import { Editing, type EditingHost } from "./editing";
import { confirmDelete, EditSection, wayOf, type EditHost } from "./cardedit";
import { FunctionField, KeptFunction, type FunctionHost } from "./functionfield";
import { pathOf } from "./functionplot";
import { Graph } from "./graph";
import { Palette, sought } from "./palette";
import type { Theme } from "../../theme";
import type { CardEdit, CardMessage, FieldTold, TriedTold } from "./payload";
import { Turns } from "./turns";

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
  say: vi.fn(),
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
  const answers: ((why: string) => void)[] = [];
  const set = vi.fn((_name: string, _value: string | null, answer: (why: string) => void) => {
    answers.push(answer);
  });
  const host: EditHost = { set, rename: vi.fn(), connect: null, remove: vi.fn(), functions };
  let section: EditSection;
  const show = (fields: FieldTold[], same = true): void => section.show(edit(fields), host, same);
  const input = (name: string) =>
    section.element.querySelector<HTMLInputElement>(`[data-argument=${name}]`)!;
  const enter = (name: string, value: string): void => {
    const there = input(name);
    there.focus();
    there.value = value;
    there.dispatchEvent(new Event("change"));
  };
  const alert = () => section.element.querySelector<HTMLElement>(".nl-edit-problem")!;

  beforeEach(() => {
    section = new EditSection();
    document.body.append(section.element);
    answers.length = 0;
    set.mockClear();
  });
  afterEach(() => section.element.remove());

  it("set what is typed; what is refused stays to be mended", () => {
    show([field({ value: "2" })], false);
    enter("radius", "0");
    expect(set.mock.calls[0].slice(0, 2)).toEqual(["radius", "0"]);
    answers[0]("too small");
    expect(input("radius").value).toBe("0");
    expect(input("radius").getAttribute("aria-invalid")).toBe("true");
    expect(alert().textContent).toBe("too small");
    // Enter tries it again.
    input("radius").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(set).toHaveBeenCalledTimes(2);
    answers[1]("too small");
    // Emptied, it is the default.
    enter("radius", "");
    expect(set.mock.calls[2].slice(0, 2)).toEqual(["radius", null]);
    expect(section.element.textContent).toContain("line 3 makes these 4");
  });

  it("say what was refused until it is mended, or another object is shown", () => {
    show([field({ value: "2" })], false);
    enter("radius", "0");
    answers[0]("too small");
    expect(alert().hidden).toBe(false);
    // As the code has it: nothing is left to be done.
    enter("radius", "2");
    expect(set).toHaveBeenCalledOnce();
    expect(alert().hidden).toBe(true);
    expect(input("radius").getAttribute("aria-invalid")).toBe("false");
    enter("radius", "0");
    answers[1]("too small");
    // The code has it by now.
    show([field({ value: "0" })]);
    expect(alert().hidden).toBe(true);
    enter("radius", "-1");
    answers[2]("too small");
    show([field({ value: "2" })], false);
    expect(alert().hidden).toBe(true);
    expect(input("radius").value).toBe("2");
    // An answer that comes later is said elsewhere.
    enter("radius", "-1");
    show([field({ value: "3" })], false);
    answers[3]("too small");
    expect(alert().hidden).toBe(true);
    expect(functions.say).toHaveBeenCalledWith("too small");
  });

  it("keep what is being typed, its caret and the keys while the card is made anew", () => {
    const [radius, rate] = [field({ value: "2" }), field({ name: "rate", value: "1" })];
    const seed = field({ name: "seed" });
    show([radius, rate, seed], false);
    enter("radius", "3");
    const next = input("rate");
    next.focus();
    next.value = "12";
    next.setSelectionRange(1, 1);
    show([{ ...radius, value: "3" }, rate, seed]);
    expect(document.activeElement).toBe(next);
    expect([input("rate"), next.value, next.selectionStart]).toEqual([next, "12", 1]);
    // What it does is about what is shown now.
    enter("rate", "1");
    expect(set).toHaveBeenCalledOnce();
    // Of those at their defaults one that is set stands elsewhere, and has the keys there.
    const more = section.element.querySelector("details")!;
    more.open = true;
    enter("seed", "5");
    const before = input("seed");
    before.value = "56";
    show([radius, rate, { ...seed, value: "5" }]);
    expect(input("seed")).not.toBe(before);
    expect(input("seed").closest("details")).toBeNull();
    expect(document.activeElement).toBe(input("seed"));
    expect(input("seed").value).toBe("56");
  });

  it("keep something else than a choice that is being typed", () => {
    const choice = { code: "nengo.Lowpass(0.1)", title: "Lowpass", refused: "" };
    const synapse = field({ name: "synapse", choices: [choice], value: choice.code });
    show([field({ value: "2" }), synapse], false);
    const select = section.element.querySelector<HTMLSelectElement>("[data-argument=synapse]")!;
    select.value = "\0";
    select.dispatchEvent(new Event("change"));
    input("synapse").value = "nengo.Alpha(0";
    show([field({ value: "3" }), synapse]);
    expect(document.activeElement).toBe(input("synapse"));
    expect(input("synapse").value).toBe("nengo.Alpha(0");
    enter("synapse", "nengo.Alpha(0.1)");
    answers[0]("");
    show([field({ value: "3" }), { ...synapse, value: "nengo.Alpha(0.1)" }]);
    expect(document.activeElement?.tagName).toBe("SELECT");
    expect(input("synapse").value).toBe("nengo.Alpha(0.1)");
  });

  it("are what their kind is", () => {
    const choice = { code: "nengo.Lowpass(0.1)", title: "Lowpass", refused: "" };
    expect(wayOf(field({}))).toBe("text");
    expect(wayOf(field({ kind: "bool" }))).toBe("flag");
    expect(wayOf(field({ kind: "synapse", choices: [choice] }))).toBe("choice");
  });

  it("asks before it deletes, with what depends on it, as text", () => {
    const [keep, remove] = [vi.fn(), vi.fn()];
    const box = confirmDelete(["a"], ["a -> <b>"], ["c is drawn anew."], keep, remove);
    expect([...box.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["a -> <b>"]);
    expect(box.querySelector(".nl-edit-changed")?.textContent).toBe("c is drawn anew.");
    box.querySelectorAll("button")[0].click();
    expect(remove).toHaveBeenCalledOnce();
    expect(keep).not.toHaveBeenCalled();
  });
});

describe("a function as code", () => {
  const tried = { problem: "", line: null, along: "x", x: [-1, 1], y: [[1, null]], size: 1 };

  it("runs when that is asked for, and is written when it ran", () => {
    const told = { text: "np.sin", kind: "expression" as const, line: 4, uses: 1, along: ["x"] };
    const own = new FunctionField("function", told, functions);
    const code = own.element;
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
    // Written on while the network is made anew, it stays; what was wrong is said no more.
    functions.kept.text = "np.cos(";
    run.click();
    asked[2]({ ...tried, problem: "not closed", line: 4, x: [], y: [] });
    own.show({ ...told, text: "np.cos" }, { ...functions, object: "b" });
    expect(functions.kept.is("b function")).toBe(true);
    expect(functions.kept.text).toBe("np.cos(");
    expect(code.querySelector<HTMLElement>("[role=alert]")?.hidden).toBe(true);
    const [, , answer] = written.mock.calls[0] as [string, string, (problem: string) => void];
    answer("");
    expect(functions.kept.text).toBe("np.cos(");
    functions.kept.close();
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

/** A network of things with these labels; the first is the network itself. */
const graph = (labels: string[]): Graph => {
  const of = (value: number) => labels.map(() => value);
  const parent = labels.map((_, at) => (at === 0 ? -1 : 0));
  const [kind, count, size, keras, probes] = [of(2), of(0), of(1), of(0), of(0)];
  const note = labels.map(() => "");
  const objects = { label: labels, kind, parent, note, count, size, keras, probes };
  const none = { pre: [], post: [], home: [], onto: [], sign: [], size: [], marks: [] };
  return new Graph(objects, none);
};

describe("edits by drawing", () => {
  /** A drawing of two things, the first of which is selected. */
  function drawing() {
    const sent: Record<string, unknown>[] = [];
    const [ask, keep, goToLine] = [vi.fn(), vi.fn(), vi.fn()];
    const there = graph(["", "a", "b"]);
    const host = {
      keep,
      graph: () => there,
      shown: () => there,
      chosen: () => [],
      drawing: () => false,
      view: () => ({ several: new Set(), scene: null, selected: null }),
      card: () => ({ ask }),
      payload: () => ({ drawn: "no" }),
      send: (content: Record<string, unknown>) => void sent.push(content),
      select: () => undefined,
      goToLine: () => goToLine,
    };
    const editing = new Editing(host as unknown as EditingHost);
    const said = (): string => (editing.said.hidden ? "" : (editing.said.textContent ?? ""));
    return { editing, sent, ask, keep, said, goToLine };
  }

  it("selects nothing that a refused name would have had", () => {
    const { editing, sent, keep } = drawing();
    const answer = vi.fn();
    editing.of({ of: "object", at: 1 }).rename("print", answer);
    editing.hear({ type: "edited", ask: sent[0].ask, problem: "no", came: [], late: false });
    expect(answer).toHaveBeenCalledExactlyOnceWith("no");
    expect(keep).toHaveBeenLastCalledWith(null);
  });

  it("changes no code to copy something", () => {
    const { editing, sent, said } = drawing();
    editing.copy([1]);
    expect(said()).toBe("");
    editing.hear({ type: "edited", ask: sent[0].ask, problem: "", came: [], late: false });
    expect(said()).toContain("It is copied.");
    editing.duplicate([1]);
    expect(said()).toBe("making the change …");
  });

  it("asks nothing where it could not be deleted, and says why", () => {
    const { editing, sent, ask, said, goToLine } = drawing();
    const problem = "line 12 makes these 10, which go together";
    editing.remove([1]);
    const instead = [1, 2].map((at) => ({ of: "object", at }));
    editing.hear({ type: "depending", ask: sent[0].ask, names: [], problem, instead, changed: [] });
    expect(said()).toBe(`${problem} delete all 2 …`);
    expect(ask).not.toHaveBeenCalled();
    // It is said until a hand does the next thing.
    const [root, leaving] = [document.createElement("div"), lifeOfTest()];
    editing.listen(root, root, leaving.signal);
    root.append(editing.said);
    const [line, all] = [...editing.said.querySelectorAll("button")];
    line.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    line.click();
    expect(goToLine).toHaveBeenCalledExactlyOnceWith(12);
    all.click();
    expect(sent[1]).toMatchObject({ type: "depending", objects: instead });
    // Where all of them could not be deleted either they are not offered.
    const none = { names: [], problem, instead: [], changed: [] };
    editing.hear({ type: "depending", ask: sent[1].ask, ...none });
    expect(said()).toBe(problem);
    root.dispatchEvent(new Event("pointerdown"));
    leaving.abort();
    expect(said()).toBe("");
    editing.remove([1]);
    editing.hear({ type: "depending", ask: sent[2].ask, ...none, names: ["a"], problem: "" });
    expect(said()).toBe("");
    expect(ask).toHaveBeenCalledOnce();
  });
});

describe("what is asked of a card", () => {
  it("waits for the edit before it, and means the same thing in a network drawn anew", () => {
    let [there, busy] = [graph(["", "a", "b"]), false];
    const gone = vi.fn();
    const turns = new Turns({ graph: () => there, busy: () => busy, gone });
    const done: [string, number][] = [];
    const take = (what: string, at: number): void =>
      turns.take({ of: "object", at }, (now) => {
        done.push([what, now.at]);
        busy = true;
      });
    take("first", 1);
    take("second", 1);
    take("third", 2);
    expect(done).toEqual([["first", 1]]);
    turns.renamed("a", "c");
    there = graph(["", "new", "c"]);
    turns.next();
    expect(done).toHaveLength(1);
    busy = false;
    turns.next();
    expect(done).toEqual([
      ["first", 1],
      ["second", 2],
    ]);
    busy = false;
    turns.next();
    expect(done).toHaveLength(2);
    expect(gone).toHaveBeenCalledOnce();
  });
});

describe("a card", () => {
  const facts = {
    title: "a",
    kind: "Ensemble",
    rows: [],
    incoming: [],
    outgoing: [],
    more_incoming: 0,
    more_outgoing: 0,
    probes: [],
  };
  const told = (value: string): CardMessage => ({
    type: "card",
    ask: "",
    facts,
    parts: [],
    edit: edit([field({ value })]),
  });
  const set = vi.fn();
  const edits = { set, rename: vi.fn(), connect: null, remove: vi.fn(), functions };
  const nothing = (): void => undefined;
  const host: CardHost = {
    plot: nothing,
    go: nothing,
    close: nothing,
    input: () => null,
    drive: nothing,
    driveAll: nothing,
    plots: true,
    edits: () => edits,
  };
  const object = { of: "object" as const, at: 1 };

  it("stays, with what is typed, while the network is drawn anew, and goes with its object", () => {
    const card = new Card(host);
    const root = make("div", "", { tabindex: "-1" }, card.element);
    document.body.append(root);
    const input = () => card.element.querySelector<HTMLInputElement>("[data-argument=radius]")!;
    card.show(object, told("2"), "", "a");
    const first = input();
    first.focus();
    first.value = "25";
    card.hold();
    expect(card.element.hidden).toBe(false);
    expect(document.activeElement).toBe(first);
    // It has another name by now.
    card.show({ ...object, at: 2 }, told("2"), "", "b");
    expect(input()).toBe(first);
    expect(document.activeElement).toBe(first);
    expect(first.value).toBe("25");
    card.show({ ...object, at: 3 }, told("2"), "", "c");
    expect(input()).not.toBe(first);
    expect(input().value).toBe("2");
    input().focus();
    card.hold();
    card.drop();
    expect(card.element.hidden).toBe(true);
    // The keys are nobody's else.
    expect(document.activeElement).toBe(root);
    card.drop();
    root.remove();
  });
});
