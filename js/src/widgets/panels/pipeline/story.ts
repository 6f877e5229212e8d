/** The story as it came: values by row, equations with the numbers of a step, spikes. */

import type { FrameArray } from "../../frames";
import { isTold, type Part, type Row, type Told } from "./payload";

/** With four digits, as the kernel writes them, or with fewer. */
export function written(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const short = Number(value.toPrecision(digits));
  const size = Math.abs(short);
  const plain = size === 0 || (size >= 1e-4 && size < 1e5);
  const text = plain ? String(short) : short.toExponential().replace("e+", "e");
  return text.replace(/-/g, "−");
}

export class Story {
  private constructor(
    readonly told: Told,
    readonly times: Float64Array | Float32Array,
    private readonly values: FrameArray[],
  ) {}

  /** What came in a frame; null for what is no story. */
  static of(arrays: Map<string, FrameArray>): Story | null {
    const [bytes, times] = [arrays.get("told"), arrays.get("times")];
    if (!(bytes instanceof Uint8Array)) return null;
    if (!(times instanceof Float64Array || times instanceof Float32Array)) return null;
    const told: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isTold(told)) return null;
    const values = told.rows.map((_, i) => arrays.get(`q${i}`));
    const all = values.filter((each) => each !== undefined);
    return all.length === told.rows.length ? new Story(told, times, all) : null;
  }

  get steps(): number {
    return this.times.length;
  }

  value(row: number, element: number, step: number): number {
    return this.values[row][step * this.told.rows[row].size + element];
  }

  /** The least and the greatest value of a row. */
  bounds(row: number): [number, number] {
    let [low, high] = [Infinity, -Infinity];
    for (const value of this.values[row]) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low <= high ? [low, high] : [0, 0];
  }

  /** The equation of a row with the numbers of a step. */
  equation(row: Row, step: number): string {
    return row.parts.map((part) => this.part(part, step)).join("");
  }

  private part({ text, of, element, before }: Part, step: number): string {
    if (of < 0) return text;
    // What was before the first step is not part of the story.
    return step < before ? "…" : written(this.value(of, element, step - before));
  }

  /** Why it spiked in a step, or why it never did; "" in a step without a spike. */
  why(step: number): string {
    const { spikes, whys, silence } = this.told;
    const at = spikes.indexOf(step);
    const text = spikes.length === 0 ? silence : at < 0 ? "" : whys[at];
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  /** The next spike after a step, or the one before it; the step itself where there is none. */
  spikeFrom(step: number, forward: boolean): number {
    const { spikes } = this.told;
    const found = forward ? spikes.find((s) => s > step) : spikes.findLast((s) => s < step);
    return found ?? step;
  }

  columns(): Record<string, number[]> {
    const columns: Record<string, number[]> = { t: [...this.times] };
    this.told.rows.forEach((row, i) => {
      for (let k = 0; k < row.size; k++) {
        const name = row.size === 1 ? row.name : `${row.name} ${k}`;
        columns[name] = Array.from(this.times, (_, step) => this.value(i, k, step));
      }
    });
    return columns;
  }
}
