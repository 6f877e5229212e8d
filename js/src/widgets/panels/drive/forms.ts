/** The parts of the panel that need no canvas: a CSV file, a semantic pointer. */

import { make, onEntered, setText } from "../../dom";
import { typedNumber } from "../../settings";

export type Send = (content: Record<string, unknown>) => void;

/** More than this is not sent through a notebook (bytes of text). */
export const MOST_TEXT = 20 * 2 ** 20;

/** A file of values, chosen or dropped; checked by the kernel against the Node's dimensions. */
export class RecordingForm {
  readonly element: HTMLElement;
  private readonly file = make("input", "nl-file", {
    type: "file",
    accept: ".csv,.tsv,.txt,text/csv,text/plain",
    "aria-label": "CSV file",
  });
  private readonly every = make("input", "nl-field nl-short", {
    type: "text",
    inputmode: "decimal",
    "aria-label": "seconds between rows",
    placeholder: "as in the file",
    title: "empty: the column of times, or a step of the simulation where there is none",
  });
  private readonly loop = make("input", "", { type: "checkbox", "aria-label": "loop" });
  private readonly play = make("button", "nl-button", { type: "button" }, "Play from now");
  private readonly problem = problemLine();
  private chosen: { name: string; text: string } | null = null;

  constructor(
    size: number,
    private readonly send: Send,
  ) {
    const columns = `${size} column${size === 1 ? "" : "s"}, or ${size + 1} with times (s) first`;
    this.loop.checked = true;
    this.play.disabled = true;
    this.file.addEventListener("change", () => void this.read(this.file.files?.[0] ?? null));
    this.play.addEventListener("click", () => this.start());
    this.element = make(
      "div",
      "nl-drive-form",
      {},
      make("p", "nl-drive-hint", {}, `A CSV file with ${columns}.`),
      this.file,
      make(
        "div",
        "nl-drive-row",
        {},
        make("label", "", {}, "a row lasts (s) ", this.every),
        make("label", "", {}, this.loop, " loop"),
        this.play,
      ),
      this.problem,
    );
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.read(event.dataTransfer?.files[0] ?? null);
    });
  }

  refuse(text: string): void {
    setText(this.problem, text);
  }

  private async read(file: File | null): Promise<void> {
    this.refuse("");
    this.chosen = null;
    this.play.disabled = true;
    if (file === null) return;
    if (file.size > MOST_TEXT) {
      const size = Math.round(file.size / 2 ** 20);
      return this.refuse(
        `${file.name} has ${size} MB; up to ${MOST_TEXT / 2 ** 20} MB are read here. ` +
          "Longer ones: session.set_input(node, nengolab.Recording(array, dt=...))",
      );
    }
    this.chosen = { name: file.name, text: await file.text() };
    this.play.disabled = false;
  }

  private start(): void {
    if (this.chosen === null) return;
    const dt = typedNumber(this.every.value);
    const wrong = dt !== null && !(dt > 0 && Number.isFinite(dt));
    this.every.setAttribute("aria-invalid", String(wrong));
    if (wrong) return this.refuse("a row lasts a positive number of seconds");
    this.send({ type: "csv", ...this.chosen, dt, loop: this.loop.checked });
  }
}

/** An expression of semantic pointers. */
export class PointerForm {
  readonly element: HTMLElement;
  private readonly field = make("input", "nl-field nl-pointer-text", {
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "semantic pointer",
    placeholder: "such as A*B + 0.5*C",
  });
  private readonly problem = problemLine();

  constructor(keys: string[], send: Send) {
    const put = (): void => send({ type: "pointer", text: this.field.value });
    onEntered(this.field, put);
    const words = keys.map((key) => {
      const button = make("button", "nl-button nl-key", { type: "button" }, key);
      button.title = `drive by ${key}`;
      button.addEventListener("click", () => {
        this.field.value = key;
        put();
      });
      return button;
    });
    const named = { role: "group", "aria-label": "pointers of the vocabulary" };
    this.element = make(
      "div",
      "nl-drive-form",
      {},
      this.field,
      this.problem,
      make("div", "nl-drive-keys", named, ...words),
    );
  }

  refuse(text: string): void {
    setText(this.problem, text);
    this.field.setAttribute("aria-invalid", String(text !== ""));
  }
}

function problemLine(): HTMLElement {
  return make("p", "nl-drive-problem", { role: "alert" });
}
