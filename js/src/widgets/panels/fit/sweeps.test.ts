import { beforeAll, expect, it, vi } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import fit from ".";
import { away, axesOf, axisOf, resultColor } from "./parallel";
import type { Field, Sweeps, SweptRun } from "./payload";
import { inALine, mattering, ordered } from "./sweeps";

beforeAll(() => void fakeCanvas());

const FIELD: Field = {
  name: "values of epochs",
  label: "",
  kind: "text",
  value: "2, 4",
  choices: [],
  hint: "with commas between",
  error: "",
  group: "",
};
const RUN: SweptRun = {
  run: "s 01",
  values: [0.1, "Adam"],
  state: "finished",
  epoch: 2,
  epochs: 2,
  part: 1,
  result: 0.5,
  loss: 0.4,
  error: "",
  traceback: "",
};
const SWEEPS: Sweeps = {
  missing: "",
  can: [{ name: "learning_rate", note: "learning rate", why: "" }],
  varied: [
    { name: "epochs", label: "epochs", options: [], fields: [FIELD], error: "" },
    {
      name: "optimizer",
      label: "optimizer",
      options: [
        ["Adam", true],
        ["<b>", false],
      ],
      fields: [],
      error: "choose one at least",
    },
  ],
  fields: [],
  lines: ["2 runs"],
  measured: false,
  problem: "",
  code: "sweep = start_sweep(",
  known: ["s"],
  shown: "s",
  going: false,
  ready: true,
  said: "1 finished",
  settings: ["learning rate", "optimizer"],
  result: "val_loss",
  runs: [],
  mattered: [],
};

const bytes = (value: unknown): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(JSON.stringify(value)));

function opened(sweeps: Sweeps) {
  const send = vi.fn<(content: Record<string, unknown>) => void>();
  // No picture is drawn here: it never comes.
  const bokeh = (): Promise<never> => new Promise(() => undefined);
  const found = openPanel(fit.make(), { subject: "net", own: false }, { send, bokeh });
  const tell = (s: Sweeps): void => found.give({ sweeps: bytes(s) });
  tell(sweeps);
  const part = found.body.querySelector<HTMLDetailsElement>(".nl-fit-sweeps");
  if (part === null) throw new Error("no sweeps");
  const button = (name: string): HTMLButtonElement => {
    const one = [...part.querySelectorAll("button")].find((b) => b.textContent === name);
    if (one === undefined) throw new Error(`no button ${name}`);
    return one;
  };
  return { ...found, send, tell, part, button };
}

it("puts numbers between the least and the largest, by factors where these are far apart", () => {
  expect(axisOf("a", [1, 3, 2, null])).toEqual({
    name: "a",
    at: [0, 1, 0.5, null],
    marks: [
      [0, "1"],
      [0.5, "2"],
      [1, "3"],
    ],
  });
  const factors = axisOf("rate", [0.0001, 0.01, 1]);
  expect(factors.at[1]).toBeCloseTo(0.5);
  expect(axisOf("epochs", [2, 100_000]).marks[1][1]).toBe("100000");
  expect(axisOf("one", [7, 7]).at).toEqual([0.5, 0.5]);
  const many = axisOf("drawn", [0, 1, 2, 3, 4, 5, 6, 7]);
  expect(many.marks.map(([, text]) => text)).toEqual(["0", "3.5", "7"]);
  expect(axisOf("near", [0, 0.001, 1]).marks.map(([, text]) => text)).toEqual(["0", "1"]);
});

it("puts names evenly, and leaves out what is the same for all", () => {
  expect(axisOf("who", ["a", "b", "a", "c"]).at).toEqual([0, 0.5, 0, 1]);
  expect(axisOf("mixed", [1, "–"]).marks.map(([, text]) => text)).toEqual(["1", "–"]);
  const runs = [RUN, { ...RUN, values: [0.2, "Adam"], result: null }];
  const axes = axesOf({ ...SWEEPS, runs });
  expect(axes.map(({ name }) => name)).toEqual(["learning rate", "validated loss"]);
  expect(axes[1].at).toEqual([0.5, null]);
});

it("finds how far a point is from a line", () => {
  const pixels = { x: 100, y: 200 };
  expect(away([0, 0], { x: 0.5, y: 0.1 }, pixels)).toBeCloseTo(20);
  expect(away([0, 1], { x: -0.3, y: 0 }, pixels)).toBeCloseTo(30);
  expect(away([0, 1, 0], { x: 1.5, y: 0.5 }, pixels)).toBeCloseTo(0);
});

it("draws the best result so that it stands out", () => {
  const light = (color: string): number => (color.match(/\d+/g) ?? []).map(Number)[1];
  expect(light(resultColor({ dark: false }, 0))).toBeLessThan(80);
  expect(light(resultColor({ dark: true }, 0))).toBeGreaterThan(200);
});

it("says which setting mattered, and orders runs by their result", () => {
  expect(mattering(SWEEPS)).toBe("");
  const mattered: [string, number][] = [
    ["epochs", 0.9],
    ["seed", 0.024],
  ];
  expect(mattering({ ...SWEEPS, mattered })).toBe(
    "Of the spread of the validated loss, so much goes with: epochs 90 %, seed 2.4 %.",
  );
  const runs = [{ ...RUN, run: "a", result: null }, RUN, { ...RUN, run: "c", result: 0.1 }];
  expect(ordered(runs, true).map(({ run }) => run)).toEqual(["c", "s 01", "a"]);
  expect(ordered(runs, false)[0].run).toBe("a");
  expect(inALine({ ...SWEEPS, runs })).toBe("s: 1 finished");
});

it("offers settings, takes their values, and says what is wrong", () => {
  const { part, send, button } = opened(SWEEPS);
  expect(part.querySelector("b")).toBeNull();
  expect(part.querySelector("[data-key=optimizer] [role=alert]")?.textContent).toContain("one");
  const add = part.querySelector<HTMLSelectElement>("[aria-label='vary a setting']");
  if (add === null) throw new Error("no menu");
  add.value = "learning_rate";
  add.dispatchEvent(new Event("change"));
  expect(send).toHaveBeenLastCalledWith({ type: "sweep", do: "vary", name: "learning_rate" });
  const other = part.querySelectorAll<HTMLInputElement>("[type=checkbox]")[1];
  other.checked = true;
  other.dispatchEvent(new Event("change"));
  const chosen = { type: "sweep", do: "choose", name: "optimizer", value: "<b>", on: true };
  expect(send).toHaveBeenLastCalledWith(chosen);
  button("Start sweep").click();
  expect(send).toHaveBeenLastCalledWith({ type: "sweep", do: "start" });
});

it("says what to install, and cannot start what does not fit", () => {
  const { part, tell, button } = opened({ ...SWEEPS, ready: false, problem: "600 runs" });
  expect(button("Start sweep").disabled).toBe(true);
  expect(part.textContent).toContain("600 runs");
  tell({ ...SWEEPS, missing: "pip install 'nengolab[sweep]'" });
  expect(part.querySelector("[role=note]")?.textContent).toContain("pip install");
  expect(part.querySelector("fieldset")).toBeNull();
});

it("shows a row for each run, stops one or all, and keeps failures apart", () => {
  const failed = { ...RUN, run: "s 02", state: "failed", error: "NaN <i>", traceback: "at" };
  const going = { ...RUN, run: "s 03", state: "running", result: null, part: 0.25 };
  const runs = [RUN, { ...failed, epochs: 0 }, going];
  const { part, send, tell, button } = opened(SWEEPS);
  tell({ ...SWEEPS, runs, going: true });
  expect(part.open).toBe(true);
  const rows = [...part.querySelectorAll("tbody tr")].map((row) => row.textContent);
  expect(rows[0]).toContain("finished");
  expect(part.querySelector(".nl-fit-error summary")?.textContent).toBe("NaN <i>");
  expect(part.querySelectorAll("[data-key^='stop ']").length).toBe(1);
  button("stop").click();
  expect(send).toHaveBeenLastCalledWith({ type: "sweep", do: "stop", name: "s 03" });
  button("Stop all").click();
  expect(send).toHaveBeenLastCalledWith({ type: "sweep", do: "stop", name: "" });
});
