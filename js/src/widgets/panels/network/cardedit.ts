/** The part of a card in which its object is edited: its name, and every argument of its call. */

import { make, onEntered, setText } from "../../dom";
import { functionField, type FunctionHost } from "./functionfield";
import type { CardEdit, FieldTold, PartTold } from "./payload";

export interface EditHost {
  /** Set an argument, or with null leave it to its default; `answer` gets why not, or "". */
  set: (name: string, value: string | null, answer: (problem: string) => void) => void;
  rename: (name: string, answer: (problem: string) => void) => void;
  /** Begin to connect it: what is chosen next is the other end. */
  connect: (() => void) | null;
  remove: () => void;
  functions: FunctionHost;
}

/** How a field is filled in. */
export function wayOf({ kind, choices }: PartTold): "flag" | "choice" | "text" {
  if (kind === "bool") return "flag";
  return choices.length > 0 ? "choice" : "text";
}

export function editSection(edit: CardEdit, host: EditHost): HTMLElement[] {
  const problem = make("p", "nl-edit-problem", { role: "alert", hidden: "" });
  const say = (text: string): void => {
    problem.hidden = text === "";
    setText(problem, text);
  };
  const tools = make("div", "nl-network-offers nl-edit-tools");
  if (host.connect !== null) {
    const connect = make(
      "button",
      "nl-button",
      { type: "button", title: "then choose what it leads to (C)" },
      "connect to …",
    );
    connect.addEventListener("click", host.connect);
    tools.append(connect);
  }
  const remove = make(
    "button",
    "nl-button",
    { type: "button", title: "and what depends on it, which is listed first (Delete)" },
    "delete",
  );
  remove.addEventListener("click", host.remove);
  tools.append(remove);
  const parts: HTMLElement[] = [];
  if (edit.made !== "") parts.push(make("p", "nl-edit-made", {}, edit.made));
  if (edit.why_not !== "") parts.push(make("p", "nl-edit-made", {}, edit.why_not));
  else {
    if (edit.count > 1) {
      const all = `A change here changes all ${edit.count} that line makes.`;
      parts.push(make("p", "nl-edit-made nl-edit-all", {}, all));
    }
    parts.push(tools, problem);
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(edit.variable)) parts.push(nameField(edit, host, say));
    const shown = edit.fields.filter(
      ({ value, required, name }) => (value !== "" || required) && name !== "label",
    );
    const code = edit.fields.flatMap((field) =>
      field.function === null ? [] : functionField(field, field.function, host.functions),
    );
    const rest = edit.fields.filter((field) => !shown.includes(field) && field.name !== "label");
    parts.push(...shown.flatMap((field) => fieldRows(field, host, say)), ...code);
    if (rest.length > 0) {
      const summary = make("summary", "", {}, `${rest.length} more arguments, at their defaults`);
      const more = make("details", "nl-edit-more", {}, summary);
      more.append(...rest.map((field) => fieldRow(field, host, say)));
      parts.push(more);
    }
  }
  const box = make("section", "nl-edit", { "aria-label": "edit" }, ...parts);
  // What is typed here are no keys of the Lab; Escape closes the card.
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") event.stopPropagation();
  });
  return [box];
}

function nameField(edit: CardEdit, host: EditHost, say: (text: string) => void): HTMLElement {
  const field = make("input", "nl-field", {
    type: "text",
    spellcheck: "false",
    "data-argument": "variable",
  });
  field.value = edit.variable;
  onEntered(field, () => {
    const name = field.value.trim();
    if (name === "" || name === edit.variable) return void (field.value = edit.variable);
    host.rename(name, (problem) => {
      say(problem);
      if (problem !== "") field.value = edit.variable;
    });
  });
  return row("name", "The variable, all its uses, and the label.", field, "");
}

function row(label: string, hint: string, field: HTMLElement, unit: string): HTMLElement {
  return make(
    "label",
    "nl-edit-row",
    { title: hint },
    make("span", "nl-edit-label", {}, label.split(".").at(-1)?.replaceAll("_", " ") ?? ""),
    field,
    make("span", "nl-edit-unit", {}, unit),
  );
}

/** A field, and below it those of the call that it is given as. */
function fieldRows(field: FieldTold, host: EditHost, say: (text: string) => void): HTMLElement[] {
  const own = fieldRow(field, host, say);
  if (field.parts.length === 0) return [own];
  const [given, rest] = [true, false].map((is) =>
    field.parts.filter(({ value, required }) => (value !== "" || required) === is),
  );
  const box = make("div", "nl-edit-parts", { role: "group", "aria-label": `of ${field.value}` });
  box.append(...given.map((part) => fieldRow(part, host, say)));
  if (rest.length > 0) {
    const title = `${rest.length} more of ${field.value.split("(")[0].split(".").at(-1)}`;
    const more = make("details", "nl-edit-more", {}, make("summary", "", {}, title));
    more.append(...rest.map((part) => fieldRow(part, host, say)));
    box.append(more);
  }
  return [own, box];
}

function fieldRow(field: PartTold, host: EditHost, say: (text: string) => void): HTMLElement {
  const set = (value: string, back: () => void): void => {
    const wanted = value.trim() === "" ? null : value.trim();
    if ((wanted ?? "") === field.value) return;
    host.set(field.name, wanted, (problem) => {
      say(problem);
      if (problem !== "") back();
    });
  };
  const way = wayOf(field);
  const unset = field.default === "" ? "" : `${field.default} (default)`;
  if (way === "text") {
    const input = make("input", "nl-field", {
      type: "text",
      spellcheck: "false",
      placeholder: field.default,
      "data-argument": field.name,
    });
    input.value = field.value;
    onEntered(input, () => set(input.value, () => (input.value = field.value)));
    return row(field.name, field.hint, input, field.unit);
  }
  const select = make("select", "nl-field", { "data-argument": field.name });
  const options: [string, string, boolean][] =
    way === "flag"
      ? [
          ["True", "True", false],
          ["False", "False", false],
        ]
      : field.choices.map(({ code, title, refused }) => [code, title, refused !== ""]);
  if (!field.required) options.unshift(["", unset || "default", false]);
  if (!options.some(([code]) => code === field.value))
    options.push([field.value, field.value, false]);
  for (const [code, title, refused] of options) {
    const option = make("option", "", { value: code }, title);
    option.disabled = refused;
    select.append(option);
  }
  const other = way === "choice" ? make("option", "", { value: "\0" }, "other …") : null;
  if (other !== null) select.append(other);
  select.value = field.value;
  const place = make("span", "nl-edit-choice", {}, select);
  select.addEventListener("change", () => {
    if (select.value !== "\0") return set(select.value, () => (select.value = field.value));
    const input = make("input", "nl-field", {
      type: "text",
      spellcheck: "false",
      "data-argument": field.name,
    });
    input.value = field.value || field.now || field.default;
    place.replaceChildren(input);
    onEntered(input, () => set(input.value, () => undefined));
    input.focus();
  });
  return row(field.name, field.hint, place, field.unit);
}

/** What is deleted, and what goes with it, before it is. */
export function confirmDelete(
  own: readonly string[],
  others: readonly string[],
  keep: () => void,
  remove: () => void,
): HTMLElement {
  const yes = make("button", "nl-button nl-likely", { type: "button" }, "Delete");
  const no = make("button", "nl-button", { type: "button" }, "Keep");
  yes.addEventListener("click", remove);
  no.addEventListener("click", keep);
  const parts: HTMLElement[] = [make("p", "", {}, `Delete ${own.join(", ") || "it"}?`)];
  if (others.length > 0)
    parts.push(
      make(
        "p",
        "",
        {},
        own.length > 1
          ? "These depend on them, and go too:"
          : "These depend on it, and go with it:",
      ),
      make("ul", "", {}, ...others.map((name) => make("li", "", {}, name))),
    );
  const box = make(
    "div",
    "nl-edit-confirm",
    { role: "alertdialog", "aria-label": "delete" },
    ...parts,
    make("div", "nl-network-offers", {}, yes, no),
  );
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") keep();
    else if (event.key !== "Enter" && event.key !== " " && event.key !== "Tab") return;
    event.stopPropagation();
  });
  return box;
}
