/** The two buttons that take back a change of the plots, and make it again. */

import { iconButton } from "./dom";
import type { Layout } from "./messages";

const UNDO = "M6 2 2 6l4 4V7h4a2.5 2.5 0 0 1 0 5H6v1.5h4a4 4 0 0 0 0-8H6z";
const REDO = "M10 2l4 4-4 4V7H6a2.5 2.5 0 0 0 0 5h4v1.5H6a4 4 0 0 1 0-8h4z";

export class UndoButtons {
  readonly undo = iconButton(UNDO, "undo", "Ctrl+Z");
  readonly redo = iconButton(REDO, "redo", "Ctrl+Shift+Z");

  constructor(travel: (which: "undo" | "redo") => void) {
    this.undo.addEventListener("click", () => travel("undo"));
    this.redo.addEventListener("click", () => travel("redo"));
    this.update({ undoes: "", redoes: "" });
  }

  /** Say what would be undone, and done again. */
  update({ undoes, redoes }: Pick<Layout, "undoes" | "redoes">): void {
    this.undo.disabled = undoes === "";
    this.redo.disabled = redoes === "";
    this.undo.title = undoes === "" ? "nothing to undo" : `undo ${undoes} (Ctrl+Z)`;
    this.redo.title = redoes === "" ? "nothing to do again" : `redo ${redoes} (Ctrl+Shift+Z)`;
  }
}
