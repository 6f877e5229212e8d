/** What the parts of the panel share: sending, rendering again without losing what is typed. */

import { make } from "../../dom";

export type Send = (content: Record<string, unknown>) => void;

/** A part that is made again only where what it shows has changed. */
export class Part<T> {
  private shown = "";

  constructor(
    readonly element: HTMLElement,
    private readonly render: (told: T) => (Node | string)[],
  ) {}

  show(told: T): void {
    const text = JSON.stringify(told);
    if (text === this.shown) return;
    this.shown = text;
    keepingFocus(this.element, () => this.element.replaceChildren(...this.render(told)));
  }

  /** Make it again with what comes next, whatever that is. */
  forget(): void {
    this.shown = "";
  }
}

/** Where a person was, they are afterwards, with what they had typed and not entered yet. */
function keepingFocus(element: HTMLElement, change: () => void): void {
  const at = document.activeElement;
  const inside = at instanceof HTMLElement && element.contains(at) ? at : null;
  const name = inside?.getAttribute("aria-label") ?? null;
  const typed = inside instanceof HTMLInputElement && inside.type === "text" ? inside : null;
  const dirty = typed !== null && typed.value !== typed.defaultValue ? typed.value : null;
  change();
  if (name === null) return;
  const again = element.querySelector(`[aria-label="${CSS.escape(name)}"]`);
  if (!(again instanceof HTMLElement)) return;
  again.focus({ preventScroll: true });
  if (dirty !== null && again instanceof HTMLInputElement) again.value = dirty;
}

export function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const made = make("button", "nl-button", { type: "button", title }, text);
  made.addEventListener("click", act);
  return made;
}

/** A number as a person reads it. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5))
    return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(4)));
}

export function seconds(value: number): string {
  if (value < 90) return `${Math.max(1, Math.round(value))} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}
