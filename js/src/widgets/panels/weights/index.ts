/** What is learned: the matrix as an image, and below it how far it has come, over time. */

import { BAR_TEXT, BAR_WIDTH, drawColorBar } from "../../charts/colorbar";
import { colorTable, entryOf, symmetric } from "../../charts/colors";
import { Fitted } from "../../charts/fitted";
import { Lines } from "../../charts/lines";
import { CalmRange } from "../../charts/range";
import { Series } from "../../charts/series";
import { stacked } from "../../charts/stacked";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { FrameMeta, Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

/** CSS pixels: of both parts, and around the image. The left is that of plots over time. */
const MATRIX = 160;
const CHANGE = 110;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 14, 6, 26];
/** Changes may be of any size: the range widens from here. */
const SMALLEST: [number, number] = [0, 1e-6];

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

class WeightsPanel implements Panel {
  private payload!: Payload;
  private theme!: Theme;
  private matrix: Fitted | null = null;
  private lines: Lines | null = null;
  private cells!: Series;
  private readonly change = new Series(1);
  /** Of the colours; it starts from the first matrix that is not 0 everywhere. */
  private range: CalmRange | null = null;
  private since = 0;
  private now = 0;
  private readonly pixels = document.createElement("canvas");

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    const { show, rows, columns } = this.payload;
    this.cells = new Series(rows * columns);
    if (show !== "change") {
      this.matrix = new Fitted(body, {
        theme: context.theme,
        paint: (canvas, width, height) => this.paint(canvas, width, height),
        redraw: context.redraw,
        signal: context.signal,
        height: show === "both" ? MATRIX : undefined,
      });
    }
    if (show !== "matrix") {
      this.lines = new Lines(body, context, {
        axis: "change",
        lines: ["norm of the change"],
        likely: SMALLEST,
        zero: true,
        height: show === "both" ? CHANGE : undefined,
      });
    }
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    const [t, cells] = [arrays.get("t"), arrays.get("cells")];
    const [change, since] = [arrays.get("change"), arrays.get("since")];
    if (t === undefined || cells === undefined || change === undefined || since === undefined)
      return;
    if (this.cells.last > t[0]) this.clear();
    // A page that knew nothing, or was hidden, may be told the same instant again.
    if (this.cells.last === t[0]) return;
    this.cells.append(t, cells);
    this.change.append(t, change);
    this.since = since[0];
    const row = new Map<string, FrameArray>([
      ["t", t],
      ["y", Float32Array.from(change)],
    ]);
    // Looks are apart, and a line goes from one to the next.
    this.lines?.receive(row, { ...meta, t0: -Infinity });
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.range = null;
  }

  draw(from: number, to: number, at = to): void {
    this.now = at;
    const values = this.values(at);
    if (values !== null) this.widen(values, at);
    this.matrix?.draw();
    this.lines?.draw(from, to);
  }

  readings(instant: number): Reading[] {
    const [values, row] = [this.values(instant), this.change.from(instant + 1e-6) - 1];
    if (values === null || row < this.change.start) return [];
    return [
      { name: "norm of the change", text: this.change.v[row].toPrecision(3) },
      { name: "largest cell", text: largest(values).toPrecision(3) },
    ];
  }

  clear(): void {
    this.cells.clear();
    this.change.clear();
    this.lines?.clear();
    this.range = null;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.lines?.retheme(theme);
  }

  picture(): HTMLCanvasElement | null {
    const parts = [this.matrix?.picture(), this.lines?.strip.picture()].filter(
      (part) => part != null,
    );
    return stacked(parts);
  }

  /** The change at all instants, and the newest matrix. */
  columns(): Record<string, number[]> {
    const { rows, columns } = this.payload;
    const last = this.values(Infinity) ?? new Float32Array(0);
    const places = Array.from(last, (_, i) => i);
    return {
      ...this.change.columns(["change"]),
      row: places.map((i) => Math.floor(i / columns) % rows),
      column: places.map((i) => i % columns),
      cell: Array.from(last),
    };
  }

  private values(instant: number): Float32Array | null {
    const { cells } = this;
    const row = cells.from(instant + 1e-6) - 1;
    return row < cells.start ? null : cells.v.subarray(row * cells.width, (row + 1) * cells.width);
  }

  private widen(values: Float32Array, instant: number): void {
    const reach = largest(values);
    if (this.range === null && reach > 0) {
      this.range = new CalmRange({ likely: [-reach, reach], fixed: this.payload.range });
    }
    this.range?.update(-reach, reach, instant);
  }

  private get bounds(): [number, number] {
    return this.range === null ? [-1, 1] : symmetric(this.range.low, this.range.high);
  }

  private paint(canvas: CanvasRenderingContext2D, width: number, height: number): void {
    const values = this.values(this.now);
    if (values === null) return;
    const { rows, columns } = this.payload;
    const [low, high] = this.bounds;
    const table = colorTable("signed", this.theme);
    const image = new ImageData(columns, rows);
    values.forEach((value, i) => {
      const entry = entryOf(value, low, high);
      if (entry >= 0) image.data.set(table.subarray(entry, entry + 4), 4 * i);
    });
    this.pixels.width = columns;
    this.pixels.height = rows;
    this.pixels.getContext("2d")?.putImageData(image, 0, 0);
    canvas.imageSmoothingEnabled = false;
    const [wide, tall] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
    canvas.drawImage(this.pixels, LEFT, TOP, wide, tall);
    canvas.strokeStyle = this.theme.frame;
    canvas.lineWidth = 1;
    canvas.strokeRect(LEFT - 0.5, TOP - 0.5, wide + 1, tall + 1);
    this.label(canvas, width, height, tall);
  }

  private label(
    canvas: CanvasRenderingContext2D,
    width: number,
    height: number,
    tall: number,
  ): void {
    const { row_axis: rows, column_axis: columns, cell, of } = this.payload;
    const bar = width - RIGHT - BAR_TEXT - BAR_WIDTH;
    drawColorBar(canvas, "signed", this.bounds, bar, height - 18, this.theme);
    canvas.fillStyle = this.theme.text;
    canvas.font = `12px ${this.theme.font}`;
    canvas.textAlign = "left";
    const since =
      this.since > 0 && of.startsWith("change") ? `since ${this.since.toFixed(2)} s` : "";
    const text = [columns, cell, since].filter((part) => part !== "").join(", ");
    canvas.fillText(text, LEFT, height - 13, bar - BAR_TEXT - LEFT);
    canvas.save();
    canvas.translate(LEFT - 14, TOP + tall / 2);
    canvas.rotate(-Math.PI / 2);
    canvas.textAlign = "center";
    canvas.fillText(rows, 0, 0, tall);
    canvas.restore();
  }
}

export default { name: "weights", make: () => new WeightsPanel() } satisfies PanelKind;
