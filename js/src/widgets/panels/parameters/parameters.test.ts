import { describe, expect, it, vi } from "vitest";

import { openPanel } from "../../charts/fakes";
import parameters from ".";
import { blockOf, Editing, entryAt } from "./editing";

describe("what is chosen of an array", () => {
  it("is named, and is a range where rows lie side by side", () => {
    expect(entryAt([4, 2])).toEqual({
      at: [
        [4, 5],
        [2, 3],
      ],
      words: "[4, 2]",
      what: "entry",
    });
    const block = blockOf([3, 4, 5], [1, 11]);
    expect(block.at).toEqual([
      [3, 6],
      [1, 11],
    ]);
    expect(block.words).toBe("rows 3 to 5, columns 1 to 10 (30 entries)");
    expect(blockOf([3], [1, 2]).words).toBe("row 3, column 1 (1 entry)");
    const sorted = blockOf([9, 2], [0, 1]);
    expect(sorted.at).toEqual([{ of: [9, 2] }, [0, 1]]);
    expect(sorted.words).toBe("2 rows, column 0 (2 entries)");
  });

  it("is set, scaled and put back", () => {
    const [edit, undo] = [vi.fn(), vi.fn()];
    const editing = new Editing({ edit, undo });
    const at = blockOf([3, 4], [0, 2]).at;
    editing.choose(blockOf([3, 4], [0, 2]), NaN);
    const field = (name: string): HTMLInputElement => {
      const found = editing.element.querySelector<HTMLInputElement>(`[aria-label="${name}"]`);
      if (found === null) throw new Error(name);
      return found;
    };
    const enter = (name: string, text: string): void => {
      field(name).value = text;
      field(name).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
      field(name).dispatchEvent(new Event("change"));
    };
    expect(field("new value of the block").value).toBe("");
    enter("new value of the block", "0,5");
    expect(edit).toHaveBeenLastCalledWith({ at, value: 0.5 });
    enter("factor for the block", "-2");
    expect(edit).toHaveBeenLastCalledWith({ at, scale: -2 });
    expect(field("factor for the block").value).toBe("1");
    // What is no number stays, and what is wrong is said.
    for (const name of [
      "new value of the block",
      "factor for the block",
      "factor for all entries",
    ]) {
      const asked = edit.mock.calls.length;
      enter(name, "1e999");
      expect(editing.element.textContent).toContain("a finite number, such as 0.5, got '1e999'");
      expect([field(name).value, field(name).getAttribute("aria-invalid")]).toEqual([
        "1e999",
        "true",
      ]);
      enter(name, "2");
      expect(editing.element.textContent).not.toContain("a finite number");
      expect(edit.mock.calls.length).toBe(asked + 1);
    }
    const [back, all, taken] = editing.element.querySelectorAll("button");
    back.click();
    expect(edit).toHaveBeenLastCalledWith({ at });
    all.click();
    expect(edit).toHaveBeenLastCalledWith({});
    taken.click();
    expect(undo).toHaveBeenCalledOnce();
  });
});

it("says where entries can be set, where they are only looked at", () => {
  const words = { name: "a.bias", owner: "a", role: "bias", why_shape: "", equation: "", unit: "" };
  const rest = { trainable: true, why: "", learned: false, value: null, rows: "", columns: "" };
  const row = { ...words, shape: [3], ...rest };
  for (const editable of [false, true]) {
    const settings = { array: "", when: "now", order: "as they are", beside: "histogram" };
    const context = { send: vi.fn(), bokeh: () => new Promise(() => {}) };
    const layout = { ...settings, fields: "", editable };
    const { body, panel, give, close } = openPanel(parameters.make(), layout, context as never);
    const said = [...body.querySelectorAll("p")].find((p) => p.textContent.includes("only looked"));
    expect(said?.hidden).toBe(true);
    give({ name: Uint8Array.from(new TextEncoder().encode("a.bias")) });
    panel.hear?.({ type: "table", table: [row] }, new DataView(new ArrayBuffer(0)));
    expect(said?.hidden).toBe(editable);
    close();
  }
});
