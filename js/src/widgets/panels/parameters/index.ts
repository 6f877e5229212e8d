/** Every array of a simulator: chosen from a list, seen as an image, counted, edited. */

import "./parameters.css";

import { make, setText } from "../../dom";
import { namedArrays, type FrameArray } from "../../frames";
import type { Bokeh } from "../../inspecting/bokeh";
import { together, type Figure } from "../../inspecting/figure";
import { markColors } from "../../inspecting/marks";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { combined, pickedOf } from "../../picking";
import type { Theme } from "../../theme";
import { blockOf, Editing, entryAt } from "./editing";
import { MatrixFigure } from "./matrix";
import { OverTimeFigure } from "./overtime";
import { isPartMessage, isPayload, isTableMessage, type Payload, type Row } from "./payload";
import { HistogramFigure, PointsInARow } from "./spread";
import { Table, Words } from "./table";
import { farther, figuresOf, historyOf, inWords, partOf, textOf, type Region } from "./told";

class ParametersPanel implements Panel {
  private context!: PanelContext;
  private payload!: Payload;
  private theme!: Theme;
  private rows: Row[] = [];
  private name = "";
  private number = 0;
  private entry: [number, number] | null = null;
  private block: Region | null = null;
  private inWords: string[] = [];
  private remark = "";
  private lastVector: { low: FrameArray; at: FrameArray } | null = null;
  private matrix: MatrixFigure | null = null;
  private vector: PointsInARow | null = null;
  private histogram: HistogramFigure | null = null;
  private singular: PointsInARow | null = null;
  private overTime: OverTimeFigure | null = null;
  private traced = "";
  private readonly table = new Table((name) => this.choose(name));
  private readonly words = new Words();
  private readonly counted = make("p", "nl-inspect-words");
  private readonly figures = make("div", "nl-inspect-figures");
  private readonly problem = make("p", "nl-plot-failed", { role: "note", hidden: "" });
  private readonly waiting = make("p", "nl-inspect-waiting", {}, "loading what draws this …");
  private readonly untouched = make(
    "p",
    "nl-inspect-words",
    { hidden: "" },
    "The simulator is yours and only looked at: entries are set here in a Lab or session of it.",
  );
  private editing!: Editing;

  async mount(body: HTMLElement, context: PanelContext): Promise<void> {
    [this.context, this.payload, this.theme] = [context, read(context.layout), context.theme];
    const { signal, store } = context;
    this.editing = new Editing({
      edit: (change) => context.send({ type: "edit", array: this.name, ...change }),
      undo: () => context.send({ type: "undo" }),
    });
    const right = make("div", "nl-parameters-main", {}, this.waiting, this.problem, this.figures);
    right.append(this.counted, this.words.element, this.editing.element, this.untouched);
    body.append(
      make("div", "nl-inspect", {}, make("div", "nl-parameters", {}, this.table.element, right)),
    );
    context.send({ type: "table" });
    const bokeh = await context.bokeh();
    if (signal.aborted) return;
    this.waiting.remove();
    await this.build(bokeh, signal);
    store.subscribe(
      (s) => s.picked,
      signal,
      () => this.mark(),
    );
  }

  private async build(bokeh: Bokeh, signal: AbortSignal): Promise<void> {
    const ask = ({ top, bottom, left, right }: Region, height: number, width: number): void =>
      this.context.send({
        type: "region",
        rows: [top, bottom],
        columns: [left, right],
        height,
        width,
      });
    const choose = (row: number, column: number, adds: boolean): void =>
      this.pickEntry(row, column, adds);
    const block = (rows: number[], columns: [number, number], seen: Region): void => {
      // Of images the rows that are seen are none of the array.
      if (this.row?.shape.length !== 2 || this.payload.fields !== "") return;
      [this.entry, this.block] = [null, seen];
      this.editing.choose(blockOf(rows, columns), NaN);
      this.mark();
    };
    this.matrix = new MatrixFigure(bokeh, this.theme, { ask, choose, block }, signal);
    const names = { x: "index", y: "value" };
    this.vector = new PointsInARow(bokeh, names, this.theme, (at, adds) =>
      this.pickEntry(at, -1, adds),
    );
    const { beside } = this.payload;
    if (beside === "histogram") this.histogram = new HistogramFigure(bokeh, this.theme);
    if (beside === "singular values")
      this.singular = new PointsInARow(bokeh, { x: "number", y: "singular value" }, this.theme);
    if (beside === "entries over time" || beside === "norm over time") {
      const of = beside === "norm over time" ? "norm" : "entries";
      const goTo = (number: number | null): void => this.context.send({ type: "moment", number });
      this.overTime = new OverTimeFigure(bokeh, of, this.theme, { goTo });
      this.figures.after(this.overTime.element);
    }
    for (const figure of this.all) this.figures.append(figure.element);
    this.vector.figure.element.hidden = true;
    await Promise.all(this.all.map((figure) => figure.mount(signal)));
  }

  private get all(): Figure[] {
    const parts = [this.matrix, this.vector, this.histogram, this.singular, this.overTime];
    return parts.flatMap((part) => part?.figure ?? []);
  }

  // ---- what the kernel says ---------------------------------------------------------------------

  receive(arrays: Map<string, FrameArray>): void {
    const problem = textOf(arrays, "problem");
    this.problem.hidden = problem === "";
    this.figures.hidden = this.counted.hidden = problem !== "";
    setText(this.problem, problem);
    if (problem !== "") {
      // Of another array, which can be chosen, there may be something to show.
      if (this.rows.length === 0) this.context.send({ type: "table" });
      return;
    }
    const name = textOf(arrays, "name");
    const other = name !== this.name;
    this.name = name;
    this.number = arrays.get("number")?.[0] ?? 0;
    if (other) {
      if (!this.rows.some((row) => row.name === name)) this.context.send({ type: "table" });
      this.describe();
    }
    this.show(arrays, other);
    const history = historyOf(arrays);
    if (history !== null) this.overTime?.show(history, this.traced);
    this.editing.element.hidden = !this.editable || (history !== null && history.moment !== null);
    if (this.singular !== null) this.context.send({ type: "singular" });
  }

  hear(content: Record<string, unknown>, buffer: DataView): void {
    if (isTableMessage(content)) {
      this.rows = content.table;
      this.table.fill(this.rows);
      this.describe();
    } else if (isPartMessage(content)) {
      const arrays = namedArrays(content.arrays, buffer);
      this.editing.say(content.problem ?? "");
      // What was counted of an array that is not shown any more comes too late.
      if ((arrays.get("number")?.[0] ?? this.number) === this.number) this.show(arrays, false);
    }
  }

  private show(arrays: Map<string, FrameArray>, other: boolean): void {
    const part = partOf(arrays);
    const [at, low, high] = ["at", "low", "high"].map((name) => arrays.get(name));
    if (part !== null) this.matrix?.show(part, other);
    else if (at !== undefined && low !== undefined && high !== undefined) {
      this.lastVector = { low, at };
      this.vector?.show(at, low, high);
    }
    if (part !== null || at !== undefined) {
      if (this.matrix !== null) this.matrix.figure.element.hidden = part === null;
      if (this.vector !== null) this.vector.figure.element.hidden = part !== null;
      if (this.singular !== null) this.singular.figure.element.hidden = part === null;
    }
    if (part !== null) this.reachOf(part.low, part.high, arrays, other);
    const figures = figuresOf(arrays);
    if (figures !== null) {
      this.matrix?.reach(Math.max(Math.abs(figures.least), Math.abs(figures.most)));
      this.histogram?.show(figures);
      this.inWords = inWords(figures);
    }
    if (arrays.has("name")) this.remark = textOf(arrays, "remark");
    if (figures !== null || arrays.has("name")) {
      const said = [...this.inWords, this.remark].filter((text) => text !== "");
      this.counted.replaceChildren(...said.map((text) => make("span", "", {}, text)));
    }
    const singular = arrays.get("singular");
    if (singular !== undefined) {
      const numbers = Float32Array.from(singular, (_, i) => i);
      this.singular?.show(numbers, singular, singular, true);
    }
    this.mark();
  }

  /** Until all is counted, colours reach as far as what came first. */
  private reachOf(
    low: FrameArray,
    high: FrameArray,
    arrays: Map<string, FrameArray>,
    other: boolean,
  ): void {
    if (!other || arrays.has("figures")) return;
    let most = 0;
    for (let i = 0; i < low.length; i++) {
      const value = Math.abs(farther(low[i], high[i]));
      if (value > most) most = value;
    }
    this.matrix?.reach(most);
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.describe();
  }

  // ---- what is chosen ---------------------------------------------------------------------------

  private choose(name: string): void {
    this.table.mark(name);
    this.context.change({ array: name });
  }

  private get editable(): boolean {
    return this.payload.editable && this.row !== undefined;
  }

  private get row(): Row | undefined {
    return this.rows.find(({ name }) => name === this.name);
  }

  private describe(): void {
    const { row } = this;
    this.table.mark(this.name);
    this.words.say(row);
    this.editing.element.hidden = !this.editable;
    this.untouched.hidden = this.payload.editable || row === undefined;
    this.editing.choose(null, 0);
    this.entry = this.block = null;
    if (row === undefined) return;
    const axis = (ensemble: string, usual: string): string =>
      ensemble === "" ? usual : `neuron of ${ensemble}`;
    const images = row.shape.length > 2 || this.payload.fields !== "";
    this.matrix?.images(images);
    if (row.shape.length > 2) {
      const size = row.shape.slice(0, -2).join(" × ");
      this.matrix?.label("channels", `filters, ${size} each`);
    } else if (images) this.matrix?.label("", `rows as images, ${this.payload.fields} each`);
    else this.matrix?.label(axis(row.rows, "row"), axis(row.columns, "column"));
    this.vector?.label(axis(row.rows, "index"), row.role);
  }

  /** A click: the entry may be edited, and where rows are neurons, that one is picked. */
  private pickEntry(row: number, column: number, adds: boolean): void {
    const of = this.row;
    if (of === undefined) return;
    if (of.shape.length === 1) {
      const at = this.lastVector?.at.indexOf(row) ?? -1;
      this.entry = null;
      this.editing.choose(entryAt([row]), this.lastVector?.low[at] ?? NaN);
    } else if (of.shape.length === 2 && this.payload.fields === "") {
      [this.entry, this.block] = [[row, column], null];
      this.editing.choose(entryAt([row, column]), this.matrix?.valueAt(row, column) ?? NaN);
    }
    // Where rows are neurons, those are picked; else where columns are.
    const [ensemble, neuron] = of.rows === "" ? [of.columns, column] : [of.rows, row];
    if (ensemble === "" || neuron < 0) return this.mark();
    this.context.pick(ensemble, combined(this.pickedOf(ensemble), [neuron], adds));
  }

  private pickedOf(ensemble: string): readonly number[] {
    return ensemble === "" ? [] : pickedOf(this.context.store.get().picked, ensemble);
  }

  private mark(): void {
    const { row, entry, block } = this;
    this.trace();
    const none = new Map<number, string>();
    if (row === undefined || row.shape.length !== 2 || this.payload.fields !== "")
      return this.matrix?.mark({ rows: none, columns: none, entry: null, block: null });
    const [rows, columns] = [row.rows, row.columns].map((ensemble) =>
      markColors(this.theme, this.pickedOf(ensemble)),
    );
    this.matrix?.mark({ rows, columns, entry, block });
  }

  /** Have the entry that is chosen followed over time, or else the row of a picked neuron. */
  private trace(): void {
    const { row, entry } = this;
    if (this.overTime === null || row === undefined || row.shape.length > 2) return;
    const picked = this.pickedOf(row.rows).at(-1);
    const at = entry ?? (picked === undefined ? null : [picked]);
    const words = at === null ? "" : entry === null ? `row ${at[0]}` : `[${at.join(", ")}]`;
    if (words === this.traced) return;
    this.traced = words;
    this.context.send({ type: "trace", at });
  }

  // ---- as all panels ----------------------------------------------------------------------------

  clear(): void {
    // What stands does so after a run starts again, too.
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    for (const figure of this.all) figure.retheme(theme);
    this.mark();
  }

  picture(): HTMLCanvasElement | null {
    return this.name === "" ? null : together(this.figures, this.all, this.theme);
  }

  columns(): Record<string, number[]> {
    const part = this.matrix?.newest ?? null;
    if (part === null || this.row?.shape.length === 1)
      return { value: [...(this.lastVector?.low ?? [])] };
    const { top, bottom, left, right } = part.region;
    return {
      region: [top, bottom, left, right],
      cells: [...part.cells],
      low: [...part.low],
      high: [...part.high],
    };
  }
}

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

export default {
  name: "parameters",
  still: true,
  make: () => new ParametersPanel(),
} satisfies PanelKind;
