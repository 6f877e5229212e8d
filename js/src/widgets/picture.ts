/** The picture of a Lab that a saved notebook keeps: its plots, title and time on one canvas. */

import { CellOutputs, leaveStandIn, watchSaving, type WidgetModel } from "./host";
import { htmlOf, standInOf } from "./saved/keeping";
import type { LegendItem } from "./panel";
import type { Theme } from "./theme";

/** What can be drawn of one plot. */
export interface PictureTile {
  element: HTMLElement;
  title: string;
  what: string;
  legend: LegendItem[];
  canvas: HTMLCanvasElement | null;
  /** Where in the tile the canvas lies. */
  body: HTMLElement;
}

export interface Picture {
  root: HTMLElement;
  title: string;
  footer: string;
  tiles: PictureTile[];
  theme: Theme;
}

const PADDING = 12;
const LINE = 18;
function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  style: { color: string; font: string },
): number {
  context.fillStyle = style.color;
  context.font = style.font;
  context.fillText(text, x, y);
  return x + context.measureText(text).width;
}

/** The legend on the heading's line, as far as it reaches. */
function drawLegend(
  context: CanvasRenderingContext2D,
  legend: LegendItem[],
  start: number,
  at: { x: number; y: number; width: number },
  style: { color: string; font: string },
): void {
  let x = start;
  const y = at.y + LINE;
  context.font = style.font;
  for (const { name, color, dashed } of legend) {
    const width = 28 + context.measureText(name).width;
    if (x + width > at.x + at.width - 20) {
      write(context, " …", x, y, style);
      return;
    }
    context.strokeStyle = color;
    context.lineWidth = 3;
    context.setLineDash(dashed ? [4, 3] : []);
    context.beginPath();
    context.moveTo(x + 12, y - 4);
    context.lineTo(x + 24, y - 4);
    context.stroke();
    context.setLineDash([]);
    x = write(context, name, x + 28, y, style);
  }
}

/** Text that fits, shortened at its end. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}

function drawTile(
  context: CanvasRenderingContext2D,
  tile: PictureTile,
  at: { x: number; y: number; width: number; bodyY: number },
  theme: Theme,
): void {
  const strong = { color: theme.text, font: `600 13px ${theme.font}` };
  const plain = { color: theme.muted, font: `12px ${theme.font}` };
  context.font = strong.font;
  const title = fitted(context, tile.title, at.width / 2);
  let x = write(context, title, at.x + 8, at.y + LINE, strong);
  context.font = plain.font;
  const what = fitted(context, tile.what, Math.max(40, at.x + at.width - x - 20));
  x = write(context, what, x + 8, at.y + LINE, plain);
  if (tile.legend.length > 1) drawLegend(context, tile.legend, x, at, plain);
  if (tile.canvas === null) return;
  const height = (tile.canvas.height / tile.canvas.width) * at.width;
  context.drawImage(tile.canvas, at.x, at.bodyY, at.width, height);
}

/** Draw the picture, as fine as the screen is; null while the Lab has no size. */
export function compose(picture: Picture): HTMLCanvasElement | null {
  const { theme, tiles } = picture;
  const origin = picture.root.getBoundingClientRect();
  const boxes = tiles.map((tile) => tile.element.getBoundingClientRect());
  if (origin.width === 0 || boxes.length === 0) return null;
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left + 2 * PADDING;
  const head = PADDING + LINE + 8;
  const bottom = Math.max(...boxes.map((box) => box.bottom)) - top + head;
  const scale = window.devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round((bottom + LINE + PADDING) * scale);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.scale(scale, scale);
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, width, canvas.height);
  const heading = { color: theme.text, font: `600 15px ${theme.font}` };
  write(context, picture.title, PADDING + 8, PADDING + LINE - 4, heading);
  tiles.forEach((tile, index) => {
    const x = boxes[index].left - left + PADDING;
    const y = boxes[index].top - top + head;
    const bodyY = y + tile.body.getBoundingClientRect().top - boxes[index].top;
    drawTile(context, tile, { x, y, width: boxes[index].width, bodyY }, theme);
  });
  const footing = { color: theme.muted, font: `12px ${theme.font}` };
  write(context, picture.footer, PADDING + 8, bottom + LINE - 2, footing);
  return canvas;
}

/** A canvas as a PNG of at most so many letters, smaller where it has to be; "" where it is none. */
export function smallPng(canvas: HTMLCanvasElement, most = 150_000): string {
  for (const width of [900, 600, 400]) {
    const scale = Math.min(1, width / canvas.width);
    const small = document.createElement("canvas");
    small.width = Math.round(canvas.width * scale);
    small.height = Math.round(canvas.height * scale);
    if (small.width === 0 || small.height === 0) return "";
    small.getContext("2d")?.drawImage(canvas, 0, 0, small.width, small.height);
    const address = small.toDataURL("image/png");
    if (address.length <= most) return address;
  }
  return "";
}

/** Hide the kept picture where the Lab itself is alive beside it. */
export function hideKeptPicture(root: HTMLElement, outputs: CellOutputs): void {
  const area = root.closest(".jp-OutputArea");
  const kept = area?.children.item(outputs.pictureIndex);
  kept?.classList.add("nl-kept-picture");
}

/** Keep a picture in the notebook whenever it is saved. */
export function keepPicture(
  model: WidgetModel,
  modelId: string,
  current: () => Picture | null,
  kept: () => string,
  signal: AbortSignal,
): void {
  const existing = current();
  const outputs = CellOutputs.find(model, modelId);
  if (outputs !== null && existing !== null) hideKeptPicture(existing.root, outputs);
  watchSaving(
    model,
    () => {
      const picture = current();
      const cell = CellOutputs.find(model, modelId);
      if (picture === null || cell === null) return;
      const canvas = compose(picture);
      if (canvas === null) return;
      const png = canvas.toDataURL("image/png").split(",", 2)[1];
      const scale = window.devicePixelRatio;
      const size = [canvas.width, canvas.height].map((n) => Math.round(n / scale));
      const text = kept();
      cell.setPicture(png, size[0], size[1], htmlOf(text, modelId, png, size));
      hideKeptPicture(picture.root, cell);
      leaveStandIn(model, modelId, standInOf(text, modelId));
    },
    signal,
  );
}
