import { expect, it, vi } from "vitest";

import { openPanel, type Opened } from "../../charts/fakes";
import { Store, type LabState } from "../../store";
import report from ".";

const LINE = {
  name: "conv.0",
  kind: "Conv2D",
  became: "<b>8</b> LIF neurons",
  why: "",
  instead: "",
  shape_in: "6 × 6 × 1",
  shape_out: "4 × 4 × 2",
  neurons: 1032,
  parameters: 20,
  names: ["conv.0.kernel.weights"],
  rate: null,
  max_rate: null,
  object: "conv.0",
  at: 3,
};
const HELD = { ...LINE, name: "most.0", why: "no <i>form</i>", instead: "max_to_avg_pool" };
const SAID = { type: "report", summary: "so many", lines: [LINE], note: "", problem: "" };

const store = new Store<LabState>({ selection: null } as unknown as LabState);
const send = vi.fn();

function opened(said: Record<string, unknown>): Opened {
  const found = openPanel(report.make(), { model: "m" }, { store, send, plots: true });
  found.panel.hear?.(said, new DataView(new ArrayBuffer(0)));
  return found;
}

it("asks for the report, and shows a row for each layer, labels as text", () => {
  const { body, close } = opened(SAID);
  expect(send).toHaveBeenCalledWith({ type: "ask" });
  expect(body.querySelector("b, i")).toBeNull();
  const cells = [...body.querySelectorAll("tbody td")].map((cell) => cell.textContent);
  expect(cells).toEqual(["<b>8</b> LIF neurons", "6 × 6 × 1 → 4 × 4 × 2", "1,032", "20"]);
  close();
  expect(body.childElementCount).toBe(0);
});

it("has a column of rates where there are any", () => {
  const { body } = opened({ ...SAID, lines: [{ ...LINE, rate: 12.34, max_rate: 80.2 }] });
  expect(body.querySelector("thead")?.textContent).toContain("rate (Hz)");
  expect(body.querySelector("td:last-child")?.textContent).toBe("12.3, most 80");
});

it("says why a layer is held, and what would make it native", () => {
  const { body } = opened({ ...SAID, lines: [LINE, HELD] });
  const why = body.querySelector(".nl-report-why")?.textContent;
  expect(why).toBe("no <i>form</i>native with max_to_avg_pool");
  expect(body.querySelectorAll("tbody tr")).toHaveLength(3);
});

it("leads to the object, and marks the row of what is pointed at elsewhere", () => {
  const { body } = opened(SAID);
  body.querySelector<HTMLButtonElement>("button.nl-report-name")?.click();
  expect(store.get().sought).toEqual({ of: "object", at: 3 });
  expect(store.get().selection).toBe("conv.0");
  const row = body.querySelector("tbody tr");
  expect(row?.classList.contains("nl-report-marked")).toBe(true);
  store.set({ selection: "other" });
  expect(row?.classList.contains("nl-report-marked")).toBe(false);
});

it("has no button where there is no object, and says what went wrong in place", () => {
  const none = { ...SAID, lines: [{ ...LINE, object: "", at: -1 }], note: "of another network" };
  const { body, panel } = opened(none);
  expect(body.querySelector("button")).toBeNull();
  expect(body.textContent).toContain("of another network");
  panel.hear?.({ ...SAID, problem: "no layers" }, new DataView(new ArrayBuffer(0)));
  expect(body.querySelector("[role=alert]")?.textContent).toBe("no layers");
});
