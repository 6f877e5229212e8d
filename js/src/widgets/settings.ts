/** The menu of a panel's settings: one field each, that act at once. */

import { iconButton, make, onEntered } from "./dom";
import type { SettingLayout } from "./messages";

const MORE =
  "M3 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z";

type Change = (values: Record<string, unknown>) => void;

/** A number from what a person typed: null where it is empty, NaN where it is none. */
export function typedNumber(text: string): number | null {
  const plain = text.trim().replace("−", "-");
  return plain === "" ? null : Number(plain);
}

function numberField(value: unknown, name: string, changed: (value: number | null) => void) {
  const text = typeof value === "number" ? String(value) : "";
  const input = make("input", "nl-field", {
    type: "text",
    inputmode: "decimal",
    "aria-label": name,
  });
  input.value = text;
  onEntered(input, () => {
    const typed = typedNumber(input.value);
    const wrong = Number.isNaN(typed);
    input.setAttribute("aria-invalid", String(wrong));
    if (!wrong) changed(typed);
  });
  return input;
}

function rangeField({ value, label, name }: SettingLayout, change: Change): HTMLElement {
  const ends: (number | null)[] = Array.isArray(value) ? [value[0], value[1]] : [null, null];
  const told = (): void => {
    const [low, high] = ends;
    if (low === null && high === null) change({ [name]: null });
    else if (low !== null && high !== null) change({ [name]: [low, high] });
  };
  const field = (index: number, which: string): HTMLElement =>
    numberField(ends[index], `${label}, ${which}`, (typed) => {
      ends[index] = typed;
      told();
    });
  return make("span", "nl-range-field", {}, field(0, "from"), "to", field(1, "to"));
}

function fieldFor(setting: SettingLayout, change: Change): HTMLElement {
  const { kind, name, label, value, choices } = setting;
  if (kind === "range") return rangeField(setting, change);
  if (kind === "number") return numberField(value, label, (typed) => change({ [name]: typed }));
  if (kind === "flag") {
    const box = make("input", "", { type: "checkbox", "aria-label": label });
    box.checked = value === true;
    box.addEventListener("change", () => change({ [name]: box.checked }));
    return box;
  }
  if (kind === "choice") {
    const options = choices.map((choice) => make("option", "", { value: choice }, choice));
    const select = make("select", "nl-field", { "aria-label": label }, ...options);
    select.value = String(value);
    select.addEventListener("change", () => change({ [name]: select.value }));
    return select;
  }
  const input = make("input", "nl-field nl-field-text", { type: "text", "aria-label": label });
  input.value = String(value ?? "");
  onEntered(input, () => change({ [name]: input.value }));
  return input;
}

export class SettingsMenu {
  readonly element = make("span", "nl-settings");
  private readonly button = iconButton(MORE, "settings", "");
  private readonly menu = make("div", "nl-menu", { hidden: "", role: "group" });
  /** More entries, such as exports, that others put below the settings. */
  readonly extra = make("div", "nl-menu-extra");

  constructor(private readonly change: Change) {
    this.button.classList.add("nl-quiet");
    this.button.setAttribute("aria-expanded", "false");
    this.button.addEventListener("click", () => this.toggle(this.menu.hidden));
    this.element.append(this.button, this.menu);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.menu.hidden) {
        event.stopPropagation();
        this.toggle(false);
        this.button.focus();
      }
    });
    this.element.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (to instanceof Node && !this.element.contains(to)) this.toggle(false);
    });
  }

  update(name: string, settings: SettingLayout[]): void {
    this.button.setAttribute("aria-label", `settings of the plot ${name}`);
    this.button.title = `settings of the plot ${name}`;
    this.menu.setAttribute("aria-label", `settings of the plot ${name}`);
    const focused = this.menu.contains(document.activeElement)
      ? document.activeElement?.getAttribute("aria-label")
      : null;
    const rows = settings.map((setting) => {
      const label = setting.unit === "" ? setting.label : `${setting.label} (${setting.unit})`;
      const field = fieldFor(setting, this.change);
      const hint = setting.hint === "" ? [] : [make("small", "nl-hint", {}, setting.hint)];
      return make("label", "nl-menu-row", {}, make("span", "", {}, label), field, ...hint);
    });
    this.menu.replaceChildren(...rows, this.extra);
    if (focused != null) {
      const field = this.menu.querySelector(`[aria-label="${CSS.escape(focused)}"]`);
      if (field instanceof HTMLElement) field.focus();
    }
  }

  private toggle(open: boolean): void {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }
}
