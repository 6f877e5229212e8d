/** How one row of a story is drawn: its values over the steps, and the playhead. */

import { tickStep, ticksBetween, tickText } from "../../charts/ticks";
import { lineStyle, type Theme } from "../../theme";
import { written, type Story } from "./story";

/** CSS pixels: to the left there is room for the greatest and the least value. */
export const LEFT = 58;
export const RIGHT = 10;
const [ROW_TOP, ROW_BOTTOM] = [5, 5];
/** Of a vector so many numbers are drawn. */
const MOST_LINES = 7;
const SPIKES = "spikes";

type Canvas = CanvasRenderingContext2D;

/** Where a step is, in CSS pixels; a step begins and ends half a step from its middle. */
export function placeOf(step: number, steps: number, width: number): number {
  return LEFT + ((step + 0.5) / steps) * (width - LEFT - RIGHT);
}

/** The step at a place. */
export function stepAt(x: number, steps: number, width: number): number {
  const step = Math.floor(((x - LEFT) / (width - LEFT - RIGHT)) * steps);
  return Math.max(0, Math.min(steps - 1, step));
}

export function paintRow(
  canvas: Canvas,
  story: Story,
  row: number,
  step: number,
  theme: Theme,
  width: number,
  height: number,
): void {
  const { name, size } = story.told.rows[row];
  const [low, high] = rangeOf(story, row);
  const bottom = height - ROW_BOTTOM;
  const y = (value: number): number => bottom - ((value - low) / (high - low)) * (bottom - ROW_TOP);
  canvas.strokeStyle = theme.frame;
  canvas.lineWidth = 1;
  canvas.strokeRect(LEFT - 0.5, 0.5, width - LEFT - RIGHT + 1, height - 1);
  if (low < 0 && high > 0) level(canvas, y(0), theme.grid, [], width);
  if (name === "voltage" && high >= 1 && low <= 1) level(canvas, y(1), theme.muted, [4, 3], width);
  playhead(canvas, story, step, theme, width, height);
  for (let k = 0; k < Math.min(size, MOST_LINES); k++) {
    canvas.strokeStyle = lineStyle(theme, k).color;
    canvas.fillStyle = canvas.strokeStyle;
    canvas.lineWidth = 1.5;
    canvas.beginPath();
    if (name === SPIKES) ticks(canvas, story, width, height);
    else line(canvas, story, row, k, width, y);
    canvas.stroke();
    if (name !== SPIKES)
      dot(canvas, placeOf(step, story.steps, width), y(story.value(row, k, step)));
  }
  canvas.fillStyle = theme.muted;
  canvas.font = `11px ${theme.font}`;
  canvas.textAlign = "right";
  canvas.textBaseline = "middle";
  if (name === SPIKES) return;
  const [least, most] = story.bounds(row);
  if (least === most) return bound(canvas, most, y(most));
  bound(canvas, high, ROW_TOP + 4);
  bound(canvas, low, bottom - 3);
}

/** A value at the left of a row, with as many of four digits as there is room for. */
function bound(canvas: Canvas, value: number, y: number): void {
  const texts = [4, 3, 2, 1].map((digits) => written(value, digits));
  const room = LEFT - 7;
  const text = texts.find((one) => canvas.measureText(one).width <= room) ?? texts[3];
  canvas.fillText(text, LEFT - 5, y, room);
}

/** The time below all rows. */
export function paintTime(
  canvas: Canvas,
  story: Story,
  step: number,
  theme: Theme,
  width: number,
): void {
  const { times, steps } = story;
  const dt = steps > 1 ? times[1] - times[0] : 0.001;
  const [from, to] = [times[0] - dt / 2, times[steps - 1] + dt / 2];
  const wide = width - LEFT - RIGHT;
  const apart = tickStep(to - from, Math.max(2, wide / 90));
  canvas.font = `11px ${theme.font}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "top";
  canvas.fillStyle = theme.muted;
  canvas.strokeStyle = theme.frame;
  for (const tick of ticksBetween(from, to, apart)) {
    const x = LEFT + ((tick - from) / (to - from)) * wide;
    canvas.beginPath();
    canvas.moveTo(x, 0);
    canvas.lineTo(x, 4);
    canvas.stroke();
    canvas.fillText(tickText(tick, apart), x, 6);
  }
  canvas.textAlign = "left";
  canvas.fillText("time (s)", 0, 6);
  playhead(canvas, story, step, theme, width, 5);
}

function rangeOf(story: Story, row: number): [number, number] {
  let [low, high] = story.bounds(row);
  // Up to its threshold, 1: what passes it is not seen, for a spike sets it back.
  if (story.told.rows[row].name === "voltage" && low > -1 && high < 2) high = Math.max(1, high);
  // Quantities that begin at 0 are seen to.
  const least = low > 0 && low < 0.6 * high ? 0 : low;
  return high > least ? [least, high] : [low - 1, high + 1];
}

function line(
  canvas: Canvas,
  story: Story,
  row: number,
  k: number,
  width: number,
  y: (value: number) => number,
): void {
  let pen = false;
  for (let step = 0; step < story.steps; step++) {
    const value = story.value(row, k, step);
    const x = placeOf(step, story.steps, width);
    if (!Number.isFinite(value)) pen = false;
    else if (pen) canvas.lineTo(x, y(value));
    else {
      canvas.moveTo(x, y(value));
      pen = true;
    }
  }
}

function ticks(canvas: Canvas, story: Story, width: number, height: number): void {
  for (const step of story.told.spikes) {
    const x = placeOf(step, story.steps, width);
    canvas.moveTo(x, height - ROW_BOTTOM);
    canvas.lineTo(x, ROW_TOP);
  }
}

function dot(canvas: Canvas, x: number, y: number): void {
  if (!Number.isFinite(y)) return;
  canvas.beginPath();
  canvas.arc(x, y, 3, 0, 2 * Math.PI);
  canvas.fill();
}

function level(canvas: Canvas, y: number, color: string, dash: number[], width: number): void {
  canvas.strokeStyle = color;
  canvas.setLineDash(dash);
  canvas.beginPath();
  canvas.moveTo(LEFT, y);
  canvas.lineTo(width - RIGHT, y);
  canvas.stroke();
  canvas.setLineDash([]);
}

function playhead(
  canvas: Canvas,
  story: Story,
  step: number,
  theme: Theme,
  width: number,
  height: number,
): void {
  const x = placeOf(step, story.steps, width);
  canvas.strokeStyle = theme.text;
  canvas.lineWidth = 1;
  canvas.beginPath();
  canvas.moveTo(x, 0);
  canvas.lineTo(x, height);
  canvas.stroke();
}
