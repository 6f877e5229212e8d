/** What the parts of the panel share: sending, showing again what has changed. */

import { make } from "../../dom";
import { renew } from "../../renewing";

export type Send = (content: Record<string, unknown>) => void;

/**
 * A part that is made again only where what it shows has changed, and of which what is alike stays:
 * what an element does follows from its `data-key`, its label or its words (see `renew`).
 */
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
    renew(this.element, this.render(told));
  }

  /** Make it again with what comes next, whatever that is. */
  forget(): void {
    this.shown = "";
  }
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
