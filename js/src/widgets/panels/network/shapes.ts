/** The shapes of objects, as paths on a canvas, and where wires meet them. */

import type { Theme } from "../../theme";
import type { Kind } from "./graph";
import { DOT, middle, SHAPE, type Box } from "./scene";

/** A closed network is wider than the other shapes. */
export const WIDE = 72;

export function colorOf(kind: Kind, keras: boolean, theme: Theme): string {
  if (keras || kind === "tensornode") return theme.dimensions[3];
  if (kind === "ensemble" || kind === "array") return theme.dimensions[0];
  if (kind === "input") return theme.dimensions[1];
  return theme.muted;
}

/** Half the width and height of a shape at 100 %. */
export function halves(kind: Kind): [number, number] {
  if (kind === "passthrough") return [DOT / 2, DOT / 2];
  if (kind === "network") return [WIDE / 2, SHAPE / 2];
  return [SHAPE / 2, SHAPE / 2];
}

/** Begin the path of a shape around a point, so many times as large. */
export function shapePath(
  canvas: CanvasRenderingContext2D,
  kind: Kind,
  x: number,
  y: number,
  scale: number,
): void {
  const [wide, high] = halves(kind).map((half) => half * scale);
  canvas.beginPath();
  if (kind === "ensemble" || kind === "array" || kind === "passthrough") {
    canvas.arc(x, y, high, 0, 2 * Math.PI);
  } else if (kind === "input") {
    // It points to where it leads.
    canvas.moveTo(x - wide, y - 0.72 * high);
    canvas.lineTo(x + 0.35 * wide, y - 0.72 * high);
    canvas.lineTo(x + wide, y);
    canvas.lineTo(x + 0.35 * wide, y + 0.72 * high);
    canvas.lineTo(x - wide, y + 0.72 * high);
    canvas.closePath();
  } else if (kind === "network") {
    canvas.roundRect(x - wide, y - high, 2 * wide, 2 * high, 6 * scale);
  } else {
    canvas.rect(x - 0.86 * wide, y - 0.86 * high, 1.72 * wide, 1.72 * high);
  }
}

/** Where a wire that comes from a point meets the border of a box's shape. */
export function borderPoint(box: Box, x: number, y: number, gap: number): [number, number] {
  const [cx, cy] = middle(box);
  const [dx, dy] = [x - cx, y - cy];
  const length = Math.hypot(dx, dy);
  if (length < 1e-6) return [cx, cy];
  const [wide, high] = box.open ? [box.width / 2, box.height / 2] : halves(box.kind);
  const angular = box.open || box.kind === "network";
  const reach = angular
    ? Math.min(wide / Math.abs(dx || 1e-9), high / Math.abs(dy || 1e-9)) * length
    : high;
  const part = Math.min(1, (reach + gap) / length);
  return [cx + dx * part, cy + dy * part];
}
