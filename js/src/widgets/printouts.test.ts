import { describe, expect, it } from "vitest";

import { Printouts } from "./printouts";

const line = (text: string): { name: string; text: string } => ({ name: "env", text });
const message = (lines: { name: string; text: string }[], anew = false) => ({
  type: "printed" as const,
  anew,
  lines,
});
const texts = (of: Printouts): (string | null)[] =>
  [...of.element.querySelectorAll(".nl-printouts-lines > div")].map((e) => e.textContent);

describe("what functions print", () => {
  it("is not there until something was printed", () => {
    const shown = new Printouts();
    expect(shown.element.hidden).toBe(true);
    shown.take(message([]));
    expect(shown.element.hidden).toBe(true);
  });

  it("shows the last line, and all of them as text", () => {
    const shown = new Printouts();
    shown.take(message([line("one"), line("<b>two</b>")]));
    expect(texts(shown)).toEqual(["env: one", "env: <b>two</b>"]);
    expect(shown.element.querySelector(".nl-printouts-last")?.textContent).toBe("env: <b>two</b>");
    expect(shown.element.hidden).toBe(false);
  });

  it("keeps so many, and starts anew where the kernel says all", () => {
    const shown = new Printouts();
    for (let i = 0; i < 12; i++)
      shown.take(message(Array.from({ length: 50 }, (_, j) => line(String(50 * i + j)))));
    expect(texts(shown)).toHaveLength(500);
    expect(texts(shown)[499]).toBe("env: 599");
    shown.take(message([line("again")], true));
    expect(texts(shown)).toEqual(["env: again"]);
  });

  it("can be cleared", () => {
    const shown = new Printouts();
    shown.take(message([line("one")]));
    shown.element.querySelector("button")?.click();
    expect([shown.element.hidden, texts(shown)]).toEqual([true, []]);
  });
});
