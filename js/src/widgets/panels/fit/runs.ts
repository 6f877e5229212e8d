/** The runs of the folder: a table to sort, each run's curves, notes, weights, script. */

import { make, onEntered } from "../../dom";
import type { Theme } from "../../theme";
import { colorOf } from "./curves";
import { button, Part, short, type Send } from "./parts";
import type { Desk, Row, Script } from "./payload";

type Column = "name" | "state" | "began" | "epochs" | "loss" | "val_loss" | "accuracy";

const COLUMNS: [Column, string, string][] = [
  ["name", "run", ""],
  ["state", "state", ""],
  ["epochs", "epochs", "done, of how many"],
  ["loss", "loss", "of training, at the best epoch"],
  ["val_loss", "validated", "loss of the items that are kept back, at the best epoch"],
  ["accuracy", "accuracy", "of the items that are kept back, else of training"],
  ["began", "began", ""],
];

/** Rows in the order of a column; what is not known comes last. */
export function sorted(rows: readonly Row[], by: Column | "", down: boolean): Row[] {
  if (by === "") return [...rows];
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y));
  });
}

/** Rows in which every word stands: in the name, the state, the note or a tag. */
export function filtered(rows: readonly Row[], filter: string): Row[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return rows.filter(({ name, state, note, tags }) => {
    const text = [name, state, note, ...tags].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

interface View {
  runs: Row[];
  filter: string;
  folder: string;
  differences: Desk["differences"];
  compared: string[];
  open: string;
  by: Column | "";
  down: boolean;
  deleting: string;
  dark: boolean;
  script: Script | null;
}

export class Runs {
  readonly element = make("section", "nl-fit-runs", { "aria-label": "runs" });
  private readonly part: Part<View>;
  private desk: Desk | null = null;
  private open = "";
  private by: Column | "" = "";
  private down = false;
  private filter = "";
  private deleting = "";
  private script: Script | null = null;

  constructor(
    private readonly send: Send,
    private theme: Theme,
  ) {
    this.part = new Part<View>(this.element, (view) => this.render(view));
  }

  show(desk: Desk, theme: Theme): void {
    this.desk = desk;
    this.theme = theme;
    this.again();
  }

  /** Open a run in the table, and bring it into sight. */
  reveal(run: string): void {
    [this.open, this.filter, this.deleting, this.script] = [run, "", "", null];
    this.again();
    const rows = [...this.element.querySelectorAll("tr")];
    rows.find((row) => row.dataset.key === run)?.scrollIntoView({ block: "nearest" });
  }

  hear(script: Script): void {
    this.script = script;
    this.again();
    if (script.problem === "") void navigator.clipboard?.writeText(script.text).catch(() => null);
  }

  private again(): void {
    if (this.desk === null) return;
    const { runs, folder, differences, compared } = this.desk;
    const { open, by, down, filter, deleting, script } = this;
    const dark = this.theme.dark;
    const view = { runs, folder, differences, compared, open, by, down, filter, deleting, dark };
    this.part.show({ ...view, script });
  }

  private render(view: View): HTMLElement[] {
    if (view.runs.length === 0) return [];
    const kept = filtered(view.runs, view.filter);
    const rows = sorted(kept, view.by, view.down).flatMap((row) => this.rows(row, view));
    const head = make(
      "tr",
      "",
      {},
      make("th", "", {}, make("span", "nl-hidden-text", {}, "curves")),
      ...COLUMNS.map((column) => this.head(column)),
    );
    const table = make(
      "table",
      "",
      {},
      make("thead", "", {}, head),
      make("tbody", "", {}, ...rows),
    );
    const title = make(
      "h3",
      "nl-fit-title",
      {},
      "Runs",
      make("small", "", {}, ` in ${view.folder}`),
      ...(view.runs.length > 1 ? [this.filters(view, kept.length)] : []),
    );
    return [title, make("div", "nl-fit-table", {}, table), ...this.differences(view)];
  }

  private filters(view: View, count: number): HTMLElement {
    const input = make("input", "nl-field", {
      type: "search",
      "aria-label": "filter runs",
      placeholder: "filter",
      value: view.filter,
    });
    input.addEventListener("input", () => {
      this.filter = input.value;
      this.again();
    });
    const words = view.filter === "" ? "" : `${count} of ${view.runs.length}`;
    return make("span", "nl-fit-filter", {}, input, make("small", "nl-fit-hint", {}, words));
  }

  private head([name, text, title]: [Column, string, string]): HTMLElement {
    const sign = this.by === name ? (this.down ? " ↓" : " ↑") : "";
    const made = button(`${text}${sign}`, title === "" ? `sort by ${text}` : title, () => {
      this.down = this.by === name ? !this.down : false;
      this.by = name;
      this.again();
    });
    made.setAttribute("aria-label", `sort by ${text}`);
    return make("th", "", {}, made);
  }

  private rows(row: Row, view: View): HTMLElement[] {
    const box = make("input", "", { type: "checkbox", "aria-label": `curves of ${row.name}` });
    box.checked = row.shown >= 0;
    box.addEventListener("change", () =>
      this.send({ type: "show", run: row.name, on: box.checked }),
    );
    const swatch = make("i", "nl-inspect-swatch");
    if (row.shown >= 0) swatch.style.background = colorOf(this.theme, row.shown);
    const name = button(row.name, "what can be done with it", () => {
      this.open = this.open === row.name ? "" : row.name;
      [this.deleting, this.script] = ["", null];
      this.again();
    });
    name.className = "nl-inspect-link";
    name.setAttribute("aria-expanded", String(view.open === row.name));
    const tags = row.tags.map((tag) => make("span", "nl-fit-tag", {}, tag));
    const number = (value: number | null): string => (value === null ? "–" : short(value));
    const percent = row.accuracy === null ? "–" : `${(100 * row.accuracy).toFixed(1)} %`;
    const state = make("span", row.state === "failed" ? "nl-inspect-bad" : "", {}, row.state);
    const goes: HTMLElement[] = [];
    if (row.resumable)
      goes.push(
        button("go on", `train on from epoch ${row.epochs}`, () =>
          this.send({ type: "go_on", run: row.name }),
        ),
      );
    if (row.stoppable)
      goes.push(
        button("stop", "after the batch that is computed; weights are kept", () =>
          this.send({ type: "stop_run", run: row.name }),
        ),
      );
    for (const one of goes) one.classList.add("nl-fit-small");
    const cells: (string | Node)[][] = [
      [box, swatch],
      [name, ...tags, ...(row.note === "" ? [] : [make("small", "nl-fit-hint", {}, row.note)])],
      [state, ...goes],
      [row.epochs],
      [number(row.loss)],
      [number(row.val_loss)],
      [percent],
      [row.began],
    ];
    const made = make(
      "tr",
      "",
      { "data-key": row.name },
      ...cells.map((cell) => make("td", "", {}, ...cell)),
    );
    return view.open === row.name ? [made, this.more(row, view)] : [made];
  }

  private more(row: Row, view: View): HTMLElement {
    const entry = (type: string, label: string, value: string): HTMLElement => {
      const input = make("input", "nl-field", { type: "text", "aria-label": label, value });
      onEntered(input, () => this.send({ type, run: row.name, text: input.value }));
      return make("label", `nl-fit-${type}`, {}, label, input);
    };
    const kept = row.kept.map((epoch) =>
      make(
        "option",
        "",
        { value: String(epoch) },
        epoch === 0 ? "before the first" : `epoch ${epoch}`,
      ),
    );
    const epochs = make(
      "select",
      "nl-field",
      { "aria-label": "weights of" },
      make("option", "", { value: "best" }, "best epoch"),
      make("option", "", { value: "last" }, "last epoch"),
      ...kept,
    );
    const restore = button("Restore", "give these weights to the simulator", () => {
      const chosen = epochs.value;
      const epoch = chosen === "best" || chosen === "last" ? chosen : Number(chosen);
      this.send({ type: "restore", run: row.name, epoch });
    });
    const more = button("+ 5 epochs", "train on for five more epochs", () =>
      this.send({ type: "go_on", run: row.name, epochs: 5 }),
    );
    const python = button("Copy as Python", "a script that repeats it to the same numbers", () =>
      this.send({ type: "script", run: row.name }),
    );
    const others = view.runs.filter((other) => other.name !== row.name);
    const beside = make(
      "select",
      "nl-field",
      { "aria-label": "what differs from" },
      make("option", "", { value: "" }, "what differs from …"),
      ...others.map((other) => make("option", "", { value: other.name }, other.name)),
    );
    const [a, b] = view.compared;
    const against = a === row.name && b !== undefined ? b : "";
    for (const option of beside.options)
      option.toggleAttribute("selected", option.value === against);
    beside.addEventListener("change", () =>
      this.send({ type: "compare", a: row.name, b: beside.value }),
    );
    const going = row.state === "running" || row.state === "paused";
    for (const one of [more, restore]) one.disabled = going;
    const rate = make("span", "nl-fit-hint", {}, `learning rate ${row.learning_rate}`);
    const acts = make(
      "div",
      "nl-fit-acts",
      {},
      epochs,
      restore,
      more,
      python,
      ...(others.length > 0 ? [beside] : []),
      ...this.deletes(row, view, going),
    );
    const texts = make(
      "div",
      "nl-fit-acts",
      {},
      entry("tags", "tags", row.tags.join(", ")),
      entry("note", "note", row.note),
      rate,
    );
    const cell = make("td", "", { colspan: String(COLUMNS.length + 1) }, texts, acts);
    if (row.error !== "") cell.append(make("p", "nl-inspect-bad", {}, row.error));
    if (view.script !== null && view.script.run === row.name) cell.append(this.python(view.script));
    return make("tr", "nl-fit-more", { "data-key": `more of ${row.name}` }, cell);
  }

  private python(script: Script): HTMLElement {
    if (script.problem !== "")
      return make("p", "nl-inspect-bad", { role: "alert" }, script.problem);
    return make(
      "div",
      "",
      {},
      make("p", "nl-fit-hint", {}, "On the clipboard. It repeats this run to the same numbers."),
      make("pre", "nl-fit-code", { tabindex: "0" }, script.text),
    );
  }

  private deletes(row: Row, view: View, going: boolean): HTMLElement[] {
    if (going) return [];
    if (view.deleting !== row.name) {
      const first = button("Delete …", "asks once more", () => {
        this.deleting = row.name;
        this.again();
      });
      return [first];
    }
    const sure = button(`Delete “${row.name}” for good`, "it cannot be taken back", () => {
      [this.deleting, this.open] = ["", ""];
      this.send({ type: "delete", run: row.name, confirm: row.name });
      this.again();
    });
    sure.classList.add("nl-inspect-bad");
    const keep = button("Keep it", "", () => {
      this.deleting = "";
      this.again();
    });
    return [sure, keep];
  }

  private differences({ compared, differences }: View): HTMLElement[] {
    if (compared.length < 2) return [];
    const [a, b] = compared;
    const lines = differences.map(([what, one, other]) =>
      make(
        "tr",
        "",
        {},
        make("th", "", { scope: "row" }, what),
        ...[one, other].map((text) => make("td", "", {}, text)),
      ),
    );
    const head = ["", a, b].map((text) => make("th", "", {}, text));
    const none = make("p", "nl-fit-hint", {}, `“${a}” and “${b}” were told the same.`);
    const close = button("Close", "", () => this.send({ type: "compare" }));
    close.classList.add("nl-fit-small");
    const title = make("h3", "nl-fit-title", {}, "What differs", close);
    const table = make(
      "table",
      "nl-fit-differences",
      {},
      make("thead", "", {}, make("tr", "", {}, ...head)),
      make("tbody", "", {}, ...lines),
    );
    return [title, differences.length === 0 ? none : make("div", "nl-fit-table", {}, table)];
  }
}
