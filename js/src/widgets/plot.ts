/** The frame around a plot: its title, its legend, the button that removes it. */

import { iconButton, make, setText } from "./dom";
import type { PlotDrawing } from "./drawing";
import type { FrameArray } from "./frames";
import { LinesPlot } from "./lines";
import type { PlotLayout, SessionState } from "./messages";
import { RasterPlot } from "./raster";
import { RatesPlot } from "./rates";
import { lineStyle, type Theme } from "./theme";

const HINTS: Partial<Record<SessionState, string>> = {
  ready: "Press ▶ to run the network.",
  paused: "Press ▶ to run the network.",
  running: "waiting for the first values …",
};

const REMOVE = "M4 3 8 7l4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z";

function drawingFor(layout: PlotLayout): PlotDrawing {
  if (layout.kind === "raster") return new RasterPlot(layout);
  return layout.kind === "rates" ? new RatesPlot(layout) : new LinesPlot(layout);
}

/** One plot with its heading. */
export class PlotTile {
  readonly element: HTMLElement;
  readonly drawing: PlotDrawing;
  readonly body = make("div", "nl-plot-body");
  private readonly hint = make("p", "nl-plot-hint");
  private filled = false;
  private readonly swatches: HTMLElement[] = [];

  constructor(
    readonly layout: PlotLayout,
    onRemove: () => void,
  ) {
    this.drawing = drawingFor(layout);
    const name = `${layout.title}: ${layout.what}`;
    const remove = iconButton(REMOVE, `remove the plot ${name}`, "");
    remove.classList.add("nl-quiet");
    remove.addEventListener("click", onRemove);
    const title = make("span", "nl-plot-title", { title: layout.title }, layout.title);
    const what = make("span", "nl-plot-what", {}, layout.what);
    const head = make("header", "nl-plot-head", {}, title, what, this.legend(), remove);
    this.body.append(this.hint);
    this.element = make("figure", "nl-plot", { "aria-label": name }, head, this.body);
  }

  /** Take the arrays of a frame. */
  append(arrays: Map<string, FrameArray>): void {
    this.drawing.append(arrays);
    if ((arrays.get("t")?.length ?? 0) === 0) return;
    this.filled = true;
    this.hint.hidden = true;
  }

  clear(): void {
    this.drawing.clear();
    this.filled = false;
  }

  /** While there is nothing to show yet, say why or what to do. */
  explain(state: SessionState): void {
    this.hint.hidden = this.filled;
    if (this.filled) return;
    const silent = state === "running" && this.layout.kind === "raster";
    setText(this.hint, silent ? "no spikes yet" : (HINTS[state] ?? ""));
  }

  async show(theme: Theme): Promise<void> {
    this.applyTheme(theme);
    await this.drawing.figure.show(this.body);
  }

  applyTheme(theme: Theme): void {
    this.drawing.applyTheme(theme);
    this.swatches.forEach((swatch, index) => {
      const { color, dashed } = lineStyle(theme, index);
      swatch.style.borderTop = `3px ${dashed ? "dashed" : "solid"} ${color}`;
    });
  }

  remove(): void {
    this.drawing.figure.remove();
    this.element.remove();
  }

  private legend(): HTMLElement {
    const legend = make("span", "nl-legend");
    if (this.drawing.lineNames.length < 2) return legend;
    for (const name of this.drawing.lineNames) {
      const swatch = make("span", "nl-swatch");
      this.swatches.push(swatch);
      legend.append(make("span", "nl-legend-item", {}, swatch, name));
    }
    return legend;
  }
}
