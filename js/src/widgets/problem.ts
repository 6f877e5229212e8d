/** What went wrong, in place: the object's name, the message, the traceback one click away. */

import { make } from "./dom";
import type { ErrorReport, Notice } from "./messages";

export class Problem {
  readonly element = make("div", "nl-problem", { role: "alert", hidden: "" });
  private shown = "";

  /** Show an error of the session, or with null that there is none. */
  show(error: ErrorReport | null, advice: string): void {
    if (error === null) return this.clear();
    const name = error.object === "" ? "Error" : `Error in «${error.object}»`;
    this.say(name, error, advice);
  }

  /** Show a heading and what it is about. */
  say(name: string, error: ErrorReport, advice: string): void {
    const key = JSON.stringify([name, error, advice]);
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = false;
    const parts: Node[] = [
      make("strong", "", {}, name),
      make("p", "nl-problem-message", {}, error.message),
    ];
    if (advice !== "") parts.push(make("p", "nl-problem-advice", {}, advice));
    if (error.traceback !== "") {
      const trace = make("pre", "nl-traceback", { tabindex: "0" }, error.traceback);
      parts.push(make("details", "", {}, make("summary", "", {}, "Show the traceback"), trace));
    }
    this.element.replaceChildren(...parts);
  }

  private clear(): void {
    this.shown = "";
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}

/** One line that says something and can be put away; its details are folded. */
export class NoticeLine {
  readonly element = make("div", "nl-notice", { role: "status", hidden: "" });

  constructor(private readonly rebuild: () => void = () => undefined) {}

  show(text: string): void {
    this.tell({ text, details: [], offer: "" });
  }

  tell({ text, details, offer }: Omit<Notice, "type">): void {
    const close = make("button", "nl-button nl-quiet", { type: "button" }, "OK");
    close.addEventListener("click", () => (this.element.hidden = true));
    const said = make("div", "nl-notice-said", {}, make("span", "", {}, text));
    if (details.length > 0) said.append(folded(details));
    const parts: HTMLElement[] = [said, close];
    if (offer === "rebuild") {
      const title = "build the network as it is now, and go on from the state that there is";
      const again = make("button", "nl-button", { type: "button", title }, "Rebuild");
      again.addEventListener("click", () => {
        this.element.hidden = true;
        this.rebuild();
      });
      parts.splice(1, 0, again);
    }
    this.element.replaceChildren(...parts);
    this.element.hidden = text === "";
  }
}

function folded(details: readonly string[]): HTMLElement {
  const summary = details.length === 1 ? "Show why" : `Show all ${details.length} reasons`;
  const items = details.map((detail) => make("li", "", {}, detail));
  return make("details", "", {}, make("summary", "", {}, summary), make("ul", "", {}, ...items));
}
