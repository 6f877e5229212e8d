/** The firing-rate plot: lines whose y axis starts at zero, in Hz. */

import { LinesPlot } from "./lines";
import type { PlotLayout } from "./messages";

export class RatesPlot extends LinesPlot {
  constructor(layout: PlotLayout) {
    super({ ...layout, range: [0, Math.max(layout.range[1], 1)] });
  }
}
