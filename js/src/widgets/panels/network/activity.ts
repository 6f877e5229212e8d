/** Colour of activity: one map for all, with a scale for rates and one for values. */

import { colorTable, cssColor } from "../../charts/colors";
import type { FrameArray } from "../../frames";
import type { Theme } from "../../theme";

/** Ends of scales, times powers of ten. */
const ENDS = [1, 2, 5, 10];

/** The next round number. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (ENDS.find((end) => end * power >= value * (1 - 1e-9)) ?? 10);
}

interface Entry {
  value: number;
  isRate: boolean;
}

export class Activity {
  private entries = new Map<number, Entry>();
  /** Ends of the scales: they grow with what is seen. */
  rates = 50;
  values = 1;
  private anyRate = false;
  private anyValue = false;

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** Take the arrays of a frame; whether there is something new. */
  take(arrays: Map<string, FrameArray>): boolean {
    const [of, y, rate] = [arrays.get("of"), arrays.get("y"), arrays.get("rate")];
    if (of === undefined || y === undefined || rate === undefined) return false;
    this.entries = new Map();
    this.anyRate = this.anyValue = false;
    of.forEach((at, i) => {
      const isRate = rate[i] > 0;
      this.entries.set(at, { value: y[i], isRate });
      if (!Number.isFinite(y[i])) return;
      if (isRate) {
        this.anyRate = true;
        if (y[i] > this.rates) this.rates = roundUp(y[i]);
      } else {
        this.anyValue = true;
        if (y[i] > this.values) this.values = roundUp(y[i]);
      }
    });
    return true;
  }

  clear(): void {
    this.entries.clear();
  }

  has(at: number): boolean {
    return this.entries.has(at);
  }

  get watched(): Iterable<number> {
    return this.entries.keys();
  }

  color(at: number, theme: Theme): string | null {
    const entry = this.entries.get(at);
    if (entry === undefined) return null;
    const part = entry.value / (entry.isRate ? this.rates : this.values);
    return cssColor(colorTable("amounts", theme), Number.isFinite(part) ? part : 0);
  }

  /** As a person reads it, "" of what is not watched. */
  text(at: number): string {
    const entry = this.entries.get(at);
    if (entry === undefined) return "";
    const { value, isRate } = entry;
    return isRate ? `${value.toFixed(0)} Hz` : `size of value ${value.toFixed(2)}`;
  }

  /** What the ends of the colour bar mean. */
  get scales(): string[] {
    return [
      ...(this.anyRate ? [`rate 0 to ${this.rates} Hz`] : []),
      ...(this.anyValue ? [`size of value 0 to ${this.values}`] : []),
    ];
  }
}
