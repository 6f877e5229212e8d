/** What connections are drawn by: a handle beside a thing, and a line that follows the hand. */

import type { Stage } from "./camera";

/** Screen pixels from the middle of a handle to its edge. */
export const HANDLE = 9;

/** A disc with an arrow in it. */
export function paintHandle(
  { canvas }: Stage,
  [x, y]: [number, number],
  color: string,
  on: string,
): void {
  canvas.beginPath();
  canvas.arc(x, y, HANDLE, 0, 2 * Math.PI);
  canvas.fillStyle = color;
  canvas.fill();
  canvas.lineWidth = 1.5;
  canvas.strokeStyle = on;
  canvas.stroke();
  canvas.lineWidth = 1.8;
  canvas.beginPath();
  canvas.moveTo(x - 4.5, y);
  canvas.lineTo(x + 4, y);
  canvas.moveTo(x + 0.8, y - 3.4);
  canvas.lineTo(x + 4.2, y);
  canvas.lineTo(x + 0.8, y + 3.4);
  canvas.stroke();
}

/** A dashed line from a thing to the hand, with an arrow's head. */
export function paintRubber(
  { canvas }: Stage,
  [x1, y1]: [number, number],
  [x2, y2]: [number, number],
  color: string,
): void {
  const way = Math.atan2(y2 - y1, x2 - x1);
  canvas.lineWidth = 2;
  canvas.strokeStyle = canvas.fillStyle = color;
  canvas.setLineDash([6, 4]);
  canvas.beginPath();
  canvas.moveTo(x1, y1);
  canvas.lineTo(x2, y2);
  canvas.stroke();
  canvas.setLineDash([]);
  canvas.beginPath();
  canvas.moveTo(x2, y2);
  for (const side of [-1, 1])
    canvas.lineTo(x2 - 10 * Math.cos(way + 0.42 * side), y2 - 10 * Math.sin(way + 0.42 * side));
  canvas.closePath();
  canvas.fill();
}
