/** The grid that plots stand in: how many columns it has, and how large one plot is in it. */

import type { PanelLayout } from "./messages";

export type Size = Pick<PanelLayout, "columns" | "height">;

/** As `.nl-plots` in CSS has it. */
const LEAST_WIDTH = 380;
const GAP = 14;

/** Where there is room for more plots than there are, they are made wider, up to about this. */
const WIDE = 760;

/** Columns of a grid of this width, as many as it can have. */
export function columnsIn(width: number): number {
  return Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
}

/** Columns of a grid of this width in which plots stand that want so many columns together. */
export function columnsFor(width: number, wanted: number): number {
  return Math.min(columnsIn(width), Math.max(wanted, Math.ceil(width / WIDE)));
}

const COLUMNS = "--nl-columns";

export function setColumns({ style }: HTMLElement, columns: number): void {
  style.setProperty(COLUMNS, String(columns));
}

/** Have at least so many columns, until they are set again. */
export function makeRoom(grid: HTMLElement | null, columns: number): void {
  if (grid !== null && Number(grid.style.getPropertyValue(COLUMNS)) < columns)
    setColumns(grid, columns);
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
