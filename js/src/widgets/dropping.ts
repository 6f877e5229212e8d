/** A Keras model that is dropped on a Lab: its network is shown, once a person has said so. */

import "./dropping.css";

import { make } from "./dom";
import type { OpenModel } from "./messages";

const SUFFIX = ".keras";
/** More than this is not sent through a notebook (bytes). */
export const MOST_BYTES = 14 * 2 ** 20;

/** The bytes of a file in base 64, as messages can hold them. */
async function base64(file: File): Promise<string> {
  const reader = new FileReader();
  const done = new Promise<string>((resolve, reject) => {
    reader.addEventListener("load", () => resolve(String(reader.result)));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("not read")));
  });
  reader.readAsDataURL(file);
  return (await done).replace(/^[^,]*,/, "");
}

/** Take files that are dropped on an element; `send` gets them, `say` what is wrong with one. */
export function takeModels(
  root: HTMLElement,
  send: (message: OpenModel) => void,
  say: (text: string) => void,
  signal: AbortSignal,
): HTMLElement {
  const question = make("div", "nl-dropped", { role: "alertdialog", hidden: "" });
  const close = (): void => {
    question.hidden = true;
    question.replaceChildren();
  };

  const open = async (file: File): Promise<void> => {
    close();
    try {
      send({ type: "open_model", name: file.name, data: await base64(file) });
    } catch (error) {
      say(`${file.name} could not be read: ${String(error)}`);
    }
  };

  const ask = (file: File): void => {
    const yes = make("button", "nl-button", { type: "button" }, "Open");
    const no = make("button", "nl-button", { type: "button" }, "Leave it");
    yes.addEventListener("click", () => void open(file));
    no.addEventListener("click", close);
    const text = `Open ${file.name} here? Its network takes the place of the one that is shown.`;
    question.setAttribute("aria-label", text);
    question.replaceChildren(make("span", "", {}, text), yes, no);
    question.hidden = false;
    yes.focus({ preventScroll: true });
  };

  const hasFiles = ({ dataTransfer }: DragEvent): boolean =>
    dataTransfer?.types.includes("Files") === true;
  root.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault(), {
    signal,
  });
  root.addEventListener(
    "drop",
    (event) => {
      // A part of the Lab has taken it, or it is no file at all.
      if (event.defaultPrevented || !hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const files = [...(event.dataTransfer?.files ?? [])];
      const file = files.find(({ name }) => name.endsWith(SUFFIX));
      if (file === undefined) {
        say(`A Lab opens ${SUFFIX} files; ${files.map(({ name }) => name).join(", ")} is none.`);
      } else if (file.size > MOST_BYTES) {
        say(
          `${file.name} has ${Math.round(file.size / 2 ** 20)} MB; up to ${MOST_BYTES / 2 ** 20} MB ` +
            "are read here. lab.open_model(path) takes larger ones.",
        );
      } else ask(file);
    },
    { signal },
  );
  signal.addEventListener("abort", close);
  return question;
}
