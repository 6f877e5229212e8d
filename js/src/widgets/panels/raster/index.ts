/** The spike raster: one row for each neuron, ticks nearly as high as the row. */

import { Series } from "../../charts/series";
import { Strip, type Scale } from "../../charts/strip";
import { make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import { markColors } from "../../inspecting/marks";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { combined, pickedOf } from "../../picking";
import type { Theme } from "../../theme";
import { isPayload, isRowsMessage, type Payload } from "./payload";

/** Height of a tick in rows; the rest is the gap to its neighbours. */
const FULL = 0.84;
/** Of many rows each is thinner than a pixel; a tick this high can still be seen. */
const LEAST_PIXELS = 1.6;
/** A pointer that has moved farther has dragged, and not clicked (CSS pixels). */
const STILL = 4;
/** How strongly the rows of picked neurons are washed with their colours. */
const WASH = 0.16;
/** A tick that stands for one spike, where others stand for several. */
const FAINTEST = 0.35;
/** Ticks that lie over each other are no fainter than that. */
const THINNEST = 0.1;
/**
 * Where several neurons share a line of pixels: so many times the usual count of a pixel are drawn
 * in full, where few pixels have spikes, and so many more where all have.
 */
const [FULL_ALONE, FULL_AMONG] = [0.6, 2.4];
/** What is drawn in full changes only where it would by more than this share; columns to judge by. */
const STEADY = 0.25;
const JUDGED = 30;

class RasterPanel implements Panel {
  private strip!: Strip;
  private payload!: Payload;
  private theme!: Theme;
  /** Neuron, and how many spikes a tick stands for. */
  private readonly spikes = new Series(2);
  private most = 1;
  /** How many spikes came, for how many ticks; and how many of a tick are drawn in full. */
  private came = 0;
  private ticks = 0;
  private inFull = 1;
  /** The neuron of each row, and the row of each neuron; null where they are the same. */
  private neurons: Int32Array | null = null;
  private rows: Map<number, number> | null = null;
  private readonly problem = make("p", "nl-plot-failed", { role: "note", hidden: "" });
  private known = -Infinity;
  private context!: PanelContext;
  private marks = new Map<number, string>();

  mount(body: HTMLElement, context: PanelContext): void {
    const { data } = context.layout;
    if (!isPayload(data)) throw new Error("the kernel describes this plot in an unknown way");
    this.payload = data;
    this.theme = context.theme;
    this.context = context;
    this.strip = new Strip(body, {
      axis: data.sorted ? "neuron, as sorted" : "neuron",
      range: [data.first - 0.5, data.end - 0.5],
      integers: true,
      theme: context.theme,
      paint: (canvas, scale, from, to) => this.paint(canvas, scale, from, to),
      redraw: context.redraw,
      signal: context.signal,
    });
    body.append(this.problem);
    if (data.sorted) context.send({ type: "rows" });
    this.followPicks(body, context);
  }

  /** Which neuron is in which row. */
  hear(content: Record<string, unknown>, buffer: DataView): void {
    if (!isRowsMessage(content) || !this.payload.sorted) return;
    this.problem.hidden = content.problem === "";
    setText(this.problem, content.problem);
    const count = buffer.byteLength / 4;
    this.neurons = Int32Array.from({ length: count }, (_, i) => buffer.getInt32(4 * i, true));
    this.rows = new Map(Array.from(this.neurons, (neuron, row) => [neuron, row]));
    this.strip.setRange(-0.5, Math.max(1, count) - 0.5);
    this.strip.changed();
    this.context.redraw();
  }

  /** From the lowest row to one past the highest. */
  private get ends(): [number, number] {
    const { first, end } = this.payload;
    return this.neurons === null ? [first, end] : [0, Math.max(1, this.neurons.length)];
  }

  private rowOf(neuron: number): number | undefined {
    if (this.rows !== null) return this.rows.get(neuron);
    // What is sorted is not shown in another order while that is not known.
    return this.payload.sorted ? undefined : neuron;
  }

  /** A click picks the neuron of the row; rows of those that are picked are marked. */
  private followPicks(body: HTMLElement, { store, signal, pick }: PanelContext): void {
    const { ensemble } = this.payload;
    let pressed = { x: 0, y: 0 };
    body.addEventListener("pointerdown", ({ x, y }) => (pressed = { x, y }), { signal });
    body.addEventListener(
      "click",
      (event) => {
        const drawing = body.querySelector(".nl-strip-drawing");
        const moved = Math.hypot(event.x - pressed.x, event.y - pressed.y);
        if (event.target !== drawing || drawing === null || moved > STILL) return;
        const { top, height } = drawing.getBoundingClientRect();
        const [first, end] = this.ends;
        const at = end - 1 - Math.floor(((event.y - top) / height) * (end - first));
        const row = Math.min(end - 1, Math.max(first, at));
        const neuron = this.neurons === null ? row : this.neurons[row];
        if (neuron === undefined) return;
        const adds = event.shiftKey || event.ctrlKey || event.metaKey;
        pick(ensemble, combined(pickedOf(store.get().picked, ensemble), [neuron], adds));
      },
      { signal },
    );
    store.subscribe(
      (s) => pickedOf(s.picked, ensemble),
      signal,
      () => this.mark(),
    );
  }

  private mark(): void {
    const { store, redraw } = this.context;
    this.marks = markColors(this.theme, pickedOf(store.get().picked, this.payload.ensemble));
    this.strip.changed();
    redraw();
  }

  receive(arrays: Map<string, FrameArray>, meta: { t1: number }): void {
    const t = arrays.get("t");
    const rows = arrays.get("i");
    const counts = arrays.get("n");
    if (t === undefined || rows === undefined || counts === undefined) return;
    if (t.length > 0 && this.spikes.last > t[0]) this.clear();
    const pairs = new Float32Array(2 * t.length);
    for (let i = 0; i < t.length; i++) {
      [pairs[2 * i], pairs[2 * i + 1]] = [rows[i], counts[i]];
      if (counts[i] > this.most) this.most = counts[i];
      this.came += counts[i];
    }
    this.ticks += t.length;
    this.spikes.append(t, pairs);
    this.known = meta.t1;
  }

  draw(from: number, to: number): void {
    if (this.strip.width > 0) this.judge(this.strip.scale(), (to - from) / this.strip.width);
    this.strip.draw(from, to, this.known);
  }

  /** How many neurons share a line; 1 where each has its own, or where they are sorted. */
  private sharing({ height, ratio }: Scale): number {
    const [first, end] = this.ends;
    return this.neurons === null ? Math.max(1, Math.ceil(((end - first) * ratio) / height)) : 1;
  }

  /** Find how many spikes in a pixel are drawn in full: grey then says how busy its neurons are. */
  private judge(scale: Scale, pixel: number): void {
    const shared = this.sharing(scale);
    if (shared === 1 || this.spikes.length === 0) return;
    const [first, end] = this.ends;
    const { last, length, start, t } = this.spikes;
    const columns = Math.max(JUDGED, (last - t[start]) / pixel);
    const covered = Math.min(1, (length * shared) / ((end - first) * columns));
    const wanted = Math.max(1, (this.came / this.ticks) * (FULL_ALONE + FULL_AMONG * covered));
    if (Math.abs(Math.log(wanted / this.inFull)) < STEADY) return;
    this.inFull = wanted;
    this.strip.changed();
  }

  readings(instant: number): { name: string; text: string }[] {
    const count = this.spikes.from(instant + 0.005) - this.spikes.from(instant - 0.005);
    return [{ name: "spikes within 5 ms", text: String(count) }];
  }

  clear(): void {
    this.spikes.clear();
    this.most = this.inFull = 1;
    this.came = this.ticks = 0;
    this.known = -Infinity;
    this.strip.changed();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.strip.retheme(theme);
    this.mark();
  }

  picture(): HTMLCanvasElement | null {
    return this.strip.picture();
  }

  columns(): Record<string, number[]> {
    return this.spikes.columns(["i", "n"]);
  }

  private paint(canvas: CanvasRenderingContext2D, scale: Scale, from: number, to: number): void {
    const { t, v } = this.spikes;
    const [first, end] = this.ends;
    const rows = end - first;
    const shared = this.sharing(scale);
    const height = Math.max((scale.height / rows) * FULL, LEAST_PIXELS * scale.ratio);
    const width = Math.max(1, Math.round(scale.ratio));
    this.paintMarks(canvas, scale, from, to, height);
    canvas.fillStyle = this.theme.text;
    let painted = this.theme.text;
    const last = this.spikes.from(to + scale.pixel);
    // Seen from far, ticks stand for several spikes, or lie over each other where each neuron has a
    // row of its own: how strong the colour is says how many there are.
    const thin = this.neurons === null ? 1 : scale.height / rows / height;
    const full = Math.min(1, Math.max(THINNEST, 2 * thin));
    for (let spike = this.spikes.from(from); spike < last; spike++) {
      const neuron = v[2 * spike];
      const row = this.rowOf(neuron);
      if (row === undefined) continue;
      const color = this.marks.get(neuron) ?? this.theme.text;
      if (color !== painted) canvas.fillStyle = painted = color;
      const count = v[2 * spike + 1];
      const share = this.most === 1 ? 1 : FAINTEST + (1 - FAINTEST) * (count / this.most);
      canvas.globalAlpha = shared > 1 ? Math.min(1, count / this.inFull) : full * share;
      const lowest = first + shared * Math.floor((row - first) / shared) - 0.5;
      const top = shared > 1 ? scale.y(lowest + shared) : scale.y(row) - height / 2;
      const high = shared > 1 ? Math.round(scale.y(lowest)) - Math.round(top) : Math.round(height);
      const left = Math.floor(scale.x(t[spike]));
      canvas.fillRect(left, Math.round(top), width, Math.max(1, high));
    }
    canvas.globalAlpha = 1;
  }

  private paintMarks(
    canvas: CanvasRenderingContext2D,
    scale: Scale,
    from: number,
    to: number,
    height: number,
  ): void {
    const [left, right] = [Math.floor(scale.x(from)), Math.ceil(scale.x(to))];
    const tall = Math.max(height, 3 * scale.ratio);
    canvas.globalAlpha = WASH;
    for (const [neuron, color] of this.marks) {
      canvas.fillStyle = color;
      const row = this.rowOf(neuron);
      if (row === undefined) continue;
      canvas.fillRect(left, Math.round(scale.y(row) - tall / 2), right - left, tall);
    }
    canvas.globalAlpha = 1;
  }
}

export default { name: "raster", make: () => new RasterPanel() } satisfies PanelKind;
