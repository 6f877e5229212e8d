import { expect, it } from "vitest";

import { openPanel, type Opened } from "../../charts/fakes";
import diff, { summary } from ".";

const CELL = { text: "1", bars: [] };
const LINE = { what: "synapse", meaning: "<i>so</i>", a: CELL, b: CELL, low: "", high: "" };
const TOLD = {
  parts: [
    { a: "<b>x</b>", b: "y", lines: [LINE, { ...LINE, what: "weights" }] },
    { a: "z", b: "", lines: [{ ...LINE, what: "object" }] },
  ],
  same: [
    ["p", "p"],
    ["q", "r"],
  ] as [string, string][],
};

const bytes = (value: unknown) =>
  Uint8Array.from(
    new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)),
  );

function opened(told: unknown): Opened {
  const found = openPanel(diff.make(), { a: "one", b: "two" });
  found.give({ told: bytes(told) });
  return found;
}

it("says how much differs", () => {
  expect(summary(TOLD)).toBe("3 differences in 2 objects; 2 objects alike.");
  expect(summary({ ...TOLD, parts: [] })).toBe("No differences: 2 objects alike.");
});

it("shows labels as text, differences first, what is alike folded", () => {
  const { body, close } = opened(TOLD);
  expect(body.querySelector("b, i")).toBeNull();
  const parts = [...body.querySelectorAll("details")];
  expect(parts.map((part) => part.open)).toEqual([true, true, false]);
  expect(parts[0].querySelector("summary")?.textContent).toBe("<b>x</b>  |  y2 differences");
  expect(parts[1].querySelector("summary")?.textContent).toBe("zonly in one");
  expect(parts[2].textContent).toContain("q  |  r");
  close();
  expect(body.childElementCount).toBe(0);
});

it("draws the values of large arrays as bars, none for what does not occur", () => {
  const a = { text: "(30,): 0 ± 1", bars: [0.5, 0, 1] };
  const line = { ...LINE, a, b: { ...a, bars: [0, 0, 1] }, low: "-1", high: "1" };
  const told = { ...TOLD, parts: [{ a: "x", b: "x", lines: [line] }] };
  const { body } = opened(told);
  const [first] = body.querySelectorAll(".nl-diff-bars");
  expect(first.getAttribute("aria-label")).toBe("histogram from -1 to 1");
  expect([...first.children].map((bar) => (bar as HTMLElement).style.height)).toEqual([
    "50%",
    "4%",
    "100%",
  ]);
  expect(first.querySelectorAll(".nl-diff-none")).toHaveLength(1);
});

it("leads from a line to what its object is, and takes that away again", () => {
  const { panel, body } = opened(TOLD);
  const said = body.querySelector<HTMLElement>(".nl-diff-said");
  body.querySelector<HTMLButtonElement>(".nl-diff-what")?.click();
  const words = { type: "explained", side: "b", name: "y", is_error: false, of: "", at: -1 };
  panel.hear?.({ ...words, text: "<b>it</b> is" }, new DataView(new ArrayBuffer(0)));
  expect(said?.hidden).toBe(false);
  expect(said?.textContent).toContain("In “two”<b>it</b> is");
  body.querySelector<HTMLButtonElement>(".nl-diff-what")?.click();
  expect(said?.hidden).toBe(true);
});

it("says what cannot be compared, in place, and waits where it is not known yet", () => {
  const { body, give } = openPanel(diff.make(), { a: "one", b: "two" });
  expect(body.textContent).toBe("Comparing …");
  give({ problem: bytes("closed") });
  expect(body.querySelector("[role=alert]")?.textContent).toBe("They cannot be compared: closed");
});
