/** Curves of neurons over a line: what each answers to. */

import type { Bokeh } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import { markColors } from "../../inspecting/marks";
import { curvesIn, extent, nearestCurve, valueAt, type Curves } from "../../inspecting/near";
import { walk } from "../../inspecting/walking";
import type { Theme } from "../../theme";
import { hertz, rowsOf, type Told } from "./told";

export interface PickHost {
  /** Neurons under a hand: they alone, or with those that are picked. */
  pick: (neurons: number[], adds: boolean) => void;
  isPicked: (neuron: number) => boolean;
}

/** So many curves are drawn as thin as a pixel: without a graphics card that takes a twelfth of the
 * time that wider lines take (6 ms instead of 76 for 200 of them). */
const MANY_CURVES = 60;

type Lines = { xs: ArrayLike<number>[]; ys: ArrayLike<number>[]; color: string[] };

export class CurvesFigure {
  readonly figure: Figure;
  private readonly sources;
  private told: Told | null = null;

  constructor(
    bokeh: Bokeh,
    axis: string,
    private theme: Theme,
    host: PickHost,
  ) {
    this.figure = new Figure(
      bokeh,
      {
        name: "rates over what is represented",
        x: { label: axis, range: [-1, 1] },
        y: { label: "rate (Hz)", range: [0, 1] },
        picks: true,
      },
      theme,
    );
    const empty = (): ReturnType<Figure["source"]> =>
      this.figure.source({ xs: [], ys: [], color: [] });
    this.sources = { built: empty(), rest: empty(), picked: empty() };
    this.figure.draw(this.figure.lines(1, 0.7, [4, 3]), this.sources.built);
    this.rest = this.figure.lines(1.2, 0.8);
    this.figure.draw(this.rest, this.sources.rest);
    this.figure.draw(this.figure.lines(2.4, 1), this.sources.picked);
    this.figure.onPoint((spot) => this.say(this.nearest(spot), spot.x));
    this.figure.onTap((spot) => {
      const found = this.nearest(spot);
      host.pick(found < 0 ? [] : [this.neuron(found)], spot.adds);
    });
    this.figure.onBox((box) => {
      const found = curvesIn(this.curves, box);
      host.pick(
        found.map((curve) => this.neuron(curve)),
        box.adds,
      );
    });
    walk(this.figure, {
      places: () => this.places(),
      spot: (curve) => this.peak(curve),
      rows: (curve) => this.say(curve, this.peak(curve).x),
      pick: (curve, adds) => host.pick([this.neuron(curve)], adds),
      isPicked: (curve) => host.isPicked(this.neuron(curve)),
    });
  }

  private readonly rest;

  show(told: Told, picked: readonly number[], theme: Theme): void {
    [this.told, this.theme] = [told, theme];
    const n = told.x.length;
    const marks = markColors(theme, picked);
    const lines = { built: none(), rest: none(), picked: none() };
    const add = (to: Lines, from: ArrayLike<number>, curve: number, color: string): void => {
      to.xs.push(told.x);
      to.ys.push(slice(from, curve * n, (curve + 1) * n));
      to.color.push(color);
    };
    const many = told.drawn.length > MANY_CURVES;
    for (let curve = 0; curve < told.drawn.length; curve++) {
      const mark = marks.get(told.drawn[curve]);
      const color = mark ?? (picked.length > 0 ? theme.muted : this.usual(told, curve));
      add(mark === undefined ? lines.rest : lines.picked, told.rates, curve, color);
      // Beside many curves those as built would be one more grey cloud.
      const wanted = mark !== undefined || (picked.length === 0 && !many);
      if (told.builtRates.length > 0 && wanted)
        add(lines.built, told.builtRates, curve, mark ?? theme.muted);
    }
    const high = extent([told.rates, told.builtRates], [0, 1])[1];
    this.figure.update(() => {
      const faint = picked.length > 0 ? 0.25 : told.drawn.length > 100 ? 0.45 : 0.85;
      this.rest.setv({ line_alpha: { value: faint }, line_width: { value: many ? 1 : 1.2 } });
      this.figure.range([told.x[0] ?? -1, told.x[n - 1] ?? 1], [0, high]);
      for (const name of ["built", "rest", "picked"] as const)
        this.sources[name].data = new Map(Object.entries(lines[name]));
    });
  }

  /** Those that fire more to the right in one colour, the others in another. */
  private usual({ x, rates }: Told, curve: number): string {
    const n = x.length;
    const rises = rates[curve * n + n - 1] >= rates[curve * n];
    return this.theme.dimensions[rises ? 0 : 1];
  }

  private get curves(): Curves {
    const { told } = this;
    return told === null
      ? { x: [], y: [], count: 0 }
      : { x: told.x, y: told.rates, count: told.drawn.length };
  }

  /** Where each curve has its middle, and how high it is. */
  private places(): { x: number[]; y: number[] } {
    const { x, y, count } = this.curves;
    const middles = Array.from({ length: count }, (_, curve) => {
      let [sum, moment] = [0, 0];
      for (let i = 0; i < x.length; i++) {
        const rate = y[curve * x.length + i];
        [sum, moment] = [sum + rate, moment + rate * x[i]];
      }
      return sum === 0 ? 0 : moment / sum;
    });
    return { x: middles, y: middles.map((_, curve) => this.peak(curve).y) };
  }

  private peak(curve: number): { x: number; y: number } {
    const { x, y } = this.curves;
    let best = 0;
    for (let i = 1; i < x.length; i++)
      if (y[curve * x.length + i] > y[curve * x.length + best]) best = i;
    return { x: x[best], y: y[curve * x.length + best] };
  }

  private neuron(curve: number): number {
    return this.told?.drawn[curve] ?? -1;
  }

  /** The nearest curve; those that are picked first, for they lie above. */
  private nearest(spot: { x: number; y: number }): number {
    return nearestCurve(this.curves, spot, this.figure.pixels);
  }

  private say(curve: number, at: number): Rows | null {
    if (curve < 0 || this.told === null) return null;
    const [name, ...rest] = rowsOf(this.told, this.neuron(curve));
    return [name, ["rate here", hertz(valueAt(this.curves, curve, at))], ...rest];
  }
}

function none(): Lines {
  return { xs: [], ys: [], color: [] };
}

function slice(from: ArrayLike<number>, start: number, end: number): ArrayLike<number> {
  return ArrayBuffer.isView(from) ? (from as Float32Array).subarray(start, end) : [];
}
