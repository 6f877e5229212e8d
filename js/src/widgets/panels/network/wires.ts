/** Draws wires: their way, which end they lead to, of which sign they are, what is on them. */

import type { Theme } from "../../theme";
import { onScreen, type Stage } from "./camera";
import { MARK } from "./graph";
import {
  bendOf,
  bowOf,
  halfway,
  middle,
  SHAPE,
  type Box,
  type DrawnWire,
  type Scene,
} from "./scene";
import { borderPoint } from "./shapes";

const SEGMENTS = 1500;
const HEAD = 8;
/** Marks are left out below this scale. */
const MARKED = 0.6;

export function wireColor({ sign, marks }: DrawnWire, theme: Theme): string {
  if ((marks & MARK.toRule) !== 0) return theme.dimensions[2];
  if (sign < 0) return theme.dark ? "#ff8a5c" : "#c2410c";
  // Lines are many, and quieter than what they connect.
  return theme.dark ? "#a8a8a8" : "#6a6a6a";
}

/** In few steps: what carries more numbers is heavier. */
export function weightOf(size: number): number {
  return size >= 64 ? 3 : size >= 8 ? 2.2 : size >= 2 ? 1.6 : 1.2;
}

/** From afar: straight lines, many in one go. */
export function* paintFarWires(
  stage: Stage,
  wires: DrawnWire[],
  theme: Theme,
): Generator<void, void> {
  const { canvas } = stage;
  const groups = new Map<string, DrawnWire[]>();
  for (const wire of wires) {
    const color = wireColor(wire, theme);
    const group = groups.get(color);
    if (group === undefined) groups.set(color, [wire]);
    else group.push(wire);
  }
  canvas.lineWidth = 0.7;
  for (const [color, group] of groups) {
    for (let start = 0; start < group.length; start += SEGMENTS) {
      canvas.globalAlpha = wires.length > 1000 ? 0.3 : 0.5;
      canvas.strokeStyle = color;
      canvas.beginPath();
      for (const { points } of group.slice(start, start + SEGMENTS)) {
        canvas.moveTo(...onScreen(stage, points[0], points[1]));
        const end = points.length - 2;
        canvas.lineTo(...onScreen(stage, points[end], points[end + 1]));
      }
      canvas.stroke();
      canvas.globalAlpha = 1;
      yield;
    }
  }
}

export function paintWire(
  stage: Stage,
  scene: Scene,
  wire: DrawnWire,
  theme: Theme,
  color = wireColor(wire, theme),
  wider = 0,
): void {
  const [from, to] = [scene.byObject.get(wire.from), scene.byObject.get(wire.to)];
  if (from === undefined || to === undefined) return;
  const { canvas, camera } = stage;
  canvas.strokeStyle = canvas.fillStyle = color;
  canvas.lineWidth = (weightOf(wire.size) + wider) * Math.min(1.3, Math.max(0.6, camera.scale));
  canvas.setLineDash((wire.marks & MARK.toRule) !== 0 ? [5, 4] : []);
  if (wire.from === wire.to) paintLoop(stage, from, wire);
  else paintWay(stage, from, to, wire);
  canvas.setLineDash([]);
  if (camera.scale >= MARKED) paintMarks(stage, from, wire, theme);
}

/** The points of a wire, cut off at the shapes; a bent one has one more. */
function wayOf(from: Box, to: Box, wire: DrawnWire): number[] {
  const points = [...wire.points];
  if (points.length === 4 && wire.paired) {
    points.splice(2, 0, ...bendOf(points));
  }
  const start = borderPoint(from, points[2], points[3], 1);
  points.splice(0, 2, ...start);
  const last = points.length;
  if (!wire.free) points.splice(-2, 2, ...borderPoint(to, points[last - 4], points[last - 3], 2));
  return points;
}

function paintWay(stage: Stage, from: Box, to: Box, wire: DrawnWire): void {
  const { canvas } = stage;
  const way = wayOf(from, to, wire);
  const points: [number, number][] = [];
  for (let i = 0; i < way.length; i += 2) points.push(onScreen(stage, way[i], way[i + 1]));
  const last = points.length - 1;
  canvas.beginPath();
  canvas.moveTo(...points[0]);
  for (let i = 1; i < last; i++) {
    const [x, y] = points[i];
    const next = points[i + 1];
    const end: [number, number] = i === last - 1 ? next : [(x + next[0]) / 2, (y + next[1]) / 2];
    canvas.quadraticCurveTo(x, y, ...end);
  }
  if (last === 1) canvas.lineTo(...points[1]);
  canvas.stroke();
  canvas.setLineDash([]);
  paintEnd(stage, points[last - 1], points[last], wire);
}

/** An arrow, or a dot where it can only inhibit; with a bar before it where there is a synapse. */
function paintEnd(
  { canvas, camera }: Stage,
  [fx, fy]: [number, number],
  [x, y]: [number, number],
  wire: DrawnWire,
): void {
  const size = HEAD * Math.min(1.2, Math.max(0.5, camera.scale));
  const angle = Math.atan2(y - fy, x - fx);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  canvas.beginPath();
  if (wire.sign < 0) {
    canvas.arc(x - (cos * size) / 2, y - (sin * size) / 2, 0.55 * size, 0, 2 * Math.PI);
  } else {
    canvas.moveTo(x, y);
    canvas.lineTo(x - size * cos + 0.42 * size * sin, y - size * sin - 0.42 * size * cos);
    canvas.lineTo(x - size * cos - 0.42 * size * sin, y - size * sin + 0.42 * size * cos);
    canvas.closePath();
  }
  canvas.fill();
  if ((wire.marks & MARK.synapse) === 0 || camera.scale < MARKED) return;
  const [bx, by] = [x - 1.55 * size * cos, y - 1.55 * size * sin];
  canvas.beginPath();
  canvas.moveTo(bx + 0.5 * size * sin, by - 0.5 * size * cos);
  canvas.lineTo(bx - 0.5 * size * sin, by + 0.5 * size * cos);
  canvas.stroke();
}

/** Back to itself, above the shape. */
function paintLoop(stage: Stage, box: Box, wire: DrawnWire): void {
  const { canvas, camera } = stage;
  const [x, y] = onScreen(stage, ...middle(box));
  const scale = camera.scale;
  const radius = 0.33 * SHAPE * scale;
  const top = y - 0.5 * SHAPE * scale;
  canvas.beginPath();
  canvas.arc(x, top - 0.55 * radius, radius, 0.78 * Math.PI, 0.13 * Math.PI);
  canvas.stroke();
  canvas.setLineDash([]);
  const end: [number, number] = [
    x + radius * Math.cos(0.2 * Math.PI),
    top - 0.55 * radius + radius * Math.sin(0.2 * Math.PI),
  ];
  paintEnd(stage, [end[0] + 0.35 * radius, end[1] - radius], end, {
    ...wire,
    marks: wire.marks & ~MARK.synapse,
  });
}

function paintMarks(stage: Stage, from: Box, wire: DrawnWire, theme: Theme): void {
  const { canvas, camera } = stage;
  const loop = wire.from === wire.to;
  const [mx, my] = loop ? middle(from) : bentHalf(wire);
  const [x, y] = onScreen(stage, mx, loop ? my - 1.02 * SHAPE : my);
  const texts = [
    wire.marks & MARK.function ? "ƒ" : "",
    wire.marks & MARK.transform ? "×" : "",
    wire.conns.length > 1 ? String(wire.conns.length) : "",
  ].filter((text) => text !== "");
  const learns = (wire.marks & MARK.learns) !== 0;
  if (texts.length === 0 && !learns) return;
  const size = Math.min(12, 10.5 * camera.scale);
  const step = 0.95 * size;
  let at = x - ((texts.length - 1) * step) / 2;
  canvas.font = `600 ${size}px ${theme.font}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.lineJoin = "round";
  for (const text of texts) {
    canvas.strokeStyle = theme.surface;
    canvas.lineWidth = 4;
    canvas.strokeText(text, at, y);
    canvas.fillStyle = theme.muted;
    canvas.fillText(text, at, y);
    at += step;
  }
  if (learns) paintPencil(canvas, texts.length > 0 ? at + 2 : x, y, size, theme);
}

function bentHalf(wire: DrawnWire): [number, number] {
  return wire.paired && wire.points.length === 4 ? bowOf(wire.points) : halfway(wire);
}

/** What learns is written anew. */
function paintPencil(
  canvas: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  theme: Theme,
): void {
  canvas.beginPath();
  canvas.arc(x, y, 0.85 * size, 0, 2 * Math.PI);
  canvas.fillStyle = theme.dimensions[2];
  canvas.fill();
  canvas.save();
  canvas.translate(x, y);
  canvas.rotate(Math.PI / 4);
  canvas.fillStyle = theme.dark ? "#111111" : "#ffffff";
  const [wide, long] = [0.2 * size, 0.55 * size];
  canvas.beginPath();
  canvas.moveTo(-wide, -long);
  canvas.lineTo(wide, -long);
  canvas.lineTo(wide, 0.25 * long);
  canvas.lineTo(0, long);
  canvas.lineTo(-wide, 0.25 * long);
  canvas.closePath();
  canvas.fill();
  canvas.restore();
}
