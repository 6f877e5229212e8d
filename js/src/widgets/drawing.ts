/** What the frame around a plot and the kinds of plot agree on. */

import type { Figure } from "./figure";
import type { FrameArray } from "./frames";
import type { Theme } from "./theme";

/** What every kind of plot can do. */
export interface PlotDrawing {
  readonly figure: Figure;
  /** Names for the legend; one line or none needs no legend. */
  readonly lineNames: string[];
  append(arrays: Map<string, FrameArray>): void;
  clear(): void;
  /** Draw what lies between these two instants of simulated time. */
  draw(start: number, end: number): void;
  applyTheme(theme: Theme): void;
}
