/** What the network's functions print: one line that opens into the last ones. */

import { make, setText } from "./dom";
import type { Printed } from "./messages";

const KEPT = 500;

export class Printouts {
  readonly element = make("details", "nl-printouts", { hidden: "" });
  private readonly last = make("span", "nl-printouts-last");
  private readonly lines = make("pre", "nl-printouts-lines", {
    tabindex: "0",
    role: "log",
    "aria-label": "what the network's functions print",
  });

  constructor() {
    const clear = make("button", "nl-button nl-quiet", { type: "button" }, "Clear");
    clear.addEventListener("click", (event) => {
      event.preventDefault();
      this.clear();
    });
    this.element.append(make("summary", "", {}, "Output", this.last, clear), this.lines);
  }

  take({ anew, lines }: Printed): void {
    if (anew) this.clear();
    if (lines.length === 0) return;
    const { scrollTop, scrollHeight, clientHeight } = this.lines;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 4;
    this.lines.append(
      ...lines.map(({ name, text }) =>
        make("div", "", {}, make("b", "", {}, `${name}: `), text === "" ? " " : text),
      ),
    );
    while (this.lines.childElementCount > KEPT) this.lines.firstElementChild?.remove();
    const { name, text } = lines[lines.length - 1];
    setText(this.last, `${name}: ${text}`);
    this.element.hidden = false;
    if (atEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }

  private clear(): void {
    this.lines.replaceChildren();
    setText(this.last, "");
    this.element.hidden = true;
  }
}
