/** "Run": for a while, until a time, or until a value is above or below a level. */

import { make, onEntered } from "./dom";
import type { Offer, PageMessage } from "./messages";
import { typedNumber } from "./settings";

export class UntilMenu {
  readonly element = make("span", "nl-until");
  private readonly button = make(
    "button",
    "nl-button",
    {
      type: "button",
      "aria-expanded": "false",
      title: "run for some time or steps, until a time, or until a value is above or below a level",
    },
    "run …",
  );
  private readonly menu = make("div", "nl-menu nl-until-menu", {
    hidden: "",
    role: "group",
    "aria-label": "run until",
  });
  private readonly span = field("how long to run", "1");
  private readonly unit = make(
    "select",
    "nl-field",
    { "aria-label": "seconds or steps" },
    make("option", "", { value: "s" }, "s"),
    make("option", "", { value: "steps" }, "steps"),
  );
  private readonly time = field("time to run until (s)", "");
  private readonly object = make("select", "nl-field", { "aria-label": "object to wait for" });
  private readonly dim = field("its dimension", "0");
  private readonly side = make(
    "select",
    "nl-field",
    { "aria-label": "above or below" },
    make("option", "", { value: "above" }, "above"),
    make("option", "", { value: "below" }, "below"),
  );
  private readonly level = field("level", "0.5");

  constructor(private readonly send: (message: PageMessage) => void) {
    const runSpan = runButton("run for this long");
    runSpan.addEventListener("click", () => this.forSpan());
    onEntered(this.span, () => this.forSpan());
    const runTime = runButton("run until this time");
    const runValue = runButton("run until this value");
    runTime.addEventListener("click", () => this.untilTime());
    runValue.addEventListener("click", () => this.untilValue());
    onEntered(this.time, () => this.untilTime());
    onEntered(this.level, () => this.untilValue());
    this.menu.append(
      make("div", "nl-until-row", {}, make("span", "", {}, "for"), this.span, this.unit, runSpan),
      make("div", "nl-until-row", {}, make("span", "", {}, "until"), this.time, "s", runTime),
      make(
        "div",
        "nl-until-row",
        {},
        make("span", "", {}, "until the value of"),
        this.object,
        "[",
        this.dim,
        "]",
        this.side,
        this.level,
        runValue,
      ),
    );
    this.element.append(this.button, this.menu);
    this.button.addEventListener("click", () => this.toggle(this.menu.hidden));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.menu.hidden) return;
      event.stopPropagation();
      this.toggle(false);
      this.button.focus();
    });
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget))
        this.toggle(false);
    });
  }

  /** What has a value that can be waited for; null where it is what it was. */
  update(offers: Offer[] | null): void {
    if (offers === null) return;
    const chosen = this.object.value;
    const valued = offers.filter(({ kinds }) => kinds.some(({ name }) => name === "value"));
    this.object.replaceChildren(
      ...valued.map(({ object, label }) => make("option", "", { value: object }, label)),
    );
    if (valued.some(({ object }) => object === chosen)) this.object.value = chosen;
  }

  private toggle(open: boolean): void {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.span.focus({ preventScroll: true });
  }

  private forSpan(): void {
    const span = number(this.span);
    const steps = this.unit.value === "steps";
    const wrong = span === null || span <= 0 || (steps && !Number.isInteger(span));
    this.span.setAttribute("aria-invalid", String(wrong));
    if (span === null || wrong) return;
    this.toggle(false);
    this.send(steps ? { type: "step", n: span } : { type: "run_for", seconds: span });
  }

  private untilTime(): void {
    const time = number(this.time);
    if (time === null) return;
    this.toggle(false);
    this.send({ type: "run_until", time });
  }

  private untilValue(): void {
    const [dim, level] = [number(this.dim), number(this.level)];
    if (dim === null || level === null || this.object.value === "") return;
    const above = this.side.value === "above";
    this.toggle(false);
    this.send({
      type: "run_until",
      object: this.object.value,
      dim: Math.round(dim),
      above,
      level,
    });
  }
}

function field(name: string, value: string): HTMLInputElement {
  const input = make("input", "nl-field nl-until-number", {
    type: "text",
    inputmode: "decimal",
    "aria-label": name,
  });
  input.value = value;
  return input;
}

function runButton(name: string): HTMLButtonElement {
  return make("button", "nl-button", { type: "button", "aria-label": name, title: name }, "Run");
}

/** What was typed; null, and marked as wrong, where it is no number. */
function number(input: HTMLInputElement): number | null {
  const typed = typedNumber(input.value);
  const wrong = typed === null || !Number.isFinite(typed);
  input.setAttribute("aria-invalid", String(wrong));
  return wrong ? null : typed;
}
