/** What is said above a drawing: what is done, or why not, and what would work. */

import { make } from "../../dom";

export interface Offer {
  text: string;
  act: () => void;
}

function link(text: string, title: string, act: () => void): HTMLButtonElement {
  const button = make("button", "nl-network-link", { type: "button", title }, text);
  button.addEventListener("click", act);
  return button;
}

/** A text in which each line of the code can be gone to. */
export function linked(text: string, go: ((line: number) => void) | null): (Node | string)[] {
  if (go === null) return [text];
  return text
    .split(/\b(line \d+)\b/)
    .map((part, at) =>
      at % 2 === 0 ? part : link(part, "go to the line", () => go(Number(part.slice(5)))),
    );
}

export class Saying {
  readonly element = make("p", "nl-edit-said", { role: "status", hidden: "" });
  /** What is said all the time, whatever else there would be to say; "" is nothing. */
  private always = "";
  private wrong = false;
  private text = "";

  /** `go` gives what goes to a line of the code, where that is shown. */
  constructor(private readonly go: () => ((line: number) => void) | null) {}

  say(text: string, trouble = false, offer: Offer | null = null): void {
    const said = this.always || text;
    this.wrong = trouble;
    this.element.hidden = said === "";
    this.element.classList.toggle("nl-edit-wrong", trouble || this.always !== "");
    if (said === this.text && offer === null) return;
    this.text = said;
    const parts = linked(said, trouble ? this.go() : null);
    if (offer !== null && this.always === "") {
      const button = make("button", "nl-button", { type: "button" }, offer.text);
      button.addEventListener("click", offer.act);
      parts.push(" ", button);
    }
    this.element.replaceChildren(...parts);
    if (offer !== null) this.text = "";
  }

  /** Have this said whatever else there would be to say, until it is "". */
  keep(text: string): void {
    this.always = text;
    this.say("");
  }

  /** A hand does something else: what was refused is said no more. */
  forget(target: EventTarget | null = null): void {
    if (this.wrong && !(target instanceof Node && this.element.contains(target))) this.say("");
  }
}
