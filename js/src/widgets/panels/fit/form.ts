/** Before a run: what is trained on what, how, and what it will come to. */

import { make, setText } from "../../dom";
import { fieldOf } from "./fields";
import { button, Part, type Send } from "./parts";
import type { Desk, Field, Trained } from "./payload";

/** In a line what the form says. */
export function inALine(desk: Desk): string {
  if (desk.given) return "data given in Python, trained as compiled";
  const of = (name: string): string => desk.fields.find((f) => f.name === name)?.value ?? "";
  const data = [of("x"), of("y")].filter((name) => name !== "").join(" → ");
  const rate = of("learning_rate");
  const parts = [
    data === "" ? "no data chosen" : data,
    of("loss"),
    `${of("optimizer")}${rate === "" ? "" : ` ${rate}`}`,
    `${of("epochs")} epochs${of("batch_size") === "" ? "" : `, batches of ${of("batch_size")}`}`,
  ];
  return parts.filter((part) => part.trim() !== "").join(" · ");
}

export class Form {
  readonly element: HTMLDetailsElement;
  private readonly line = make("span", "nl-fit-line");
  private readonly fields: Part<Field[]>;
  private readonly trained: Part<Trained[]>;
  private readonly summary: Part<string[]>;
  private openTrained = false;
  private readonly openGroups = new Set<string>();

  constructor(
    private readonly send: Send,
    samples: HTMLElement,
  ) {
    const again = button("Look again", "look at the notebook's variables as they are now", () =>
      send({ type: "again" }),
    );
    again.classList.add("nl-fit-small");
    this.fields = new Part(make("div", "nl-fit-all"), (all) => this.groups(all));
    this.trained = new Part(make("div", "nl-fit-trained"), (all) => this.tree(all));
    this.summary = new Part(make("p", "nl-fit-summary"), (lines) => [
      ...lines.map((line) => make("span", "", {}, line)),
      ...(lines.length > 0 ? [this.measure()] : []),
    ]);
    this.element = make(
      "details",
      "nl-fit-setup",
      { open: "" },
      make("summary", "", {}, make("strong", "", {}, "Set up"), this.line),
      make(
        "div",
        "nl-fit-body",
        {},
        make("div", "nl-fit-left", {}, this.fields.element, this.trained.element),
        make("div", "nl-fit-data", {}, samples, this.summary.element, again),
      ),
    );
  }

  private measure(): HTMLElement {
    const title = "train four batches, see how long they take, and put everything back";
    const made = button("How long?", title, () => this.send({ type: "measure" }));
    made.classList.add("nl-fit-small");
    return made;
  }

  show(desk: Desk): void {
    setText(this.line, inALine(desk));
    this.fields.show(desk.fields);
    this.trained.show(desk.trained);
    this.summary.show(desk.summary);
  }

  /** A long form that is folded takes what stands below it along, which must not go out of sight. */
  fold(folded: boolean): void {
    if (this.element.open !== folded) return;
    const { top, bottom } = this.element.getBoundingClientRect();
    this.element.open = !folded;
    if (folded && bottom > 0 && top < window.innerHeight)
      (this.element.closest(".nl-plot") ?? this.element).scrollIntoView({ block: "nearest" });
  }

  /** Fields that each run needs, and the others folded away by what they are about. */
  private groups(all: Field[]): HTMLElement[] {
    const names = [...new Set(all.map(({ group }) => group))];
    return names.map((name) => {
      const own = all.filter(({ group }) => group === name);
      const grid = make(
        "div",
        "nl-fit-fields",
        {},
        ...own.map((f) => fieldOf(f, (value) => this.send({ type: "set", field: f.name, value }))),
      );
      return name === "" ? grid : this.group(name, own, grid);
    });
  }

  private group(name: string, own: Field[], grid: HTMLElement): HTMLElement {
    const wrong = own.some(({ error }) => error !== "");
    const open = wrong || this.openGroups.has(name);
    const made = make(
      "details",
      "nl-fit-tree",
      { "data-key": name, ...(open ? { open: "" } : {}) },
      make("summary", "", {}, name),
      grid,
    );
    made.addEventListener("toggle", () => {
      if (made.open) this.openGroups.add(name);
      else this.openGroups.delete(name);
    });
    return made;
  }

  // ---- what trains ------------------------------------------------------------------------------

  private tree(all: Trained[]): HTMLElement[] {
    const able = all.filter((one) => one.can);
    if (all.length === 0) return [];
    const on = able.filter((one) => one.trains).length;
    const owners = [...new Set(all.map((one) => one.owner))];
    const made = make(
      "details",
      "nl-fit-tree",
      this.openTrained ? { open: "" } : {},
      make("summary", "", {}, `What trains: ${on} of ${able.length} arrays that can`),
      ...owners.map((owner) =>
        this.owner(
          owner,
          all.filter((one) => one.owner === owner),
        ),
      ),
    );
    made.addEventListener("toggle", () => (this.openTrained = made.open));
    return [made];
  }

  private owner(owner: string, arrays: Trained[]): HTMLElement {
    const able = arrays.filter((one) => one.can);
    const head =
      able.length > 1
        ? this.box(
            owner,
            able,
            able.map((one) => one.name),
          )
        : make("span", "nl-fit-owner", {}, owner);
    const rows = arrays.map((one) => {
      const what = make("span", "", {}, `${one.role}, ${one.shape}`);
      const mark = one.can
        ? this.box(one.role, [one], [one.name], one.name)
        : make("span", "nl-fit-owner nl-fit-not", {}, "–");
      const row = make("div", "nl-fit-array", { "data-key": one.name }, mark, what);
      row.append(make("small", "nl-fit-hint", {}, one.why));
      return row;
    });
    return make(
      "div",
      "nl-fit-of",
      { "data-key": owner },
      make("div", "nl-fit-head", {}, head),
      ...rows,
    );
  }

  private box(text: string, of: Trained[], names: string[], label = text): HTMLElement {
    const input = make("input", "", {
      type: "checkbox",
      "aria-label": `train ${label}`,
      "data-key": names.join("\n"),
    });
    input.checked = of.every((one) => one.trains);
    input.indeterminate = !input.checked && of.some((one) => one.trains);
    input.addEventListener("change", () => this.send({ type: "train", names, on: input.checked }));
    return of.length > 1 ? make("label", "nl-fit-owner", {}, input, text) : input;
  }
}
