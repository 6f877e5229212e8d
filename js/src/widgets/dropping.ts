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

/** What is dropped: a file of the desktop, or the path of one that the Jupyter server has. */
interface Dropped {
  name: string;
  message: () => Promise<OpenModel>;
}

const ofDesktop = (file: File): Dropped => ({
  name: file.name,
  message: async () => ({ type: "open_model", name: file.name, data: await base64(file) }),
});

const ofServer = (path: string): Dropped => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { name, message: () => Promise.resolve({ type: "open_model", name, path }) };
};

/** What JupyterLab's own drags carry: its file browser the paths, perhaps with a drive before. */
const PATHS = "application/x-jupyter-icontents";

/** A drag of JupyterLab's, which is none of the browser's. */
interface LuminoDrag extends Event {
  mimeData: { hasData: (mime: string) => boolean; getData: (mime: string) => unknown };
  dropAction: string;
  proposedAction: string;
}

const hasPaths = (event: Event): event is LuminoDrag =>
  "mimeData" in event && (event as LuminoDrag).mimeData.hasData(PATHS);

function pathsOf(event: LuminoDrag): string[] {
  const paths = event.mimeData.getData(PATHS);
  if (!Array.isArray(paths)) return [];
  return paths
    .filter((path) => typeof path === "string")
    .map((path) => path.replace(/^[^/:]+:/, ""));
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

  const open = async ({ name, message }: Dropped): Promise<void> => {
    close();
    root.focus({ preventScroll: true });
    try {
      send(await message());
    } catch (error) {
      say(`${name} could not be read: ${String(error)}`);
    }
  };

  const ask = (dropped: Dropped): void => {
    const yes = make("button", "nl-button", { type: "button" }, "Open");
    const no = make("button", "nl-button", { type: "button" }, "Leave it");
    yes.addEventListener("click", () => void open(dropped));
    no.addEventListener("click", close);
    const text =
      `Open ${dropped.name} here? Its network takes the place of the one that is shown; ` +
      "undo brings that back.";
    question.setAttribute("aria-label", text);
    question.replaceChildren(make("span", "", {}, text), yes, no);
    question.hidden = false;
    yes.focus({ preventScroll: true });
  };

  const none = (names: string[]): void =>
    say(`A Lab opens ${SUFFIX} files; ${names.join(", ")} is none.`);

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
      if (file === undefined) none(files.map(({ name }) => name));
      else if (file.size > MOST_BYTES) {
        say(
          `${file.name} has ${Math.round(file.size / 2 ** 20)} MB; up to ${MOST_BYTES / 2 ** 20} MB ` +
            "are read here. lab.open_model(path) takes larger ones.",
        );
      } else ask(ofDesktop(file));
    },
    { signal },
  );
  // JupyterLab takes what is dragged to wherever its own events are not stopped.
  const take = (event: Event): void => {
    if (event.defaultPrevented || !hasPaths(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "lm-dragover") event.dropAction = event.proposedAction;
    if (event.type !== "lm-drop") return;
    const paths = pathsOf(event);
    const path = paths.find((one) => one.endsWith(SUFFIX));
    // It stays where it is: nothing is moved.
    event.dropAction = "none";
    if (path === undefined) none(paths);
    else ask(ofServer(path));
  };
  for (const type of ["lm-dragenter", "lm-dragover", "lm-drop"]) {
    root.addEventListener(type, take, { signal });
  }
  signal.addEventListener("abort", close);
  return question;
}
