/** The two buttons that take back a change of the plots, and make it again. */

import { iconButton } from "./dom";
import type { Layout } from "./messages";

const UNDO = "M6 2 2 6l4 4V7h4a2.5 2.5 0 0 1 0 5H6v1.5h4a4 4 0 0 0 0-8H6z";
const REDO = "M10 2l4 4-4 4V7H6a2.5 2.5 0 0 0 0 5h4v1.5H6a4 4 0 0 1 0-8h4z";

export class UndoButtons {
  readonly undo = iconButton(UNDO, "undo", "Ctrl+Z");
  readonly redo = iconButton(REDO, "redo", "Ctrl+Shift+Z");
  private known: Pick<Layout, "undoes" | "redoes"> = { undoes: "", redoes: "" };
  private enabled = true;

  constructor(travel: (which: "undo" | "redo") => void) {
    this.undo.addEventListener("click", () => travel("undo"));
    this.redo.addEventListener("click", () => travel("redo"));
    this.show();
  }

  /** Say what would be undone, and done again. */
  update({ undoes, redoes }: Pick<Layout, "undoes" | "redoes">): void {
    this.known = { undoes, redoes };
    this.show();
  }

  /** With a kernel that is gone nothing is taken back any more. */
  enable(enabled: boolean): void {
    this.enabled = enabled;
    this.show();
  }

  private show(): void {
    const { undoes, redoes } = this.known;
    this.undo.disabled = undoes === "" || !this.enabled;
    this.redo.disabled = redoes === "" || !this.enabled;
    this.undo.title = undoes === "" ? "nothing to undo" : `undo ${undoes} (Ctrl+Z)`;
    this.redo.title = redoes === "" ? "nothing to do again" : `redo ${redoes} (Ctrl+Shift+Z)`;
  }
}
