import { beforeAll, expect, it, vi } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import fit from ".";
import { done, words } from "./control";
import { reach, type Curve } from "./curves";
import { Form, inALine } from "./form";
import type { Desk, Field, Now, Row } from "./payload";
import { between, layers, percent, tradeoff } from "./firing";
import { filtered, sorted } from "./runs";
import { heights, order } from "./watch";

beforeAll(() => void fakeCanvas());

const NOW: Now = {
  phase: "set up",
  wish: "",
  run: "",
  state: "",
  epoch: 0,
  epochs: 0,
  batch: 0,
  batches: 0,
  rate: 0,
  items: 0,
  left: -1,
  learning_rate: 0,
  fixed_rate: "",
  metrics: [],
  best: 0,
  waits: "",
};
const RUNNING: Now = {
  ...NOW,
  phase: "running",
  run: "first",
  state: "running",
  epoch: 2,
  epochs: 4,
  batch: 5,
  batches: 10,
  rate: 10,
  items: 1000,
  left: 25,
  learning_rate: 0.004999999,
  metrics: [["loss", 0.25]],
};
const FIELD: Field = {
  name: "x",
  label: "data",
  kind: "choice",
  value: "a",
  choices: [
    { name: "a", note: "float32 (9, 4)", why: "" },
    { name: "<b>", note: "", why: "has 5 numbers" },
  ],
  hint: "",
  error: "",
  group: "",
};
const EPOCHS: Field = { ...FIELD, name: "epochs", label: "epochs", kind: "whole", value: "20" };
const ROW: Row = {
  name: "first",
  state: "finished",
  began: "28 Nov",
  epochs: "2 of 2",
  loss: 0.5,
  val_loss: null,
  accuracy: 0.9,
  learning_rate: "0.01",
  tags: [],
  note: "",
  error: "",
  shown: 0,
  resumable: false,
  stoppable: false,
  kept: [0, 1],
};
const DESK: Desk = {
  given: false,
  fields: [FIELD, EPOCHS],
  trained: [],
  samples: "",
  summary: ["12 numbers in 2 arrays are trained"],
  trouble: [],
  notice: "",
  runs: [],
  folder: "runs",
  differences: [],
  compared: [],
};

const bytes = (value: unknown): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(JSON.stringify(value)));

function opened(now: Now, desk: Desk) {
  const send = vi.fn<(content: Record<string, unknown>) => void>();
  const found = openPanel(fit.make(), { subject: "net", own: false }, { send });
  const tell = (n: Now, d: Desk): void => found.give({ now: bytes(n), desk: bytes(d) });
  tell(now, desk);
  const button = (name: string): HTMLButtonElement => {
    const all = [...found.body.querySelectorAll("button")];
    const one = all.find((b) => b.textContent === name && !b.hidden);
    if (one === undefined) throw new Error(`no button ${name}`);
    return one;
  };
  return { ...found, send, tell, button };
}

it("says how far a run is", () => {
  expect(words(NOW)).toEqual([]);
  expect(words(RUNNING).join(" · ")).toBe(
    "epoch 2 of 4 · batch 5 of 10 · 1000 items a second · 25 s left",
  );
  expect(words({ ...RUNNING, wish: "pausing" })[0]).toBe("pausing after this batch …");
  expect(done(RUNNING)).toBeCloseTo(0.375);
  expect(done({ ...RUNNING, state: "finished" })).toBe(1);
  expect(done(NOW)).toBe(0);
});

it("says in a line what the form says", () => {
  expect(inALine(DESK)).toBe("a · 20 epochs");
  expect(inALine({ ...DESK, given: true })).toContain("given in Python");
});

it("shows labels as text, and why something cannot be chosen", () => {
  const { body, send, close } = opened(NOW, DESK);
  const [a, b] = body.querySelectorAll("option");
  expect(a.textContent).toBe("a   float32 (9, 4)");
  expect(b.textContent).toBe("<b>   — has 5 numbers");
  expect([a.disabled, b.disabled]).toEqual([false, true]);
  expect(body.querySelector("b")).toBeNull();
  const epochs = body.querySelector<HTMLInputElement>("[aria-label=epochs]");
  if (epochs === null) throw new Error("no field");
  epochs.dispatchEvent(new Event("focus"));
  epochs.value = "ten";
  epochs.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(send).toHaveBeenCalledWith({ type: "set", field: "epochs", value: "ten" });
  close();
  expect(body.childElementCount).toBe(0);
});

it("says of what was chosen that it is gone", () => {
  const { body, tell } = opened(NOW, DESK);
  const menu = body.querySelector("select");
  if (menu === null) throw new Error("no menu");
  expect(menu.value).toBe("a");
  tell(NOW, { ...DESK, fields: [{ ...FIELD, choices: FIELD.choices.slice(1) }, EPOCHS] });
  expect(body.querySelector("select")).toBe(menu);
  expect(menu.value).toBe("a");
  expect(menu.selectedOptions[0].textContent).toBe("a   — not there any more");
});

it("keeps what was typed, and says beside it what would work", () => {
  const { body, tell } = opened(NOW, DESK);
  const wrong = { ...EPOCHS, value: "ten", error: "takes a whole number, such as 20" };
  tell(NOW, { ...DESK, fields: [FIELD, wrong] });
  const epochs = body.querySelector<HTMLInputElement>("[aria-label=epochs]");
  expect(epochs?.value).toBe("ten");
  expect(epochs?.getAttribute("aria-invalid")).toBe("true");
  expect(body.querySelector("[data-field=epochs] [role=alert]")?.textContent).toContain("20");
});

it("answers a click at once, before the kernel has", () => {
  const { body, send, tell, button } = opened(NOW, DESK);
  button("Start training").click();
  expect(send).toHaveBeenCalledWith({ type: "start" });
  expect(body.textContent).toContain("checking the data and compiling");
  tell(RUNNING, DESK);
  expect(body.querySelector("details")?.open).toBe(false);
  button("Pause").click();
  expect(send).toHaveBeenLastCalledWith({ type: "pause" });
  expect(body.textContent).toContain("pausing after this batch");
  tell({ ...RUNNING, phase: "paused", state: "paused" }, DESK);
  button("Resume").click();
  expect(send).toHaveBeenLastCalledWith({ type: "resume" });
});

it("tells what went wrong with what to do, and what holds a run up", () => {
  const trouble = [{ text: "NaN <i>", advice: "a smaller rate", traceback: "at", field: "" }];
  const { body, tell, button, send } = opened(RUNNING, { ...DESK, trouble });
  expect(body.querySelector("[role=alert] strong")?.textContent).toBe("NaN <i>");
  expect(body.querySelector("[role=alert]")?.textContent).toContain("a smaller rate");
  tell({ ...RUNNING, phase: "paused", waits: "no room on the disk" }, DESK);
  expect(body.querySelector("[role=alert]")?.textContent).toContain("no room on the disk");
  button("Try again").click();
  expect(send).toHaveBeenLastCalledWith({ type: "resume" });
});

it("offers to go on with what was interrupted", () => {
  const { body, button, send } = opened(NOW, {
    ...DESK,
    runs: [{ ...ROW, state: "interrupted", epochs: "1 of 2", resumable: true }],
  });
  expect(body.textContent).toContain("“first” was interrupted after 1 of 2 epochs.");
  button("Go on").click();
  expect(send).toHaveBeenCalledWith({ type: "go_on", run: "first" });
});

it("stops a run that another panel began, where that can be", () => {
  const going = { ...ROW, state: "running" };
  const { body, send } = opened(
    { ...NOW, phase: "set up" },
    {
      ...DESK,
      runs: [
        { ...going, stoppable: true },
        { ...going, name: "swept" },
      ],
    },
  );
  const stops = [...body.querySelectorAll<HTMLElement>("tr[data-key] button")].filter(
    (one) => one.textContent === "stop",
  );
  expect(stops).toHaveLength(1);
  stops[0].click();
  expect(send).toHaveBeenCalledWith({ type: "stop_run", run: "first" });
});

it("sorts runs, what is not known last", () => {
  const rows = [ROW, { ...ROW, name: "b", loss: 0.1 }, { ...ROW, name: "c", loss: null }];
  const names = (all: Row[]): string => all.map(({ name }) => name).join(" ");
  expect(names(sorted(rows, "", false))).toBe("first b c");
  expect(names(sorted(rows, "loss", false))).toBe("b first c");
  expect(names(sorted(rows, "loss", true))).toBe("first b c");
});

it("deletes a run after it was asked twice", () => {
  const { send, button } = opened(NOW, { ...DESK, runs: [ROW] });
  button("first").click();
  button("Delete …").click();
  expect(send).not.toHaveBeenCalled();
  button("Keep it").click();
  button("Delete …").click();
  button("Delete “first” for good").click();
  expect(send).toHaveBeenCalledWith({ type: "delete", run: "first", confirm: "first" });
});

/** What a person does in the row of one run while another one is trained. */
function busy() {
  const going: Row = { ...ROW, name: "second", state: "running", kept: [0] };
  const desk = (epoch: number): Desk => ({
    ...DESK,
    runs: [ROW, { ...going, epochs: `${epoch} of 9`, loss: 1 / epoch, kept: [0, epoch] }],
  });
  const made = opened(RUNNING, desk(1));
  document.body.append(made.body);
  const epoch = (n: number): void => made.tell({ ...RUNNING, epoch: n }, desk(n));
  made.button("first").click();
  const find = <T extends HTMLElement>(label: string): T => {
    const found = made.body.querySelector<T>(`[aria-label="${label}"]`);
    if (found === null) throw new Error(`nothing is called ${label}`);
    return found;
  };
  return { ...made, epoch, find };
}

it("leaves what a person is at as it is when an epoch ends", () => {
  const { body, epoch, find, button, send } = busy();
  // A button without a label of its own, a menu with what was chosen in it, what is being typed.
  const restore = button("Restore");
  restore.focus();
  const weights = find<HTMLSelectElement>("weights of");
  weights.value = "1";
  epoch(2);
  expect(document.activeElement).toBe(restore);
  expect(button("Restore")).toBe(restore);
  expect(find("weights of")).toBe(weights);
  restore.click();
  expect(send).toHaveBeenLastCalledWith({ type: "restore", run: "first", epoch: 1 });
  const note = find<HTMLInputElement>("note");
  note.focus();
  note.value = "half typed";
  note.setSelectionRange(4, 4);
  epoch(3);
  expect(document.activeElement).toBe(note);
  expect([note.value, note.selectionStart]).toEqual(["half typed", 4]);
  const filter = find<HTMLInputElement>("filter runs");
  filter.focus();
  filter.value = "fir";
  filter.dispatchEvent(new Event("input"));
  expect(document.activeElement).toBe(filter);
  epoch(4);
  expect([document.activeElement, filter.value]).toEqual([filter, "fir"]);
  filter.value = "";
  filter.dispatchEvent(new Event("input"));
  // What is pressed is that of its own row, also where rows have come and gone.
  button("second").click();
  epoch(5);
  expect(body.textContent).toContain("5 of 9");
  button("Copy as Python").click();
  expect(send).toHaveBeenLastCalledWith({ type: "script", run: "second" });
  body.remove();
});

it("touches of the page what an epoch changes, and nothing where nothing has changed", () => {
  const { body, epoch } = busy();
  const seen = new MutationObserver(() => undefined);
  seen.observe(body, { subtree: true, childList: true, attributes: true, characterData: true });
  epoch(1);
  seen.takeRecords();
  epoch(1);
  expect(seen.takeRecords().map((r) => `${r.type} ${String(r.attributeName)}`)).toEqual([]);
  epoch(2);
  const touched = seen.takeRecords().map(({ target }) => target);
  expect(touched.length).toBeLessThan(12);
  const first = [...body.querySelectorAll(".nl-fit-runs tbody tr")].slice(0, 2);
  expect(touched.filter((node) => first.some((row) => row.contains(node)))).toEqual([]);
  seen.disconnect();
  body.remove();
});

it("draws most of a curve where a single batch was far off", () => {
  const y = [1000, ...Array.from({ length: 99 }, () => 1)];
  const curve: Curve = { run: "a", number: 0, metric: "loss", of: "batches", x: y, y };
  expect(reach([curve], "loss")[1]).toBeCloseTo(1.06);
  expect(reach([], "loss")).toEqual([0, 1]);
  expect(reach([{ ...curve, y: [NaN, 0.5] }], "accuracy")).toEqual([0, 1.02]);
});

it("shows answers with what is right, what is taken for which, what a batch moves", () => {
  const { body, give } = opened(RUNNING, DESK);
  const seen = {
    epoch: 3,
    items: 2,
    right: 1,
    samples: [
      [1, 0],
      [1, 1],
    ],
    moved: [
      { name: "<i>a</i>.bias", gradient: null, update: 0.0123 },
      { name: "diverged", gradient: null, update: null },
    ],
    problem: "",
    layers: [
      {
        name: "hidden",
        neurons: 64,
        mean: 43.21,
        dead: 0.125,
        saturated: null,
        counts: [8, 4],
        top: 90,
      },
    ],
    points: [
      [1, 900, 0.4],
      [3, 1100, 0.5],
    ],
  };
  const arrays = {
    seen: bytes(seen),
    bars: Float32Array.from([2, 1, 0, 4]),
    confusion: Int32Array.from([0, 0, 1, 1]),
  };
  const shapes = new Map([
    ["bars", [2, 2]],
    ["confusion", [2, 2]],
  ]);
  give(arrays, { shapes });
  const watch = body.querySelector<HTMLElement>(".nl-fit-watch");
  expect(watch?.hidden).toBe(false);
  expect(watch?.textContent).toContain("Answers after epoch 3: 1 of 2 right");
  expect([...(watch?.querySelectorAll("figcaption") ?? [])].map((f) => f.textContent)).toEqual([
    "✗ 0, is 1",
    "✓ 1, right",
  ]);
  const cells = [...(watch?.querySelectorAll(".nl-fit-matrix td") ?? [])];
  expect(cells.map((cell) => cell.textContent)).toEqual(["", "", "1", "1"]);
  expect(watch?.querySelector(".nl-fit-moved th[scope=row]")?.textContent).toBe("<i>a</i>.bias");
  expect(watch?.querySelector(".nl-fit-moved")?.textContent).toContain("1.2 %");
  expect(watch?.querySelector(".nl-fit-moved p")?.textContent).toContain("by powers of ten");
  expect(watch?.querySelector(".nl-fit-moved")?.textContent).toContain("no number any more");
  const row = [...(watch?.querySelectorAll(".nl-fit-layers tbody td") ?? [])];
  expect(row.map((cell) => cell.textContent)).toEqual(["43.2 Hz", "0 to 90 Hz", "13 %", "–"]);
  expect(watch?.querySelectorAll(".nl-fit-dot").length).toBe(2);
  expect(watch?.querySelector(".nl-fit-tradeoff p")?.textContent).toBe(
    "after epoch 3: 50 % right, 1100 spikes an item",
  );
});

it("draws nothing of layers that nobody sees, and a single point in the middle", () => {
  expect(layers([])).toBeNull();
  expect(tradeoff([])).toBeNull();
  expect(tradeoff([[1, 50, 0.5]])?.querySelectorAll("circle").length).toBe(1);
  expect([between(5, 5, 5), between(2, 0, 4)]).toEqual([0.5, 0.5]);
  expect([percent(0), percent(0.004), percent(0.5)]).toEqual(["0 %", "0.4 %", "50 %"]);
});

it("folds away what few runs need, and opens it where something is wrong", () => {
  const more = { ...EPOCHS, name: "seed", label: "seed", group: "Seed" };
  const { body, tell } = opened(NOW, { ...DESK, fields: [EPOCHS, more] });
  const group = (): HTMLDetailsElement | undefined =>
    [...body.querySelectorAll("details")].find(
      (one) => one.querySelector("summary")?.textContent === "Seed",
    );
  expect(group()?.open).toBe(false);
  tell(NOW, { ...DESK, fields: [EPOCHS, { ...more, error: "takes a whole number" }] });
  expect(group()?.open).toBe(true);
});

it("filters runs by words of name, state, tags and note", () => {
  const rows = [ROW, { ...ROW, name: "second", tags: ["slow"], note: "A tenth" }];
  const names = (filter: string): string[] => filtered(rows, filter).map(({ name }) => name);
  expect(names("")).toEqual(["first", "second"]);
  expect(names("TENTH slow")).toEqual(["second"]);
  expect(names("finished")).toEqual(["first", "second"]);
  expect(names("nothing")).toEqual([]);
});

it("draws outputs from the least to the largest, and amounts by their order", () => {
  expect(heights([-1, 0, 1])).toEqual([0, 0.5, 1]);
  expect(heights([3, 3])).toEqual([0, 0]);
  expect([order(1), order(1e-3), order(0), order(1e-9)]).toEqual([1, 0.5, 0, 0]);
});

it("stays in sight when its long form is folded", () => {
  const form = new Form(() => undefined, document.createElement("div"));
  const scrolled = vi.fn();
  form.element.scrollIntoView = scrolled;
  form.fold(false);
  expect(scrolled).not.toHaveBeenCalled();
  form.element.getBoundingClientRect = () => ({ top: -500, bottom: 300 }) as DOMRect;
  form.fold(true);
  expect(form.element.open).toBe(false);
  expect(scrolled).toHaveBeenCalledExactlyOnceWith({ block: "nearest" });
  // Where nobody looks at it, the page stays where it is.
  form.fold(false);
  form.element.getBoundingClientRect = () => ({ top: 5000, bottom: 6000 }) as DOMRect;
  form.fold(true);
  expect(scrolled).toHaveBeenCalledOnce();
});
