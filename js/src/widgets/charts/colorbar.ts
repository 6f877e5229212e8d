/** What the ends of a map of colours mean: a bar between two numbers. */

import type { Theme } from "../theme";
import { colorTable, entryOf, type MapName } from "./colors";

/** CSS pixels. */
export const BAR_WIDTH = 90;
/** What the numbers beside it take, about. */
export const BAR_TEXT = 56;

/** Draw it; `x` is its left end, without the number there, and `y` its top. */
export function drawColorBar(
  canvas: CanvasRenderingContext2D,
  map: MapName,
  [low, high]: [number, number],
  x: number,
  y: number,
  theme: Theme,
): void {
  const table = colorTable(map, theme);
  for (let i = 0; i < BAR_WIDTH; i++) {
    const at = entryOf(i / BAR_WIDTH, 0, 1);
    canvas.fillStyle = `rgb(${table[at]}, ${table[at + 1]}, ${table[at + 2]})`;
    canvas.fillRect(x + i, y, 1.5, 9);
  }
  canvas.strokeStyle = theme.frame;
  canvas.lineWidth = 1;
  canvas.strokeRect(x - 0.5, y - 0.5, BAR_WIDTH + 1.5, 10);
  canvas.fillStyle = theme.text;
  canvas.font = `12px ${theme.font}`;
  canvas.textBaseline = "middle";
  const text = (value: number): string => String(Number(value.toPrecision(2))).replaceAll("-", "−");
  canvas.textAlign = "right";
  canvas.fillText(text(low), x - 6, y + 5);
  canvas.textAlign = "left";
  canvas.fillText(text(high), x + BAR_WIDTH + 6, y + 5);
}
