import { describe, expect, it } from "vitest";

import { NotebookCell } from "../../host";
import { Changes } from "./changes";

describe("a text that two hands write", () => {
  it("takes what the drawing makes of it, and keeps what is typed meanwhile", () => {
    const changes = new Changes();
    changes.begin("a\n");
    expect(changes.hear("a\nb\n", "a\n")).toBe("take");
    // Sent twice before the first comes back: what is typed since is newer.
    changes.sent("a\nb1\n");
    changes.sent("a\nb12\n");
    expect(changes.hear("a\nb1\n", "a\nb123\n")).toBe("keep");
    expect(changes.hear("a\nb12\n", "a\nb123\n")).toBe("keep");
    // Typed here and drawn there.
    expect(changes.hear("a\nb12\nc\n", "a\nb123\n")).toBe("differ");
    changes.begin("a\nb12\nc\n");
    expect(changes.hear("a\nb12\nc\nd\n", "a\nb12\nc")).toBe("take");
  });
});

/** A notebook of one cell, as far as it is asked. */
function notebook(source: string): { model: never; edits: [number, number, string][] } {
  const edits: [number, number, string][] = [];
  const sharedModel = {
    getId: () => "own",
    getSource: () => source,
    updateSource: (start: number, end: number, value: string) => {
      edits.push([start, end, value]);
      source = source.slice(0, start) + value + source.slice(end);
    },
    transact: (change: () => void, undoable: boolean) => undoable && change(),
  };
  const cells = { length: 1, get: () => ({ sharedModel, outputs: { length: 0 } }) };
  const model = { widget_manager: { context: { model: { cells } } } };
  return { model: model as never, edits };
}

describe("the cell of a Lab", () => {
  it("is edited where it differs, below its first line", () => {
    const { model, edits } = notebook("%%lab\na = 1\nb = 2");
    const cell = NotebookCell.find(model, "m", "own");
    expect(cell?.text).toBe("a = 1\nb = 2");
    if (cell !== null) cell.text = "a = 12\nb = 2\n";
    expect(cell?.text).toBe("a = 12\nb = 2");
    expect(edits).toEqual([[11, 11, "2"]]);
  });

  it("is none that does not begin so, and none of another Lab", () => {
    expect(NotebookCell.find(notebook("a = 1").model, "m", "own")).toBeNull();
    expect(NotebookCell.find(notebook("%%lab\n").model, "m", "other")).toBeNull();
  });
});
