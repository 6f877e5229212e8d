import { describe, expect, it, vi } from "vitest";

import { confirmDelete, editSection, wayOf } from "./cardedit";
import { sought } from "./palette";
import type { CardEdit, FieldTold } from "./payload";

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
  ...own,
});

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
  it("sets what is typed, and takes it back where that is refused", () => {
    const set = vi.fn((_name: string, _value: string | null, answer: (why: string) => void) =>
      answer("too small"),
    );
    const host = { set, rename: vi.fn(), connect: null, remove: vi.fn() };
    const [section] = editSection(edit([field({ value: "2" })]), host);
    const input = section.querySelector<HTMLInputElement>("[data-argument=radius]")!;
    input.dispatchEvent(new Event("focus"));
    input.value = "0";
    input.dispatchEvent(new Event("change"));
    expect(set.mock.calls[0].slice(0, 2)).toEqual(["radius", "0"]);
    expect(input.value).toBe("2");
    expect(section.querySelector("[role=alert]")?.textContent).toBe("too small");
    // Emptied, it is the default.
    input.value = "";
    input.dispatchEvent(new Event("change"));
    expect(set.mock.calls[1].slice(0, 2)).toEqual(["radius", null]);
    expect(section.textContent).toContain("line 3 makes these 4");
  });

  it("are what their kind is", () => {
    const choice = { code: "nengo.Lowpass(0.1)", title: "Lowpass", refused: "" };
    expect(wayOf(field({}))).toBe("text");
    expect(wayOf(field({ kind: "bool" }))).toBe("flag");
    expect(wayOf(field({ kind: "synapse", choices: [choice] }))).toBe("choice");
  });

  it("asks before it deletes, with what depends on it, as text", () => {
    const [keep, remove] = [vi.fn(), vi.fn()];
    const box = confirmDelete(["a"], ["a -> <b>"], keep, remove);
    expect([...box.querySelectorAll("li")].map((item) => item.textContent)).toEqual(["a -> <b>"]);
    box.querySelectorAll("button")[0].click();
    expect(remove).toHaveBeenCalledOnce();
    expect(keep).not.toHaveBeenCalled();
  });
});
