/** A matrix as an image that can be zoomed down to its entries: the kernel sends what is seen. */

import { colorTable, cssColor } from "../../charts/colors";
import type { Bokeh } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import type { Theme } from "../../theme";
import { farther, short, type Part, type Region } from "./told";

const COLORS = 255;
/** An entry lies around its numbers. */
const HALF = 0.5;
/** Fewer entries than these are not zoomed to. */
const LEAST = 4;
/** A part that was asked for and has not come by then may be asked for anew. */
const PATIENCE_MS = 1500;

export interface MatrixHost {
  /** Ask for a part, with so many cells. */
  ask: (region: Region, height: number, width: number) => void;
  /** An entry is clicked. */
  choose: (row: number, column: number, adds: boolean) => void;
  /** A box is drawn: numbers of the rows, and first and last column. */
  block: (rows: number[], columns: [number, number], seen: Region) => void;
}

/** What has a frame around it: neurons by colour, an entry, a block as it is seen. */
export interface Marked {
  rows: Map<number, string>;
  columns: Map<number, string>;
  entry: [number, number] | null;
  block: Region | null;
}

type Layer = { source: ReturnType<Figure["source"]>; part: Part | null };

export class MatrixFigure {
  readonly figure: Figure;
  private readonly mapper;
  private readonly whole: Layer;
  private readonly detail: Layer;
  private readonly chosen;
  private shape: [number, number] = [0, 0];
  private ink = "";
  private timer = 0;
  /** Whether a part is on its way, and whether another one is wanted meanwhile. */
  private asking = false;
  private wanted = false;

  constructor(
    private readonly bokeh: Bokeh,
    theme: Theme,
    private readonly host: MatrixHost,
    signal: AbortSignal,
  ) {
    this.figure = new Figure(
      bokeh,
      {
        name: "entries of the array",
        x: { label: "column", range: [0, 1], whole: true, least: LEAST },
        y: { label: "row", range: [1, 0], whole: true, least: LEAST },
        picks: "wanted",
      },
      theme,
    );
    this.mapper = new bokeh.LinearColorMapper({ palette: ["#000000"], low: -1, high: 1 });
    this.figure.style((of) => this.mapper.setv({ palette: palette(of), nan_color: of.surface }));
    this.whole = { source: this.layer(), part: null };
    this.detail = { source: this.layer(), part: null };
    this.chosen = this.figure.source({
      left: [],
      right: [],
      top: [],
      bottom: [],
      color: [],
    });
    const box = new bokeh.Quad({
      left: { field: "left" },
      right: { field: "right" },
      top: { field: "top" },
      bottom: { field: "bottom" },
      fill_alpha: 0,
      line_width: 2,
      line_color: { field: "color" },
    });
    this.figure.draw(box, this.chosen);
    this.figure.style((of) => (this.ink = of.text));
    this.figure.add(this.bar(), "right", (of) => ({
      background_fill_color: of.surface,
      major_label_text_color: of.muted,
      major_label_text_font: of.font,
      major_label_text_font_size: "11px",
    }));
    this.figure.onPoint(({ x, y }) => this.say(Math.round(y), Math.round(x)));
    this.figure.onTap(({ x, y, adds }) => {
      const [row, column] = [Math.round(y), Math.round(x)];
      if (this.holds(row, column)) this.host.choose(this.rowOf(row), column, adds);
    });
    this.figure.onBox(({ x, y }) => {
      const [rows, columns] = this.shape;
      const within = ([from, to]: [number, number], count: number): [number, number] => [
        Math.max(0, Math.ceil(from)),
        Math.min(count, Math.floor(to) + 1),
      ];
      const [[top, bottom], [left, right]] = [within(y, rows), within(x, columns)];
      if (top >= bottom || left >= right) return;
      const order = this.whole.part?.order ?? null;
      const numbers = Array.from({ length: bottom - top }, (_, i) => order?.[top + i] ?? top + i);
      this.host.block(numbers, [left, right], { top, bottom, left, right });
    });
    this.figure.onRange(() => this.moved());
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  private bar(): InstanceType<Bokeh["ColorBar"]> {
    return new this.bokeh.ColorBar({
      color_mapper: this.mapper,
      width: 10,
      padding: 4,
      label_standoff: 4,
    });
  }

  private layer(): ReturnType<Figure["source"]> {
    const source = this.figure.source({ image: [], x: [], y: [], dw: [], dh: [] });
    const image = new this.bokeh.Image({
      image: { field: "image" },
      x: { field: "x" },
      y: { field: "y" },
      dw: { field: "dw" },
      dh: { field: "dh" },
      color_mapper: this.mapper,
    });
    this.figure.draw(image, source);
    return source;
  }

  // ---- what is shown ----------------------------------------------------------------------------

  /** Another matrix, or the same with other entries: `part` is of all of it or of what is seen. */
  show(part: Part, anew: boolean): void {
    const [rows, columns] = part.shape;
    const { top, bottom, left, right } = part.region;
    const all = bottom - top === rows && right - left === columns;
    const other = rows !== this.shape[0] || columns !== this.shape[1];
    this.shape = part.shape;
    this.figure.update(() => {
      if (anew || other) {
        this.put(this.detail, null);
        this.figure.range([-HALF, columns - HALF], [rows - HALF, -HALF]);
        if (other) this.figure.fit();
      }
      this.put(all ? this.whole : this.detail, part);
    });
    if (anew && !all) this.ask();
    else this.answered();
  }

  /** Colours reach as far below zero as above it. */
  reach(most: number): void {
    const reach = most > 0 ? most : 1;
    if (this.mapper.high !== reach) this.mapper.setv({ low: -reach, high: reach });
  }

  /** Images side by side keep their shape; other matrices fill what room there is. */
  images(are: boolean): void {
    this.figure.keepSquare(are);
  }

  label(rows: string, columns: string): void {
    this.figure.label("y", rows);
    this.figure.label("x", columns);
  }

  /** Put frames around rows and columns, each in its colour, around an entry and a block. */
  mark({ rows, columns, entry, block }: Marked): void {
    const [order, [height, width]] = [this.whole.part?.order ?? null, this.shape];
    const seen = (row: number): number => (order === null ? row : order.indexOf(row));
    const framed = ({ top, bottom, left, right }: Region, color: string) => ({
      left: left - HALF,
      right: right - HALF,
      top: top - HALF,
      bottom: bottom - HALF,
      color,
    });
    const boxes = [...rows].map(([row, color]) =>
      framed({ top: seen(row), bottom: seen(row) + 1, left: 0, right: width }, color),
    );
    for (const [at, color] of columns)
      boxes.push(framed({ top: 0, bottom: height, left: at, right: at + 1 }, color));
    if (entry !== null) {
      const [top, left] = [seen(entry[0]), entry[1]];
      boxes.push(framed({ top, bottom: top + 1, left, right: left + 1 }, this.ink));
    }
    if (block !== null) boxes.push(framed(block, this.ink));
    const column = (name: "left" | "right" | "top" | "bottom"): number[] =>
      boxes.map((box) => box[name]);
    this.chosen.data = new Map<string, unknown[]>([
      ["left", column("left")],
      ["right", column("right")],
      ["top", column("top")],
      ["bottom", column("bottom")],
      ["color", boxes.map(({ color }) => color)],
    ]);
  }

  private put(layer: Layer, part: Part | null): void {
    layer.part = part;
    if (part === null) {
      layer.source.data = new Map(Object.entries({ image: [], x: [], y: [], dw: [], dh: [] }));
      return;
    }
    const { top, bottom, left, right } = part.region;
    const values = new Float32Array(part.low.length);
    for (let i = 0; i < values.length; i++) values[i] = farther(part.low[i], part.high[i]);
    const image = this.bokeh.ndarray(values, { dtype: "float32", shape: part.cells });
    layer.source.data = new Map(
      Object.entries({
        image: [image],
        x: [left - HALF],
        y: [top - HALF],
        dw: [right - left],
        dh: [bottom - top],
      }),
    );
  }

  // ---- what is seen -----------------------------------------------------------------------------

  /** Ask for what is seen; while an answer is on its way, for what is seen then. */
  private moved(): void {
    if (this.asking) this.wanted = true;
    else this.ask();
  }

  private answered(): void {
    clearTimeout(this.timer);
    this.asking = false;
    if (this.wanted) this.ask();
  }

  private ask(): void {
    this.asking = true;
    this.wanted = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.answered(), PATIENCE_MS);
    const { x, y } = this.figure.shown;
    const [rows, columns] = this.shape;
    const side = ([a, b]: [number, number], count: number): [number, number] => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const start = Math.min(count - 1, Math.max(0, Math.floor(low + HALF)));
      return [start, Math.max(start + 1, Math.min(count, Math.ceil(high + HALF)))];
    };
    const [[left, right], [top, bottom]] = [side(x, columns), side(y, rows)];
    const { width, height } = this.figure.size;
    this.host.ask({ top, bottom, left, right }, height, width);
  }

  private holds(row: number, column: number): boolean {
    return row >= 0 && column >= 0 && row < this.shape[0] && column < this.shape[1];
  }

  /** The finest part that holds an entry. */
  private partAt(row: number, column: number): Part | null {
    for (const { part } of [this.detail, this.whole]) {
      if (part === null) continue;
      const { top, bottom, left, right } = part.region;
      if (row >= top && row < bottom && column >= left && column < right) return part;
    }
    return null;
  }

  private rowOf(row: number): number {
    const part = this.partAt(row, 0) ?? this.whole.part;
    const order = part?.order ?? null;
    return part === null || order === null ? row : (order[row - part.region.top] ?? row);
  }

  /** The part that came last of what is seen. */
  get newest(): Part | null {
    return this.detail.part ?? this.whole.part;
  }

  /** An entry by the number of its row; NaN where it is not seen by itself. */
  valueAt(number: number, column: number): number {
    const order = this.whole.part?.order ?? null;
    const cell = this.cellAt(order === null ? number : order.indexOf(number), column);
    return cell === null || cell.many ? NaN : cell.low;
  }

  private cellAt(row: number, column: number): { low: number; high: number; many: boolean } | null {
    const part = this.holds(row, column) ? this.partAt(row, column) : null;
    if (part === null) return null;
    const { top, bottom, left, right } = part.region;
    const [down, across] = part.cells;
    const i = Math.floor(((row - top) * down) / (bottom - top));
    const j = Math.floor(((column - left) * across) / (right - left));
    const many = (bottom - top) * (right - left) > down * across;
    return { low: part.low[i * across + j], high: part.high[i * across + j], many };
  }

  private say(row: number, column: number): Rows | null {
    const cell = this.cellAt(row, column);
    if (cell === null) return null;
    const { low, high, many } = cell;
    return [
      ["row", String(this.rowOf(row))],
      ["column", String(column)],
      [many ? "around here" : "value", many ? `${short(low)} to ${short(high)}` : short(low)],
    ];
  }
}

function palette(theme: Theme): string[] {
  const table = colorTable("signed", theme);
  return Array.from({ length: COLORS }, (_, i) => cssColor(table, i / (COLORS - 1)));
}
