import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "../../charts/fakes";
import type { PanelContext } from "../../panel";
import { Store, type LabState } from "../../store";
import { readTheme } from "../../theme";
import { arrange, type Arranged, type Request } from "./arrange";
import { Arranger } from "./arranger";
import kind from "./index";
import type { CardMessage, Payload } from "./payload";

const PAYLOAD: Payload = {
  version: 1,
  opened: [],
  placed: {},
  passthrough: true,
  folded: false,
  activity: true,
  height: null,
  drawn: "yes",
  stale: false,
};

/** Things with these labels, the network itself before them, and probes with these names. */
function graphOf(version: number, labels: string[], probes: string[] = []) {
  const all = ["", ...labels];
  const of = (value: number): number[] => all.map(() => value);
  return {
    type: "graph",
    version,
    objects: {
      label: all,
      kind: all.map((_, at) => (at === 0 ? 0 : 2)),
      parent: all.map((_, at) => (at === 0 ? -1 : 0)),
      note: all.map(() => "Ensemble"),
      count: of(0),
      size: of(1),
      keras: of(0),
      probes: of(0),
    },
    connections: { pre: [], post: [], home: [], onto: [], sign: [], size: [], marks: [] },
    probes,
  };
}

function cardOf(ask: unknown, title: string): CardMessage {
  const none = { incoming: [], outgoing: [], more_incoming: 0, more_outgoing: 0, probes: [] };
  const facts = { title, kind: "Ensemble", rows: [], ...none };
  const parts = [{ part: "", kinds: [{ name: "value", label: "value" }] }];
  return { type: "card", ask: String(ask), facts, parts, edit: null };
}

/** The whole view, its layout in the hands of the test. */
async function open(labels: string[], probes: string[] = []) {
  const sent: Record<string, unknown>[] = [];
  const store = new Store<Partial<LabState>>({
    status: { state: "ready", time: 0 } as LabState["status"],
    life: "alive",
    layout: null,
    sight: { visible: true, width: 900 },
    selection: null,
    picked: {},
  });
  const panel = kind.make();
  const body = document.createElement("div");
  document.body.append(body);
  const layoutOf = (data: Partial<Payload>) => ({ title: "net", data: { ...PAYLOAD, ...data } });
  const context = {
    layout: layoutOf({}),
    theme: readTheme(body),
    signal: lifeOfTest().signal,
    store,
    plots: true,
    settle: () => void sent.push({ type: "settle" }),
    send: (content: Record<string, unknown>) => void sent.push(content),
    change: (values: Record<string, unknown>) => void sent.push({ type: "change", ...values }),
  };
  await panel.mount(body, context as unknown as PanelContext);
  const hear = (content: object): void => panel.hear({ ...content });
  const last = (type: string) => sent.filter((each) => each.type === type).at(-1) ?? {};
  const draw = async (): Promise<void> => {
    waiting.splice(0).forEach((go) => go());
    await new Promise((done) => setTimeout(done));
  };
  hear(graphOf(1, labels, probes));
  await draw();
  const item = (label: string): HTMLElement =>
    [...body.querySelectorAll<HTMLElement>("[role=treeitem]")].find(
      ({ textContent }) => textContent === label,
    )!;
  const press = (on: HTMLElement, key: string, more = {}): void => {
    on.focus();
    on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  };
  const card = body.querySelector<HTMLElement>(".nl-network-card")!;
  return {
    body,
    store,
    sent,
    hear,
    last,
    draw,
    press,
    card,
    select: (label: string): void => press(item(label), "Enter"),
    more: (label: string): void => press(item(label), "Enter", { shiftKey: true }),
    answer: (title: string): void => hear(cardOf(last("card").ask, title)),
    about: () => card.querySelector<HTMLElement>(".nl-network-about")!,
    button: (name: string): HTMLButtonElement =>
      [...card.querySelectorAll("button")].find(({ textContent }) => textContent === name)!,
    said: () => body.querySelector<HTMLElement>(".nl-edit-said")!,
    /** Another network is to be drawn. */
    leave: (version: number): void => panel.relayout(layoutOf({ version }) as never),
    anew: async (version: number, names: string[], looking: string[] = []): Promise<void> => {
      hear(graphOf(version, names, looking));
      await draw();
    },
  };
}

let waiting: (() => void)[] = [];

beforeEach(() => {
  vi.spyOn(Arranger.prototype, "arrange").mockImplementation(
    (request: Request) =>
      new Promise<Arranged>((done) => void waiting.push(() => done(arrange(request)))),
  );
});

afterEach(() => {
  waiting = [];
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

describe("a card of which the kernel has not said anything yet", () => {
  it("names what is selected, and nothing is done with what was before", async () => {
    const { select, answer, card, about, button, last } = await open(["a", "b"]);
    select("a");
    expect(card.textContent).toContain("a");
    answer("a");
    expect(about().inert).toBe(false);
    select("b");
    expect(card.querySelector("h4")?.textContent).toBe("b");
    expect(about().inert).toBe(true);
    expect(card.getAttribute("aria-busy")).toBe("true");
    // The same once more changes nothing.
    select("b");
    expect(about().inert).toBe(true);
    answer("b");
    expect(about().inert).toBe(false);
    button("value").click();
    expect(last("plot")).toMatchObject({ of: "object", at: 2, version: 1 });
    // What is shown already needs no answer.
    select("b");
    expect(about().inert).toBe(false);
  });

  it("gives the keys that were in it to the network", async () => {
    const { select, last, hear, card, body } = await open(["a"], ["p"]);
    select("a");
    const told = cardOf(last("card").ask, "a");
    hear({ ...told, facts: { ...told.facts, probes: [{ at: 0, label: "p", note: "" }] } });
    const link = card.querySelector<HTMLElement>(".nl-network-link")!;
    link.focus();
    link.click();
    expect(document.activeElement).toBe(body.querySelector(".nl-network"));
  });
});

describe("a drawing whose kernel is gone", () => {
  it("says so all the time, and has nothing to press", async () => {
    const { body, store, card, select, answer, about, said, last, press, sent } = await open(["a"]);
    const add = body.querySelector<HTMLButtonElement>(".nl-palette-button")!;
    add.click();
    expect(body.querySelector(".nl-palette-list")?.textContent).toContain("Asking the kernel");
    select("a");
    answer("a");
    store.set({ life: "gone" });
    expect(said().hidden).toBe(false);
    expect(said().textContent).toContain("kernel is gone: run the notebook again");
    expect(add.disabled).toBe(true);
    expect(add.title).toContain("kernel is gone");
    expect(body.querySelector<HTMLElement>(".nl-palette")!.hidden).toBe(true);
    expect((about() as HTMLFieldSetElement).disabled).toBe(true);
    const before = sent.length;
    press(body.querySelector<HTMLElement>("[role=treeitem]")!, "Delete");
    expect(sent).toHaveLength(before);
    expect(said().hidden).toBe(false);
    // Of what is selected now the card cannot say anything.
    press(body.querySelector<HTMLElement>(".nl-network")!, "Escape");
    card.querySelector<HTMLElement>("header button")!.click();
    select("a");
    expect(card.textContent).toContain("kernel is gone");
    store.set({ life: "alive" });
    expect(said().hidden).toBe(true);
    expect(add.disabled).toBe(false);
    select("a");
    answer("a");
    expect((about() as HTMLFieldSetElement).disabled).toBe(false);
    expect(last("card")).toMatchObject({ at: 1 });
  });
});

describe("what is done while the network is drawn anew", () => {
  it("goes by names: what is selected, added to and selected together", async () => {
    const { select, more, answer, leave, anew, last, card, sent, press, body, hear } = await open([
      "a",
      "b",
      "c",
    ]);
    select("b");
    answer("b");
    leave(2);
    // The kernel would not know what is meant by these numbers: it waits.
    const before = sent.length;
    press(body.querySelector<HTMLElement>("[role=treeitem]")!, "p");
    more("c");
    expect(sent.slice(before).filter(({ type }) => type !== "describe")).toEqual([]);
    await anew(2, ["new", "a", "b", "c"]);
    expect(last("plot")).toMatchObject({ of: "object", at: 2, version: 2 });
    expect(card.textContent).toContain("2 things are selected");
    expect([...card.querySelectorAll("li")].map(({ textContent }) => textContent)).toEqual([
      "b",
      "c",
    ]);
    // Those that are selected with it: deleted are these, whatever their numbers.
    press(body.querySelector<HTMLElement>("[role=treeitem]")!, "Delete");
    expect(last("depending")).toMatchObject({
      objects: [
        { of: "object", at: 3 },
        { of: "object", at: 4 },
      ],
    });
    hear({
      type: "depending",
      ask: last("depending").ask,
      names: ["b", "c"],
      problem: "",
      changed: [],
      instead: [],
    });
    expect(card.querySelector("[role=alertdialog]")).not.toBeNull();
    leave(3);
    await anew(3, ["b", "c"]);
    expect(card.querySelector("[role=alertdialog]")).toBeNull();
  });

  it("is added to what was selected, by its name, and not where that is gone", async () => {
    const { select, answer, leave, anew, last, body, hear, said, sent } = await open(["a", "b"]);
    const entry = { key: "probe", group: "Probes", title: "Probe", hint: "", needs: ["target"] };
    hear({ type: "palette", entries: [entry] });
    const add = (): void => body.querySelector<HTMLElement>(".nl-palette-item")!.click();
    select("b");
    answer("b");
    leave(2);
    add();
    expect(last("edit")).toEqual({});
    await anew(2, ["new", "a", "b"]);
    expect(last("edit")).toMatchObject({ do: "add", pre: 3, version: 2 });
    // What was typed just before comes first.
    expect(sent.at(-2)).toEqual({ type: "settle" });
    hear({ type: "edited", ask: last("edit").ask, problem: "", came: [], late: false });
    leave(3);
    add();
    await anew(3, ["new", "a"]);
    expect(said().textContent).toContain("not there any more");
    expect(last("edit")).toMatchObject({ version: 2 });
  });

  it("is done once more where the kernel had another network already", async () => {
    const { select, answer, leave, anew, last, hear, press, body, said, sent } = await open([
      "a",
      "b",
    ]);
    select("b");
    answer("b");
    press(body.querySelector<HTMLElement>(".nl-network")!, "d", { ctrlKey: true });
    expect(last("edit")).toMatchObject({ do: "duplicate", version: 1 });
    const late = { type: "edited", problem: "late", came: [], late: true };
    leave(2);
    hear({ ...late, ask: last("edit").ask });
    expect(said().hidden).toBe(true);
    await anew(2, ["new", "a", "b"]);
    const objects = [{ of: "object", at: 3 }];
    expect(last("edit")).toMatchObject({ do: "duplicate", version: 2, objects });
    // Where no other is to be drawn it is said.
    hear({ ...late, ask: last("edit").ask });
    expect(said().textContent).toBe("late");
    expect(sent.filter(({ type }) => type === "edit")).toHaveLength(2);
  });

  it("opens networks and shows cards of probes by name", async () => {
    const { sent, card, leave, anew, last, answer, hear, select } = await open(["a"], ["p", "q"]);
    select("a");
    const link = { at: 1, label: "q", note: "" };
    const told = cardOf(last("card").ask, "a");
    hear({ ...told, facts: { ...told.facts, probes: [link] } });
    card.querySelector<HTMLElement>(".nl-network-link")!.click();
    expect(card.querySelector("h4")?.textContent).toBe("q");
    answer("q");
    leave(2);
    expect(card.hidden).toBe(false);
    await anew(2, ["new", "a"], ["p", "new", "q"]);
    expect(last("card")).toMatchObject({ of: "probe", at: 2 });
    answer("q");
    leave(3);
    await anew(3, ["new", "a"], ["p"]);
    expect(card.hidden).toBe(true);
    expect(sent.filter(({ type }) => type === "card")).toHaveLength(3);
  });
});
