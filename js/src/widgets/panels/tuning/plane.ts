/** Rates of one neuron on a plane of what is represented, or on one side of a sphere, as colours. */

import { colorTable, cssColor } from "../../charts/colors";
import type { Bokeh } from "../../inspecting/bokeh";
import { Figure } from "../../inspecting/figure";
import { extent } from "../../inspecting/near";
import type { Theme } from "../../theme";
import { hertz, type Told } from "./told";

const COLORS = 128;

/** Which of the squares that come this figure shows. */
export interface Side {
  name: string;
  /** What is said of it beside its first axis. */
  where: string;
  part: number;
  parts: number;
}

export const PLANE: Side = { name: "rate of one neuron on a plane", where: "", part: 0, parts: 1 };

export class PlaneFigure {
  readonly figure: Figure;
  private readonly source;
  private readonly mapper;
  private readonly radius: number;
  private told: Told | null = null;

  constructor(
    private readonly bokeh: Bokeh,
    axes: [string, string],
    radius: number,
    theme: Theme,
    private readonly side = PLANE,
  ) {
    this.radius = radius;
    this.figure = new Figure(
      bokeh,
      {
        name: side.name,
        x: { label: axes[0] + side.where, range: [-radius, radius] },
        y: { label: axes[1], range: [-radius, radius] },
        square: true,
      },
      theme,
    );
    this.mapper = new bokeh.LinearColorMapper({ palette: palette(theme), low: 0, high: 1 });
    // Beyond the edge of a sphere there is nothing.
    this.figure.style((of) => this.mapper.setv({ palette: palette(of), nan_color: of.surface }));
    this.source = this.figure.source({ image: [] });
    const image = new bokeh.Image({
      image: { field: "image" },
      x: -radius,
      y: -radius,
      dw: 2 * radius,
      dh: 2 * radius,
      color_mapper: this.mapper,
    });
    this.figure.draw(image, this.source);
    const bar = new bokeh.ColorBar({
      color_mapper: this.mapper,
      width: 10,
      title: "rate (Hz)",
      padding: 4,
      label_standoff: 4,
    });
    this.figure.add(bar, "right", (of) => ({
      background_fill_color: of.surface,
      title_text_color: of.muted,
      title_text_font: of.font,
      title_text_font_size: "12px",
      title_text_font_style: "normal",
      major_label_text_color: of.muted,
      major_label_text_font: of.font,
      major_label_text_font_size: "11px",
    }));
    this.figure.onPoint(({ x, y }) => {
      const { told } = this;
      const cell = this.cellAt(x, y);
      if (told === null || cell < 0 || Number.isNaN(told.plane[cell])) return null;
      const built = told.builtPlane[cell];
      return [
        ["neuron", String(told.planeOf)],
        ["rate here", hertz(told.plane[cell])],
        ...(built === undefined ? [] : [["as built", hertz(built)] as [string, string]]),
      ];
    });
  }

  show(told: Told): void {
    this.told = told;
    const side = this.length;
    if (side === 0) return;
    const start = this.side.part * side * side;
    const plane = told.plane.slice(start, start + side * side);
    const high = extent([told.plane], [0, 1], 0)[1];
    this.figure.update(() => {
      this.mapper.setv({ high: high > 0 ? high : 1 });
      const image = this.bokeh.ndarray(plane, { dtype: "float32", shape: [side, side] });
      this.source.data = new Map([["image", [image]]]);
    });
  }

  /** Which cell of the plane a place is in; -1 beside it. */
  private cellAt(x: number, y: number): number {
    const side = this.length;
    const cell = (at: number): number => Math.floor(((at / this.radius + 1) / 2) * side);
    const [column, row] = [cell(x), cell(y)];
    const inside = column >= 0 && row >= 0 && column < side && row < side;
    return inside ? (this.side.part * side + row) * side + column : -1;
  }

  /** Cells along a side of the square. */
  private get length(): number {
    return Math.round(Math.sqrt((this.told?.plane.length ?? 0) / this.side.parts));
  }
}

function palette(theme: Theme): string[] {
  const table = colorTable("amounts", theme);
  return Array.from({ length: COLORS }, (_, i) => cssColor(table, i / (COLORS - 1)));
}
