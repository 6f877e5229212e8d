/** Going to a line of the code, from other panels. */

import type { LabState, LabStore } from "./store";

type Shown = Pick<LabState, "layout">;

/** What goes to a line, as people count them; null where no panel shows the code. */
export function lineOpener(store: LabStore): ((line: number) => void) | null {
  const { layout }: Shown = store.get();
  const shown = layout?.panels.some(({ kind }) => kind === "code") === true;
  return shown ? (at) => store.set({ line: { at } }) : null;
}

/** Put the caret into a line of the editor of the notebook's cell around an element. */
export function goInCell(inside: Element, line: number): void {
  const editor = inside
    .closest(".jp-Cell")
    ?.querySelector<HTMLElement>(".jp-InputArea .cm-content");
  const row = editor?.querySelectorAll(".cm-line")[line - 1];
  (row ?? editor)?.scrollIntoView({ block: "center" });
  editor?.focus({ preventScroll: true });
  if (row !== undefined) window.getSelection()?.collapse(row, 0);
}
