/** A field of a form: what was typed stays, what is wrong with it is said below. */

import { make, onEntered } from "../../dom";
import type { Field } from "./payload";

/** Make a field; `enter` is told what was typed or chosen. */
export function fieldOf(field: Field, enter: (value: string) => void): HTMLElement {
  const { name, label, error, hint } = field;
  const entry = field.kind === "choice" ? choice(field, enter) : typed(field, enter);
  entry.setAttribute("aria-invalid", String(error !== ""));
  const words = error !== "" ? error : hint;
  const note = make("small", error !== "" ? "nl-fit-wrong" : "nl-fit-hint", {}, words);
  if (error !== "") note.setAttribute("role", "alert");
  const made = make("label", "nl-fit-field", {}, make("span", "", {}, label), entry, note);
  made.dataset.field = made.dataset.key = name;
  return made;
}

function typed({ name, label, value, kind }: Field, enter: (value: string) => void): HTMLElement {
  const mode = kind === "text" ? "text" : kind === "whole" ? "numeric" : "decimal";
  const input = make("input", "nl-field", {
    type: "text",
    inputmode: mode,
    "aria-label": label === "" ? name : label,
    value,
    spellcheck: "false",
  });
  onEntered(input, () => enter(input.value));
  return input;
}

function choice(
  { name, label, value, choices }: Field,
  enter: (value: string) => void,
): HTMLElement {
  const known = choices.some((one) => one.name === value);
  const gone = { name: value, note: "choose", why: value === "" ? "" : "not there any more" };
  const options = (known ? choices : [gone, ...choices]).map((one) => {
    const note = one.why !== "" ? `— ${one.why}` : one.note;
    const text = [one.name, note].filter((part) => part !== "").join("   ");
    const option = make("option", "", { value: one.name }, text);
    option.disabled = one.why !== "" && one.name !== value;
    option.toggleAttribute("selected", one.name === value);
    return option;
  });
  const select = make(
    "select",
    "nl-field",
    { "aria-label": label === "" ? name : label },
    ...options,
  );
  select.addEventListener("change", () => enter(select.value));
  return select;
}
