import { expect, it, vi } from "vitest";

import { fakeCanvas, openPanel, type Opened } from "../../charts/fakes";
import tune from ".";
import { counted, filter, marksBetween, percent, powerOf } from "./told";

fakeCanvas();

const ONE = {
  rate: 50,
  synapse: 0,
  accuracy: 0.9,
  latency: 0.012,
  first: null,
  spikes: 340.4,
  ms: [1, 2],
  by_step: [0.5, 0.9],
};
const SAID = {
  type: "tuned",
  keras: 0.95,
  best: 1,
  why: "A star is so.",
  tried: [ONE, { ...ONE, rate: 200, synapse: 0.005, spikes: 1234 }],
  problem: "",
};
const NONE = new DataView(new ArrayBuffer(0));

function opened(change = vi.fn()): Opened {
  const bokeh = () => new Promise<never>(() => undefined); // never loaded
  const data = { chosen: -1, code: [] };
  return openPanel(tune.make(), data, { change, bokeh });
}

it("lists all settings, and the best of them", () => {
  const { body, panel } = opened();
  expect(body.textContent).toContain("Waiting for what was tried");
  panel.hear?.(SAID, NONE);
  const rows = [...body.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("td")].slice(1).map((cell) => cell.textContent),
  );
  expect(rows).toEqual([
    ["50 Hz", "none", "90.0 %", "12 ms", "340"],
    ["200 Hz", "5 ms", "90.0 % ★ best", "12 ms", "1,234"],
  ]);
  expect(body.textContent).toContain("Keras: accuracy 95.0 % (dashed). A star is so. Click");
});

it("picks by click or key, and shows the code of what is picked, as text", () => {
  const change = vi.fn();
  const { body, panel } = opened(change);
  panel.hear?.(SAID, NONE);
  const inputs = body.querySelectorAll("input");
  expect([...inputs].map((input) => input.getAttribute("aria-label"))).toEqual([
    "50 Hz, synapse none",
    "200 Hz, synapse 5 ms",
  ]);
  inputs[1].closest("tr")?.querySelectorAll("td")[2].click();
  inputs[0].dispatchEvent(new Event("change"));
  expect(change.mock.calls).toEqual([[{ chosen: 1 }], [{ chosen: 0 }]]);
  const layout = { data: { chosen: 1, code: ["best = <b>", "the same"] } };
  panel.relayout?.(layout as never);
  expect(inputs[1].checked).toBe(true);
  expect(body.querySelector("pre")?.textContent).toBe("best = <b>\nthe same");
  expect(panel.columns?.().chosen).toEqual([1]);
});

it("does not let the Lab hear the keys that pick", () => {
  const { body, panel } = opened();
  panel.hear?.(SAID, NONE);
  const heard = vi.fn();
  body.addEventListener("keydown", heard);
  const press = (key: string) =>
    body
      .querySelector("input")
      ?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("ArrowDown");
  expect(heard).not.toHaveBeenCalled();
  press("x");
  expect(heard).toHaveBeenCalledOnce();
});

it("says in place that nothing was tried", () => {
  const { body, panel } = opened();
  panel.hear?.({ ...SAID, tried: [], best: -1, problem: "No setting was tried." }, NONE);
  expect(body.querySelector(".nl-inspect-bad")?.textContent).toBe("No setting was tried.");
});

it("writes numbers, and the marks of powers of ten", () => {
  expect([percent(0.981), counted(3.21), filter(0.0025)]).toEqual(["98.1 %", "3.2", "2.5 ms"]);
  expect(marksBetween(1.9, 3.1).map(([, text]) => text)).toEqual(["100", "200", "500", "1,000"]);
  expect(marksBetween(0, 3.5).map(([, text]) => text)).toEqual(["1", "10", "100", "1,000"]);
  expect(powerOf(0)).toBe(-2);
});
