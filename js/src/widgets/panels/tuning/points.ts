/** A point for each neuron, where its encoder points or by its rate and intercept; or for each
 * evaluation point. */

import type { Bokeh } from "../../inspecting/bokeh";
import { Figure, type Rows } from "../../inspecting/figure";
import { markColors } from "../../inspecting/marks";
import { extent, nearestPoint, pointsIn } from "../../inspecting/near";
import { walk } from "../../inspecting/walking";
import type { Theme } from "../../theme";
import type { PickHost } from "./curves";
import type { Payload } from "./payload";
import { rowsOf, type Told } from "./told";

const ROUND = Array.from({ length: 121 }, (_, i) => (i * Math.PI) / 60);
/** As many have a line from where they were. */
const MOST_MOVED = 300;

export class PointsFigure {
  readonly figure: Figure;
  private readonly sources;
  private readonly rest;
  private told: Told | null = null;

  constructor(
    bokeh: Bokeh,
    private readonly payload: Payload,
    theme: Theme,
    host: PickHost,
  ) {
    const { beside, beside_axes: axes, disk, each } = payload;
    const room: [number, number] = disk > 0 ? [-1.15 * disk, 1.15 * disk] : [0, 1];
    this.figure = new Figure(
      bokeh,
      {
        name: beside,
        x: { label: axes[0], range: room },
        y: { label: axes[1], range: room },
        square: disk > 0,
        picks: each === "neuron",
      },
      theme,
    );
    const { figure } = this;
    if (disk > 0) this.circle(bokeh, disk);
    this.sources = {
      moved: figure.source({ x0: [], y0: [], x1: [], y1: [] }),
      rest: figure.source({ x: [], y: [] }),
      picked: figure.source({ x: [], y: [], color: [] }),
    };
    const moved = new bokeh.Segment({
      x0: { field: "x0" },
      y0: { field: "y0" },
      x1: { field: "x1" },
      y1: { field: "y1" },
      line_alpha: 0.6,
    });
    figure.draw(moved, this.sources.moved, (of) => ({ line_color: of.muted }));
    this.rest = new bokeh.Scatter({ x: { field: "x" }, y: { field: "y" }, line_color: null });
    figure.draw(this.rest, this.sources.rest, (of) => ({ fill_color: of.dimensions[0] }));
    const picked = new bokeh.Scatter({
      x: { field: "x" },
      y: { field: "y" },
      size: 10,
      fill_color: { field: "color" },
      line_width: 1.5,
    });
    figure.draw(picked, this.sources.picked, (of) => ({ line_color: of.text }));
    figure.onPoint((spot) => this.say(this.nearest(spot)));
    if (each === "point") return;
    figure.onTap((spot) => {
      const found = this.nearest(spot);
      host.pick(found < 0 ? [] : [found], spot.adds);
    });
    figure.onBox((box) => {
      if (this.told !== null) host.pick(pointsIn(this.told.px, this.told.py, box), box.adds);
    });
    walk(figure, {
      places: () => ({ x: this.told?.px ?? [], y: this.told?.py ?? [] }),
      spot: (at) => ({ x: this.told?.px[at] ?? NaN, y: this.told?.py[at] ?? NaN }),
      rows: (at) => this.say(at),
      pick: (at, adds) => host.pick([at], adds),
      isPicked: (at) => host.isPicked(at),
    });
  }

  private circle(bokeh: Bokeh, radius: number): void {
    const source = this.figure.source({
      x: ROUND.map((angle) => radius * Math.cos(angle)),
      y: ROUND.map((angle) => radius * Math.sin(angle)),
    });
    const line = new bokeh.Line({ x: { field: "x" }, y: { field: "y" } });
    this.figure.draw(line, source, (of) => ({ line_color: of.frame }));
  }

  show(told: Told, picked: readonly number[], theme: Theme): void {
    this.told = told;
    const { px, py, builtPx, builtPy, changed } = told;
    const neurons = this.payload.each === "neuron";
    const marks = markColors(theme, neurons ? picked : []);
    const at = [...marks.keys()];
    const moved = neurons && builtPx.length > 0 && changed.length <= MOST_MOVED ? changed : [];
    const from = (values: ArrayLike<number>, which: number[]): number[] =>
      which.map((i) => values[i]);
    this.figure.update(() => {
      const many = px.length > 300;
      this.rest.setv({
        size: { value: many ? 4 : 6 },
        fill_alpha: { value: at.length > 0 ? 0.3 : many ? 0.5 : 0.75 },
      });
      if (this.payload.disk === 0)
        this.figure.range(extent([px, builtPx], [0, 1]), extent([py, builtPy], [0, 1]));
      this.sources.rest.data = new Map(Object.entries({ x: px, y: py }));
      this.sources.picked.data = new Map(
        Object.entries({ x: from(px, at), y: from(py, at), color: [...marks.values()] }),
      );
      this.sources.moved.data = new Map(
        Object.entries({
          x0: from(builtPx, moved),
          y0: from(builtPy, moved),
          x1: from(px, moved),
          y1: from(py, moved),
        }),
      );
    });
  }

  private nearest(spot: { x: number; y: number }): number {
    const { told } = this;
    return told === null ? -1 : nearestPoint(told.px, told.py, spot, this.figure.pixels);
  }

  private say(at: number): Rows | null {
    const { told } = this;
    if (at < 0 || told === null) return null;
    const [x, y] = [told.px[at], told.py[at]].map((v) => String(Number(v.toPrecision(3))));
    if (this.payload.each === "point") return [["point", `${x}, ${y}`]];
    const rows: Rows = rowsOf(told, at);
    if (this.payload.beside === "encoders") rows.push(["encoder", `${x}, ${y}`]);
    if (this.payload.beside === "decoders") rows.push(["decoder", y]);
    return rows;
  }
}
