import { expect, it, vi } from "vitest";

import { openPanel, type Opened } from "../../charts/fakes";
import kind from ".";

const FIELD = { options: [], hint: "so", off: "", error: "" };
const FORMAT = {
  ...FIELD,
  name: "format",
  label: "format",
  kind: "choice",
  value: "npz",
  options: [
    { value: "npz", label: "NPZ" },
    { value: "nir", label: "NIR" },
  ],
};
const BITS = { ...FIELD, name: "bits", label: "bits", kind: "text", value: "" };
const FOLD = { ...FIELD, name: "fold", label: "fold", kind: "flag", value: "" };
const FORM = { fields: [FORMAT, BITS, FOLD], code: "nengolab.export(sim)" };
const SAID = { type: "exported", state: "nothing", words: "", outcome: null };
const CHECK = { output: "<b>p</b>", compared: "12 spikes", found: "equal", same: true };
const OUTCOME = {
  same: true,
  silent: false,
  words: "Written and checked.",
  folder: "/there",
  files: ["network.npz (1.0 kB)"],
  checks: [CHECK],
  notes: ["a note"],
};
const NONE = new DataView(new ArrayBuffer(0));

const [send, change] = [vi.fn(), vi.fn()];
const opened = (): Opened => openPanel(kind.make(), FORM, { send, change });
const button = (body: HTMLElement) => body.querySelector("button") as HTMLButtonElement;

it("changes settings as the form is filled in, and writes at the click only", () => {
  const { body } = opened();
  const select = body.querySelector("select") as HTMLSelectElement;
  const [bits, fold] = body.querySelectorAll("input");
  select.value = "nir";
  select.dispatchEvent(new Event("change"));
  bits.dispatchEvent(new Event("focus"));
  bits.value = "8";
  bits.dispatchEvent(new Event("change"));
  fold.checked = true;
  fold.dispatchEvent(new Event("change"));
  expect(change.mock.calls).toEqual([[{ format: "nir" }], [{ bits: "8" }], [{ fold: true }]]);
  expect(send).not.toHaveBeenCalledWith({ type: "write" });
  button(body).click();
  expect(send).toHaveBeenLastCalledWith({ type: "write" });
});

it("says what is wrong beside its field, and cannot be pressed then", () => {
  const { body, panel } = opened();
  const wrong = { ...BITS, value: "x", error: "bits: must be <i>" };
  const off = { ...FOLD, off: "NIR has none" };
  panel.relayout?.({ data: { fields: [FORMAT, wrong, off], code: "" } } as never);
  expect(body.querySelector("[role=alert]")?.textContent).toBe("bits: must be <i>");
  expect(button(body).disabled).toBe(true);
  const fold = body.querySelector<HTMLInputElement>("input[type=checkbox]");
  expect(fold?.disabled).toBe(true);
  expect(body.textContent).toContain("NIR has none");
  panel.relayout?.({ data: FORM } as never);
  expect(body.querySelector("[role=alert]")).toBeNull();
  expect(button(body).disabled).toBe(false);
});

it("waits while it is written, then says what the check found, as text", () => {
  const { body, panel, close } = opened();
  panel.hear?.({ ...SAID, state: "working", words: "Writing …" }, NONE);
  expect(button(body).disabled).toBe(true);
  panel.hear?.({ ...SAID, state: "done", outcome: OUTCOME }, NONE);
  expect(button(body).disabled).toBe(false);
  const result = body.querySelector(".nl-export-result");
  expect(result?.querySelector("b")).toBeNull();
  expect(result?.querySelector("tbody")?.textContent).toBe("<b>p</b>12 spikesequal");
  expect(result?.textContent).toContain("in /there: network.npz (1.0 kB)");
  expect(result?.querySelector(".nl-export-good")?.textContent).toBe("✓");
  // What was equal because nothing happened shows nothing.
  panel.hear?.({ ...SAID, state: "done", outcome: { ...OUTCOME, silent: true } }, NONE);
  expect(result?.querySelector(".nl-export-good")).toBeNull();
  expect(result?.querySelector(".nl-export-head")?.textContent).toBe("?Written and checked.");
  close();
  expect(body.childElementCount).toBe(0);
});

it("marks an output that differs, and says a refusal in place", () => {
  const { body, panel } = opened();
  const checks = [CHECK, { ...CHECK, same: false, found: "3 differ" }];
  panel.hear?.({ ...SAID, state: "done", outcome: { ...OUTCOME, same: false, checks } }, NONE);
  expect(body.querySelectorAll(".nl-export-off")).toHaveLength(1);
  expect(body.querySelector(".nl-export-bad")?.textContent).toBe("≠");
  panel.hear?.({ ...SAID, state: "refused", words: "'a' cannot be exported" }, NONE);
  expect(body.querySelector("[role=alert]")?.textContent).toBe(
    "Not written. 'a' cannot be exported",
  );
});
