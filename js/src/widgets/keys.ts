/** The keys of a Lab, and the list of them. They act only while the Lab has the focus. */

import { make } from "./dom";
import type { Timeline } from "./timeline";
import type { Transport } from "./transport";

const KEYS: [string, string][] = [
  ["space", "play and pause"],
  ["→", "a single step"],
  ["R", "reset"],
  ["+ −", "zoom in and out"],
  ["⇧ ← →", "back and on in time"],
  ["End", "show the newest again"],
  ["Ctrl Z", "undo a change of the plots"],
  ["Ctrl ⇧ Z", "do it again"],
  ["?", "list these keys"],
];

/** The list of keys, closed at first. */
export function keyList(): { button: HTMLButtonElement; list: HTMLElement; toggle: () => void } {
  const rows = KEYS.flatMap(([key, what]) => [
    make("dt", "", {}, make("kbd", "", {}, key)),
    make("dd", "", {}, what),
  ]);
  const list = make("dl", "nl-keys", { hidden: "", "aria-label": "keys" }, ...rows);
  const attributes = {
    type: "button",
    "aria-label": "list the keys",
    "aria-expanded": "false",
    title: "list the keys (?)",
  };
  const button = make("button", "nl-button", attributes, "?");
  const toggle = (): void => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
  };
  button.addEventListener("click", toggle);
  return { button, list, toggle };
}

/** Elements that use this key themselves. */
function usesKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (key === " ") return target.closest("button, select, summary") !== null;
  if (key.startsWith("Arrow") || key === "End")
    return target.closest("input, select, pre") !== null;
  return target.closest("select, input:not([type=range])") !== null;
}

/** A field in which Ctrl+Z takes back what was typed. */
function isText(target: EventTarget | null): boolean {
  const own = "textarea, [contenteditable=true], input:not([type=range], [type=checkbox])";
  return target instanceof Element && target.closest(own) !== null;
}

/** Ctrl+Z (⌘ Z) undoes; with shift, or Ctrl+Y, it does again. */
export function undoKey(event: KeyboardEvent): "undo" | "redo" | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" && !event.shiftKey ? "redo" : null;
}

/**
 * Keep the notebook's shortcuts off what has the focus. Their selectors may mean this very element
 * (`:focus` in the notebook), so it does not do to mark what it lies in; and Notebook 7 looks at a
 * key before it comes here.
 */
function keepKeysOf(target: EventTarget | null): void {
  if (target instanceof Element) target.setAttribute("data-lm-suppress-shortcuts", "true");
}

/** Let the keys act on `transport` while the focus is inside `root`. */
export function listenToKeys(
  root: HTMLElement,
  transport: Transport,
  timeline: Timeline,
  toggleList: () => void,
  travel: (which: "undo" | "redo") => void,
  signal: AbortSignal,
): void {
  const zoom = (factor: number): void => timeline.zoom(factor, timeline.view.to);
  const pan = (share: number): void =>
    timeline.pan(share * (timeline.view.to - timeline.view.from));
  const shifted: Record<string, () => void> = {
    ArrowLeft: () => pan(-0.5),
    ArrowRight: () => pan(0.5),
  };
  const actions: Record<string, () => void> = {
    " ": () => transport.toggle(),
    ArrowRight: () => transport.singleStep(),
    r: () => transport.startAgain(),
    R: () => transport.startAgain(),
    "?": toggleList,
    "+": () => zoom(0.5),
    "-": () => zoom(2),
    End: () => timeline.follow(),
  };
  const onKey = (event: KeyboardEvent): void => {
    const which = undoKey(event);
    if (which !== null && !isText(event.target)) {
      event.preventDefault();
      event.stopPropagation();
      travel(which);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const table = event.shiftKey && Object.hasOwn(shifted, event.key) ? shifted : actions;
    const action = Object.hasOwn(table, event.key) ? table[event.key] : undefined;
    if (action === undefined || usesKey(event.target, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  root.addEventListener("keydown", onKey, { signal });
  root.addEventListener("focusin", ({ target }) => keepKeysOf(target), { signal });
}
