import { afterEach, beforeAll, expect, it, vi } from "vitest";

import { fakeCanvas, openPanel, type Opened } from "../../charts/fakes";
import type { Picks } from "../../picking";
import { Store, type LabState } from "../../store";
import pipeline from ".";
import { placeOf, stepAt } from "./drawing";
import { written } from "./story";

beforeAll(() => void fakeCanvas());

const text = (words: string) => ({ text: words, of: -1, element: 0, before: 0 });
const number = (of: number, before = 0) => ({ text: "", of, element: 0, before });
const ROW = { symbol: "s", unit: "", size: 1, equation: "so", filled: "" };
const TOLD = {
  neuron: "<b>a</b>.neurons[3]",
  rows: [
    { ...ROW, name: "voltage", parts: [text("v = "), number(0, 1), text(" → "), number(0)] },
    { ...ROW, name: "spikes", unit: "1/s", parts: [number(1)] },
  ],
  spikes: [1, 3],
  whys: ["a spike, <i>so</i>", "another"],
  silence: "",
};

const store = new Store<LabState>({ picked: {} } as unknown as LabState);
const change = vi.fn();
const context = { store, change };

const open: Opened[] = [];
afterEach(() => open.splice(0).forEach(({ close }) => close()));

const bytes = (words: string) => Uint8Array.from(new TextEncoder().encode(words));

function opened(told: unknown = TOLD): Opened {
  const found = openPanel(pipeline.make(), { ensemble: "a", neuron: 3, n_steps: 4 }, context);
  open.push(found);
  found.give({
    told: bytes(JSON.stringify(told)),
    times: Float64Array.of(0.001, 0.002, 0.003, 0.004),
    q0: Float32Array.of(0.25, 0, 0.5, 0),
    q1: Float32Array.of(0, 1000, 0, 1000),
  });
  return found;
}

const slider = (body: HTMLElement) => body.querySelector<HTMLElement>("[role=slider]");
const equations = (body: HTMLElement) =>
  [...body.querySelectorAll(".nl-story-equation")].map((e) => e.textContent);
const press = (body: HTMLElement, key: string, shiftKey = false) =>
  slider(body)?.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));

it("begins at the first spike, and says why it was, as text", () => {
  const { body, close } = opened();
  expect(slider(body)?.getAttribute("aria-valuetext")).toBe("t = 0.002 s, step 2 of 4");
  expect(body.querySelector(".nl-story-why")?.textContent).toBe("A spike, <i>so</i>");
  expect(body.querySelector("b, i i")).toBeNull();
  expect(equations(body)).toEqual(["v = 0.25 → 0", "1000"]);
  close();
  expect(body.childElementCount).toBe(0);
});

it("goes through steps and spikes by key; the Lab does not hear them", () => {
  const { body } = opened();
  const heard = vi.fn();
  body.addEventListener("keydown", heard);
  press(body, "ArrowRight");
  expect(equations(body)).toEqual(["v = 0 → 0.5", "0"]);
  expect(body.querySelector(".nl-story-why")?.textContent).toBe("");
  press(body, "PageDown");
  expect(slider(body)?.getAttribute("aria-valuenow")).toBe("4");
  press(body, "PageUp");
  expect(slider(body)?.getAttribute("aria-valuenow")).toBe("2");
  press(body, "ArrowLeft", true);
  expect(equations(body)[0]).toBe("v = … → 0.25");
  press(body, "End");
  expect(slider(body)?.getAttribute("aria-valuenow")).toBe("4");
  expect(heard).not.toHaveBeenCalled();
  press(body, "x");
  expect(heard).toHaveBeenCalledOnce();
});

it("finds the step under the pointer", () => {
  for (const step of [0, 7, 199]) expect(stepAt(placeOf(step, 200, 640), 200, 640)).toBe(step);
  expect(stepAt(-5, 200, 640)).toBe(0);
  expect(stepAt(9999, 200, 640)).toBe(199);
});

it("writes numbers with four digits", () => {
  expect([0, 0.39911, -26.894, 1e-7, 123456, NaN].map((value) => written(value))).toEqual([
    "0",
    "0.3991",
    "−26.89",
    "1e−7",
    "1.235e5",
    "NaN",
  ]);
  expect([4, 2].map((digits) => written(-0.0012345, digits))).toEqual(["−0.001234", "−0.0012"]);
});

it("says in place what goes wrong, and that rates do not spike", () => {
  const { body, give } = opened({ ...TOLD, rows: [TOLD.rows[0]], spikes: [], whys: [] });
  expect(body.textContent).toContain("does not spike");
  give({ problem: bytes("closed") });
  expect(body.querySelector("[role=alert]")?.textContent).toBe("Its story cannot be told: closed");
});

it("tells of another neuron that is picked, of one of this ensemble alone", () => {
  const { close } = opened();
  const others: Picks[] = [{ b: [1] }, { a: [1, 2] }, { a: [3] }];
  for (const picked of others) store.set({ picked });
  expect(change).not.toHaveBeenCalled();
  store.set({ picked: { a: [5] } });
  expect(change).toHaveBeenCalledExactlyOnceWith({ neuron: 5 });
  close();
  store.set({ picked: {} });
});

it("says why there is no spike", () => {
  const { body } = opened({ ...TOLD, spikes: [], whys: [], silence: "no spike: so" });
  expect(body.querySelector(".nl-story-why")?.textContent).toBe("No spike: so");
  press(body, "PageDown");
  expect(slider(body)?.getAttribute("aria-valuenow")).toBe("1");
});

it("keeps what it shows, as columns", () => {
  expect(opened().panel.columns?.()).toEqual({
    t: [0.001, 0.002, 0.003, 0.004],
    voltage: [0.25, 0, 0.5, 0],
    spikes: [0, 1000, 0, 1000],
    playhead: [1],
  });
});
