/** A value as pixels: grey, on a map of colours, or as red, green and blue. */

import { BAR_WIDTH, drawColorBar } from "../../charts/colorbar";
import { colorTable, entryOf, symmetric } from "../../charts/colors";
import { Fitted, gridIn } from "../../charts/fitted";
import { CalmRange } from "../../charts/range";
import { Series } from "../../charts/series";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind, Reading } from "../../panel";
import type { Theme } from "../../theme";
import { isPayload, type Payload } from "./payload";

const MARGIN = 8;
const GAP = 6;
/** Room for what the ends of the colours mean. */
const LINE = 18;
const LIKELY: [number, number] = [0, 1];

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

/** How many pictures stand side by side: one of three colours, else one for each channel. */
export function picturesOf({ channels }: Payload): number {
  return channels === 3 ? 1 : channels;
}

/** Colour one of the pictures of a row of values, whose last axis is the channel. */
export function colored(
  values: Float32Array,
  payload: Payload,
  channel: number,
  [low, high]: [number, number],
  theme: Pick<Theme, "dark">,
): Uint8ClampedArray<ArrayBuffer> {
  const { height, width, channels } = payload;
  const data = new Uint8ClampedArray(4 * height * width);
  const table = colorTable(channels === 3 ? "grey" : payload.colours, theme);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let color = 0; color < 3; color++) {
      const from = pixel * channels + (channels === 3 ? color : channel);
      const entry = entryOf(values[from], low, high);
      data[4 * pixel + color] = entry < 0 ? 0 : table[entry + color];
    }
    data[4 * pixel + 3] = 255;
  }
  return data;
}

class ImagePanel implements Panel {
  private place!: Fitted;
  private payload!: Payload;
  private theme!: Theme;
  private range!: CalmRange;
  private series!: Series;
  private readonly pixels = document.createElement("canvas");
  private now = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    const { height, width, channels } = this.payload;
    this.series = new Series(height * width * channels);
    this.range = new CalmRange(this.options());
    this.place = new Fitted(body, {
      theme: context.theme,
      paint: (canvas, w, h) => this.paint(canvas, w, h),
      redraw: context.redraw,
      signal: context.signal,
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    this.series.take(arrays, () => this.clear());
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.range.reset(this.options());
  }

  draw(_from: number, to: number): void {
    this.now = to;
    const values = this.values(to);
    if (values !== null) {
      let [min, max] = [Infinity, -Infinity];
      for (const value of values) {
        if (value < min) min = value;
        if (value > max) max = value;
      }
      this.range.update(min, max, to);
    }
    this.place.draw();
  }

  readings(instant: number): Reading[] {
    const values = this.values(instant);
    if (values === null) return [];
    const text = (value: number): string => value.toPrecision(3);
    return [
      { name: "least", text: text(Math.min(...values.slice(0, 65536))) },
      { name: "most", text: text(Math.max(...values.slice(0, 65536))) },
    ];
  }

  clear(): void {
    this.series.clear();
    this.range.reset();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
  }

  picture(): HTMLCanvasElement | null {
    return this.place.picture();
  }

  columns(): Record<string, number[]> {
    return this.series.columns(Array.from({ length: this.series.width }, (_, i) => `y${i}`));
  }

  private options() {
    const { colours, range } = this.payload;
    return { likely: colours === "signed" ? ([-1, 1] as [number, number]) : LIKELY, fixed: range };
  }

  private get bounds(): [number, number] {
    const { low, high } = this.range;
    return this.payload.colours === "signed" ? symmetric(low, high) : [low, high];
  }

  /** The newest values at an instant. */
  private values(instant: number): Float32Array | null {
    const { series } = this;
    const row = series.from(instant + 1e-9) - 1;
    return row < series.start
      ? null
      : series.v.subarray(row * series.width, (row + 1) * series.width);
  }

  private paint(canvas: CanvasRenderingContext2D, width: number, height: number): void {
    const values = this.values(this.now);
    if (values === null) return;
    const { payload } = this;
    const count = picturesOf(payload);
    const room = height - 2 * MARGIN - LINE;
    // A grid of squares, in the proportions of a picture.
    const aspect = payload.width / payload.height;
    const grid = gridIn(count, (width - 2 * MARGIN) / aspect, room);
    const high = grid.side - (count > 1 ? GAP : 0);
    const wide = high * aspect;
    const left = (width - grid.columns * (wide + GAP) + GAP) / 2;
    const top = MARGIN + (room - grid.rows * (high + GAP) + GAP) / 2;
    this.pixels.width = payload.width;
    this.pixels.height = payload.height;
    canvas.imageSmoothingEnabled = false;
    for (let channel = 0; channel < count; channel++) {
      const data = colored(values, payload, channel, this.bounds, this.theme);
      this.pixels
        .getContext("2d")
        ?.putImageData(new ImageData(data, payload.width, payload.height), 0, 0);
      const x = left + (channel % grid.columns) * (wide + GAP);
      const y = top + Math.floor(channel / grid.columns) * (high + GAP);
      canvas.drawImage(this.pixels, x, y, wide, high);
      canvas.strokeStyle = this.theme.frame;
      canvas.lineWidth = 1;
      canvas.strokeRect(x - 0.5, y - 0.5, wide + 1, high + 1);
    }
    const bar = (width - BAR_WIDTH) / 2;
    drawColorBar(canvas, payload.colours, this.bounds, bar, height - 14, this.theme);
  }
}

export default { name: "image", make: () => new ImagePanel() } satisfies PanelKind;
