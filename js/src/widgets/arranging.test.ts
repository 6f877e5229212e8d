import { describe, expect, it } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { Arranger, dragged, placeFor, pressed } from "./arranging";
import { make } from "./dom";
import { columnsFor, columnsIn, showSize, type Size } from "./grid";
import { listenToKeys, undoKey } from "./keys";
import type { PanelLayout } from "./messages";
import type { Timeline } from "./timeline";
import type { Transport } from "./transport";
import { UndoButtons } from "./undo";

describe("sizes", () => {
  const from = { columns: 1, height: null, width: 400, drawn: 184 };

  it("snap to columns and follow the pointer in height, within bounds", () => {
    expect(dragged(from, { x: 150, y: 0 })).toEqual({ columns: 1, height: null });
    expect(dragged(from, { x: 390, y: 3 })).toEqual({ columns: 2, height: null });
    expect(dragged(from, { x: 9000, y: 66 })).toEqual({ columns: 4, height: 250 });
    expect(dragged({ ...from, columns: 2, width: 814 }, { x: -400, y: -900 })).toEqual({
      columns: 1,
      height: 80,
    });
  });

  it("change by keys, and Home gives the usual one back", () => {
    const size: Size = { columns: 1, height: null };
    expect(pressed("ArrowRight", size, 184)).toEqual({ columns: 2, height: null });
    expect(pressed("ArrowLeft", size, 184)).toEqual(size);
    expect(pressed("ArrowDown", size, 184)).toEqual({ columns: 1, height: 204 });
    expect(pressed("ArrowUp", { columns: 3, height: 90 }, 90)).toEqual({ columns: 3, height: 80 });
    expect(pressed("Home", { columns: 3, height: 90 }, 90)).toEqual(size);
    expect(pressed("x", size, 184)).toBeNull();
  });

  it("never make more columns than there are", () => {
    expect([300, 773, 774, 1168].map(columnsIn)).toEqual([1, 1, 2, 3]);
    expect([300, 1100, 1650, 1650, 3600].map((w, i) => columnsFor(w, [3, 1, 2, 4, 4][i]))).toEqual([
      1, 2, 3, 4, 5,
    ]);
    const element = document.createElement("figure");
    showSize(element, { columns: 3, height: 240 }, 2);
    expect(element.style.gridColumn).toBe("span 2");
    expect(element.style.getPropertyValue("--nl-height")).toBe("240px");
    showSize(element, { columns: 1, height: null }, 2);
    expect(element.style.getPropertyValue("--nl-height")).toBe("");
  });
});

describe("places", () => {
  it("are counted without the plot that is moved", () => {
    // Of a, b, c, d: b before d, b behind d, d before a, d behind b.
    expect([placeFor(1, 3, false), placeFor(1, 3, true)]).toEqual([2, 3]);
    expect([placeFor(3, 0, false), placeFor(3, 1, true)]).toEqual([0, 2]);
  });

  it("change by arrow keys, not beyond the ends", () => {
    const grid = make("div");
    const said: unknown[] = [];
    const figures = ["a", "b"].map((id) => {
      const tools = make("span");
      const figure = make("figure", "nl-plot", {}, tools);
      grid.append(figure);
      const layout = (): PanelLayout => ({
        id,
        rev: 0,
        kind: "value",
        title: id,
        what: "",
        columns: 1,
        height: null,
        settings: [],
        python: "",
        data: {},
      });
      const arranging = {
        move: (panel: string, to: number) => said.push([panel, to]),
        resize: (panel: string, size: Size) => said.push([panel, size]),
      };
      new Arranger(figure, tools, layout, arranging, lifeOfTest().signal);
      return figure;
    });
    const key = (selector: string, name: string): void => {
      const handle = figures[0].querySelector(selector);
      handle?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    };
    key(".nl-grip", "ArrowLeft");
    expect(said).toEqual([]);
    key(".nl-grip", "ArrowRight");
    expect([...grid.children]).toEqual([figures[1], figures[0]]);
    key(".nl-grip", "ArrowRight");
    // Keys that come before the kernel's answer add up.
    Object.defineProperty(figures[0], "clientHeight", { value: 200 });
    key(".nl-corner", "ArrowRight");
    key(".nl-corner", "ArrowDown");
    expect(said).toEqual([
      ["a", 1],
      ["a", { columns: 2, height: null }],
      ["a", { columns: 2, height: 220 }],
    ]);
  });
});

describe("undo", () => {
  const event = (key: string, modifiers: KeyboardEventInit = { ctrlKey: true }): KeyboardEvent =>
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...modifiers });

  it("has the usual keys", () => {
    expect(undoKey(event("z"))).toBe("undo");
    expect(undoKey(event("Z", { metaKey: true, shiftKey: true }))).toBe("redo");
    expect(undoKey(event("y"))).toBe("redo");
    expect(undoKey(event("z", {}))).toBeNull();
    expect(undoKey(event("z", { ctrlKey: true, altKey: true }))).toBeNull();
  });

  it("leaves text fields theirs, and takes sliders for none", () => {
    const text = make("input", "", { type: "text" });
    const slider = make("input", "", { type: "range" });
    const root = make("div", "", {}, text, slider);
    const said: string[] = [];
    const signal = lifeOfTest().signal;
    listenToKeys(
      root,
      {} as Transport,
      {} as Timeline,
      () => undefined,
      (which) => said.push(which),
      signal,
    );
    const typed = event("z");
    text.dispatchEvent(typed);
    expect(said).toEqual([]);
    expect(typed.defaultPrevented).toBe(false);
    slider.dispatchEvent(event("z"));
    root.dispatchEvent(event("z", { ctrlKey: true, shiftKey: true }));
    expect(said).toEqual(["undo", "redo"]);
  });

  it("says on its buttons what it would do, as text", () => {
    const said: string[] = [];
    const buttons = new UndoButtons((which) => said.push(which));
    expect([buttons.undo.disabled, buttons.redo.disabled]).toEqual([true, true]);
    buttons.update({ undoes: "removing <b>ens</b>", redoes: "" });
    buttons.undo.click();
    buttons.redo.click();
    expect(said).toEqual(["undo"]);
    expect(buttons.undo.title).toBe("undo removing <b>ens</b> (Ctrl+Z)");
    // Where the kernel is gone, also when it last said something.
    buttons.enable(false);
    buttons.update({ undoes: "", redoes: "removing" });
    expect([buttons.undo.disabled, buttons.redo.disabled]).toEqual([true, true]);
    buttons.enable(true);
    expect([buttons.undo.disabled, buttons.redo.disabled]).toEqual([true, false]);
  });
});
