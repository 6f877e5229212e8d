/** What went wrong, in place: the object's name, the message, the traceback one click away. */

import { make } from "./dom";
import type { ErrorReport } from "./messages";

export class Problem {
  readonly element = make("div", "nl-problem", { role: "alert", hidden: "" });
  private shown = "";

  show(error: ErrorReport | null, advice: string): void {
    const key = error === null ? "" : JSON.stringify([error, advice]);
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = error === null;
    if (error === null) {
      this.element.replaceChildren();
      return;
    }
    const name = error.object === "" ? "Error" : `Error in «${error.object}»`;
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
}

/** One line that says something and can be put away. */
export class NoticeLine {
  readonly element = make("div", "nl-notice", { role: "status", hidden: "" });

  show(text: string): void {
    const close = make("button", "nl-button nl-quiet", { type: "button" }, "OK");
    close.addEventListener("click", () => (this.element.hidden = true));
    this.element.replaceChildren(make("span", "", {}, text), close);
    this.element.hidden = text === "";
  }
}
