/** The grid that plots stand in: how many columns it has, and how large one plot is in it. */

import type { PanelLayout } from "./messages";

export type Size = Pick<PanelLayout, "columns" | "height">;

/** As `.nl-plots` in CSS has it. */
const LEAST_WIDTH = 380;
const GAP = 14;

/** Columns of a grid of this width. */
export function columnsIn(width: number): number {
  return Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
}

/** Have a plot as large as that, as far as there are columns. */
export function showSize(
  { style }: HTMLElement,
  { columns, height }: Size,
  available: number,
): void {
  style.gridColumn = `span ${Math.min(columns, available)}`;
  if (height === null) style.removeProperty("--nl-height");
  else style.setProperty("--nl-height", `${height}px`);
}
