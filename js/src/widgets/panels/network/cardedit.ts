/** The part of a card in which its object is edited: its name, and every argument of its call. */

import { make, onEntered, setHidden, setText } from "../../dom";
import { renew } from "../../renewing";
import { FunctionField, type FunctionHost } from "./functionfield";
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

/** The field of the name. */
const VARIABLE = "variable";

type Entry = HTMLInputElement | HTMLSelectElement;

/** Where the keys are, and what was typed there and not entered yet. */
interface Keys {
  argument: string;
  typed: string | null;
  caret: [number | null, number | null];
}

/**
 * Made anew with each edit, of which what is alike stays (see `renew`), and with it focus and what
 * is being typed: so what a field does follows from its name, and what it is about is looked up.
 */
export class EditSection {
  readonly element = make("section", "nl-edit", { "aria-label": "edit", hidden: "" });
  private edit: CardEdit | null = null;
  private host!: EditHost;
  private readonly problem = make("p", "nl-edit-problem", {
    role: "alert",
    hidden: "",
    "data-key": "problem",
  });
  /** What was refused, by field, and why; it stands there until it is mended. */
  private readonly refused = new Map<string, { text: string; problem: string }>();
  /** Fields in which something else than a choice is typed. */
  private readonly others = new Set<string>();
  private readonly functions = new Map<string, FunctionField>();
  /** Counts the objects that it was about. */
  private about = 0;

  constructor() {
    // What is typed here are no keys of the Lab; Escape closes the card.
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") event.stopPropagation();
    });
  }

  /** Show an object; `same` says that it is the one that is shown already. */
  show(edit: CardEdit | null, host: EditHost, same: boolean): void {
    if (!same) this.leave();
    [this.edit, this.host] = [edit, host];
    for (const [name, { text }] of this.refused) {
      const now = this.valueOf(name);
      if (now === null || now === text) this.refused.delete(name);
    }
    const keys = keysIn(this.element);
    renew(this.element, edit === null ? [] : this.parts(edit));
    setHidden(this.element, edit === null);
    this.explain();
    if (keys !== null && !this.element.contains(document.activeElement)) this.goOn(keys);
  }

  /** Another object is about to be shown: what is answered from now on is said elsewhere. */
  depart(): void {
    this.about++;
  }

  /** It is about this object no more. */
  leave(): void {
    this.about++;
    for (const one of [this.refused, this.others, this.functions]) one.clear();
    this.element.replaceChildren();
  }

  /** The field that has the keys stands elsewhere now, or is another one. */
  private goOn({ argument, typed, caret }: Keys): void {
    const field = this.find(argument);
    field?.closest<HTMLDetailsElement>("details")?.setAttribute("open", "");
    field?.focus({ preventScroll: true });
    if (!(field instanceof HTMLInputElement) || typed === null) return;
    field.value = typed;
    field.setSelectionRange(...caret);
  }

  private find(argument: string): Entry | null {
    return this.element.querySelector<Entry>(`[data-argument="${CSS.escape(argument)}"]`);
  }

  // ---- what is entered ----------------------------------------------------------------------------

  private fieldOf(name: string): PartTold | null {
    const all = (this.edit?.fields ?? []).flatMap((field) => [field, ...field.parts]);
    return all.find((field) => field.name === name) ?? null;
  }

  /** What the code has; null where it has no such field. */
  private valueOf(name: string): string | null {
    if (name === VARIABLE) return this.edit?.variable ?? null;
    return this.fieldOf(name)?.value ?? null;
  }

  private enter(name: string, entry: Entry): void {
    const before = this.valueOf(name);
    const text = entry.value.trim();
    this.refused.delete(name);
    // What was chosen and refused is not chosen any more.
    for (const each of this.refused.keys())
      if (this.find(each) instanceof HTMLSelectElement) this.refused.delete(each);
    this.explain();
    if (before === null || text === before) return;
    const answer = this.answerTo(name, text);
    if (name !== VARIABLE) this.host.set(name, text === "" ? null : text, answer);
    else if (text === "") entry.value = before;
    else this.host.rename(text, answer);
  }

  private answerTo(name: string, text: string): (problem: string) => void {
    const { about } = this;
    const { functions } = this.host;
    return (problem) => {
      if (about !== this.about) {
        functions.say(problem);
        return;
      }
      if (problem === "") this.others.delete(name);
      else this.refused.set(name, { text, problem });
      const field = this.find(name);
      if (problem !== "" && field instanceof HTMLSelectElement)
        field.value = this.valueOf(name) ?? "";
      this.explain();
    };
  }

  /** Say what was refused, where it stands. */
  private explain(): void {
    const problem = [...this.refused.values()].at(-1)?.problem ?? "";
    setHidden(this.problem, problem === "");
    setText(this.problem, problem);
    for (const field of this.element.querySelectorAll<HTMLElement>("input[data-argument]"))
      field.setAttribute("aria-invalid", String(this.refused.has(field.dataset.argument ?? "")));
  }

  // ---- what it shows --------------------------------------------------------------------------------

  private parts(edit: CardEdit): HTMLElement[] {
    const parts: HTMLElement[] = [];
    if (edit.made !== "") parts.push(make("p", "nl-edit-made", {}, edit.made));
    if (edit.why_not !== "")
      return [...parts, make("p", "nl-edit-made", { "data-key": "why not" }, edit.why_not)];
    if (edit.count > 1) {
      const all = `A change here changes all ${edit.count} that line makes.`;
      parts.push(make("p", "nl-edit-made nl-edit-all", { "data-key": "all" }, all));
    }
    parts.push(this.tools(), this.problem);
    if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(edit.variable)) parts.push(this.nameRow(edit));
    const fields = edit.fields.filter(({ name }) => name !== "label");
    const [shown, rest] = [true, false].map((is) =>
      fields.filter((field) => isShown(field) === is),
    );
    parts.push(...shown.flatMap((field) => this.rows(field)), ...this.codeOf(edit));
    if (rest.length > 0) {
      const title = `${rest.length} more arguments, at their defaults`;
      parts.push(this.more("more", title, rest));
    }
    return parts;
  }

  private tools(): HTMLElement {
    const tools = make("div", "nl-network-offers nl-edit-tools");
    if (this.host.connect !== null)
      tools.append(
        button("connect to …", "then choose what it leads to (C)", () => this.host.connect?.()),
      );
    const title = "and what depends on it, which is listed first (Delete)";
    tools.append(button("delete", title, () => this.host.remove()));
    return tools;
  }

  private nameRow({ variable }: CardEdit): HTMLElement {
    const field = this.input(VARIABLE, variable, "");
    return row("name", "The variable, all its uses, and the label.", field, "", VARIABLE);
  }

  private codeOf({ fields }: CardEdit): HTMLElement[] {
    return fields.flatMap((field) => {
      if (field.function === null) return [];
      const there = this.functions.get(field.name);
      const made = there ?? new FunctionField(field.name, field.function, this.host.functions);
      there?.show(field.function, this.host.functions);
      this.functions.set(field.name, made);
      return [made.element];
    });
  }

  private more(key: string, title: string, fields: PartTold[]): HTMLElement {
    const summary = make("summary", "", {}, title);
    const rows = fields.map((field) => this.row(field));
    return make("details", "nl-edit-more", { "data-key": key }, summary, ...rows);
  }

  /** A field, and below it those of the call that it is given as. */
  private rows(field: FieldTold): HTMLElement[] {
    const own = this.row(field);
    if (field.parts.length === 0) return [own];
    const [given, rest] = [true, false].map((is) =>
      field.parts.filter((part) => isShown(part) === is),
    );
    const box = make("div", "nl-edit-parts", {
      role: "group",
      "aria-label": `of ${field.value}`,
      "data-key": `parts of ${field.name}`,
    });
    box.append(...given.map((part) => this.row(part)));
    const called = field.value.split("(")[0].split(".").at(-1);
    if (rest.length > 0)
      box.append(this.more(`more of ${field.name}`, `${rest.length} more of ${called}`, rest));
    return [own, box];
  }

  private row(field: PartTold): HTMLElement {
    const { name } = field;
    const entry =
      wayOf(field) === "text" ? this.input(name, field.value, field.default) : this.choice(field);
    return row(name, field.hint, entry, field.unit, name);
  }

  private input(name: string, value: string, placeholder: string): HTMLInputElement {
    const input = make("input", "nl-field", {
      type: "text",
      spellcheck: "false",
      "data-argument": name,
      value,
      ...(placeholder === "" ? {} : { placeholder }),
    });
    onEntered(input, () => this.enter(name, input));
    input.addEventListener("keydown", (event) => {
      // What was refused can be tried again: the code may be another by now.
      const again = event.key === "Enter" && this.refused.get(name)?.text === input.value.trim();
      if (again) this.enter(name, input);
    });
    return input;
  }

  private choice(field: PartTold): HTMLElement {
    const { name } = field;
    const place = make("span", "nl-edit-choice");
    if (wayOf(field) === "choice" && this.others.has(name)) {
      place.append(this.input(name, field.value || field.now || field.default, ""));
      return place;
    }
    const select = make("select", "nl-field", { "data-argument": name });
    for (const [code, title, refused] of optionsOf(field)) {
      const option = make("option", "", { value: code }, title);
      option.disabled = refused;
      option.toggleAttribute("selected", code === field.value);
      select.append(option);
    }
    select.value = field.value;
    select.addEventListener("change", () => {
      if (select.value === OTHER) this.other(name);
      else this.enter(name, select);
    });
    place.append(select);
    return place;
  }

  /** Something else than a choice is to be typed. */
  private other(name: string): void {
    const [field, select] = [this.fieldOf(name), this.find(name)];
    if (field === null || select === null) return;
    this.others.add(name);
    const input = this.input(name, field.value || field.now || field.default, "");
    select.replaceWith(input);
    input.focus();
  }
}

function isShown({ value, required }: PartTold): boolean {
  return value !== "" || required;
}

const OTHER = "\0";

/** What can be chosen: the code, what it is called, and whether it cannot be here. */
function optionsOf(field: PartTold): [string, string, boolean][] {
  const flags: [string, string, boolean][] = [
    ["True", "True", false],
    ["False", "False", false],
  ];
  const options: typeof flags =
    wayOf(field) === "flag"
      ? flags
      : field.choices.map(({ code, title, refused }) => [code, title, refused !== ""]);
  const unset = field.default === "" ? "default" : `${field.default} (default)`;
  if (!field.required) options.unshift(["", unset, false]);
  if (!options.some(([code]) => code === field.value))
    options.push([field.value, field.value, false]);
  if (wayOf(field) === "choice") options.push([OTHER, "other …", false]);
  return options;
}

function row(
  label: string,
  hint: string,
  field: HTMLElement,
  unit: string,
  key: string,
): HTMLElement {
  return make(
    "label",
    "nl-edit-row",
    { title: hint, "data-key": key },
    make("span", "nl-edit-label", {}, label.split(".").at(-1)?.replaceAll("_", " ") ?? ""),
    field,
    make("span", "nl-edit-unit", {}, unit),
  );
}

function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const made = make("button", "nl-button", { type: "button", title }, text);
  made.addEventListener("click", act);
  return made;
}

function keysIn(element: HTMLElement): Keys | null {
  const at = document.activeElement;
  if (!(at instanceof HTMLElement) || !element.contains(at)) return null;
  const { argument } = at.dataset;
  if (argument === undefined) return null;
  if (!(at instanceof HTMLInputElement)) return { argument, typed: null, caret: [null, null] };
  const typed = at.value === at.getAttribute("value") ? null : at.value;
  return { argument, typed, caret: [at.selectionStart, at.selectionEnd] };
}

/** What is deleted, and what goes with it, before it is. */
export function confirmDelete(
  own: readonly string[],
  others: readonly string[],
  changed: readonly string[],
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
  parts.push(...changed.map((said) => make("p", "nl-edit-changed", {}, said)));
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
