/** Draws a scene on a canvas, in slices, in as much detail as can be seen. */

import type { Theme } from "../../theme";
import { TITLE } from "./arrange";
import { onScreen, windowOf, type Stage } from "./camera";
import type { Graph } from "./graph";
import { middle, SHAPE, shorten, type Box, type Scene } from "./scene";
import { colorOf, halves, shapePath } from "./shapes";
import { paintFarWires, paintWire } from "./wires";

/** What a picture depends on beside scene and camera. */
export interface Look {
  theme: Theme;
  /** Colour of activity of what is watched, by object. */
  wash: (at: number) => string | null;
  /** Whether names are written. */
  text: boolean;
}

/** Shapes smaller than this on the screen are specks, and have no label. */
export const SPECK = 11;
const [SMALLEST_TEXT, USUAL_TEXT, LARGEST_TEXT] = [9.5, 12, 15];
/** Width of a letter in parts of the font's size. */
const LETTER = 0.54;
const SLICE = 400;

/** All of it; stops now and then, so that a large one need not be drawn in one go. */
export function* paintScene(
  stage: Stage,
  graph: Graph,
  scene: Scene,
  look: Look,
): Generator<void, void> {
  const { camera } = stage;
  const seen = windowOf(camera, stage, 30);
  const inside = ({ x, y, width, height }: Box): boolean =>
    x < seen.right && x + width > seen.left && y < seen.bottom && y + height > seen.top;
  const boxes = scene.boxes.filter(inside);
  const far = SHAPE * camera.scale < SPECK;
  for (const box of boxes) if (box.open) paintFrame(stage, box, look.theme);
  yield;
  const wires = scene.wires.filter(({ points }) => crosses(points, seen));
  if (far) yield* paintFarWires(stage, wires, look.theme);
  else {
    let count = 0;
    for (const wire of wires) {
      paintWire(stage, scene, wire, look.theme);
      if (++count % SLICE === 0) yield;
    }
  }
  yield;
  const closed = boxes.filter(({ open }) => !open);
  if (far) yield* paintSpecks(stage, graph, closed, look);
  else {
    let count = 0;
    for (const box of closed) {
      paintShape(stage, graph, box, look);
      if (++count % SLICE === 0) yield;
    }
  }
  if (!look.text) return;
  for (const box of boxes) {
    if (box.open) paintTitle(stage, box, look.theme);
    else if (!far) paintLabel(stage, box, look.theme);
  }
}

function crosses(points: number[], seen: ReturnType<typeof windowOf>): boolean {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  return left < seen.right && right > seen.left && top < seen.bottom && bottom > seen.top;
}

function paintFrame(stage: Stage, box: Box, theme: Theme): void {
  const { canvas, camera } = stage;
  const [x, y] = onScreen(stage, box.x, box.y);
  const [width, height] = [box.width * camera.scale, box.height * camera.scale];
  canvas.beginPath();
  canvas.roundRect(x, y, width, height, Math.min(8, 10 * camera.scale));
  canvas.globalAlpha = theme.dark ? 0.07 : 0.035;
  canvas.fillStyle = theme.text;
  canvas.fill();
  canvas.globalAlpha = 1;
  canvas.strokeStyle = theme.frame;
  canvas.lineWidth = 1;
  canvas.stroke();
}

function textSize(scale: number): number {
  return Math.min(LARGEST_TEXT, Math.max(SMALLEST_TEXT, USUAL_TEXT * scale));
}

/** A text that fits into a width on the screen, "" where it would say nothing. */
export function fitting(text: string, width: number, size: number): string {
  const most = Math.floor(width / (LETTER * size));
  if (text.length <= most) return text;
  return most < 5 ? "" : `${text.slice(0, most - 1)}…`;
}

function paintTitle(stage: Stage, box: Box, theme: Theme): void {
  const { canvas, camera } = stage;
  const size = textSize(camera.scale);
  const room = box.width * camera.scale - 16;
  const text = fitting(`▾ ${box.label}`, room, size);
  if (text === "" || box.height * camera.scale < 30) return;
  const [x, y] = onScreen(stage, box.x, box.y);
  canvas.font = `600 ${size}px ${theme.font}`;
  canvas.textAlign = "left";
  canvas.textBaseline = "top";
  const down = y + Math.max(3, 6 * Math.min(1, camera.scale));
  if (TITLE * camera.scale < size + 4) {
    // Too small for a line of its own: what is below it steps back.
    canvas.globalAlpha = 0.82;
    canvas.fillStyle = theme.surface;
    canvas.fillRect(x + 3, down - 2, canvas.measureText(text).width + 10, size + 4);
    canvas.globalAlpha = 1;
  }
  write(canvas, text, x + 8, down, theme);
}

function paintLabel(stage: Stage, box: Box, theme: Theme): void {
  const { canvas, camera } = stage;
  const size = textSize(camera.scale);
  const whole = camera.scale >= 0.8 ? shorten(box.label) : box.label;
  const text = fitting(whole, (box.width + 18) * camera.scale, size);
  if (text === "") return;
  const [cx, cy] = middle(box);
  const [x, y] = onScreen(stage, cx, cy + halves(box.kind)[1] + 3);
  canvas.font = `${size}px ${theme.font}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "top";
  write(canvas, text, x, y, theme, box.kind === "passthrough" ? theme.muted : theme.text);
}

/** With the ground around it, so that no line crosses it. */
function write(
  canvas: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  theme: Theme,
  color = theme.text,
): void {
  canvas.lineJoin = "round";
  canvas.strokeStyle = theme.surface;
  canvas.lineWidth = 3;
  canvas.strokeText(text, x, y);
  canvas.fillStyle = color;
  canvas.fillText(text, x, y);
}

function isKeras(graph: Graph, at: number): boolean {
  return graph.objects.keras[at] > 0;
}

/** One closed thing. */
export function paintShape(stage: Stage, graph: Graph, box: Box, look: Look): void {
  const { canvas, camera } = stage;
  const { theme } = look;
  const scale = camera.scale;
  const [x, y] = onScreen(stage, ...middle(box));
  const keras = isKeras(graph, box.at);
  const color = colorOf(box.kind, keras, theme);
  canvas.lineWidth = Math.min(2, Math.max(1, 1.6 * scale));
  canvas.strokeStyle = color;
  if (box.kind === "array" || box.kind === "network") {
    for (const behind of [2, 1]) {
      if (box.kind === "network" && behind === 2) continue;
      shapePath(canvas, box.kind, x + 3.5 * behind * scale, y - 3.5 * behind * scale, scale);
      canvas.fillStyle = theme.surface;
      canvas.fill();
      canvas.stroke();
    }
  }
  shapePath(canvas, box.kind, x, y, scale);
  canvas.fillStyle = theme.surface;
  canvas.fill();
  const wash = look.wash(box.at);
  canvas.fillStyle = wash ?? color;
  canvas.globalAlpha = wash === null ? (theme.dark ? 0.26 : 0.14) : 1;
  canvas.fill();
  canvas.globalAlpha = 1;
  canvas.stroke();
  if (scale < 0.45) return;
  paintInside(stage, graph, box, x, y, wash === null ? theme.text : readableOn(wash), theme);
  if (keras) badge(canvas, "K", x + 15 * scale, y - 15 * scale, theme.dimensions[3], theme, scale);
  if (graph.objects.probes[box.at] > 0) paintProbe(canvas, x - 16 * scale, y - 13 * scale, theme);
}

function paintInside(
  { canvas, camera }: Stage,
  graph: Graph,
  box: Box,
  x: number,
  y: number,
  color: string,
  theme: Theme,
): void {
  const count = graph.objects.count[box.at];
  const text =
    box.kind === "array"
      ? `×${count}`
      : box.kind === "network"
        ? `▸ ${count}`
        : box.kind === "node"
          ? "ƒ"
          : "";
  if (text === "") return;
  const size = Math.max(9, 12 * camera.scale);
  canvas.font = `600 ${Math.min(size, 16)}px ${theme.font}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillStyle = color;
  canvas.fillText(text, x, y + 1);
}

function badge(
  canvas: CanvasRenderingContext2D,
  letter: string,
  x: number,
  y: number,
  color: string,
  theme: Theme,
  scale: number,
): void {
  const size = Math.min(8, Math.max(5, 6.5 * scale));
  canvas.beginPath();
  canvas.arc(x, y, size, 0, 2 * Math.PI);
  canvas.fillStyle = color;
  canvas.fill();
  canvas.font = `700 ${1.45 * size}px ${theme.font}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillStyle = theme.dark ? "#111111" : "#ffffff";
  canvas.fillText(letter, x, y + 0.5);
}

/** A probe looks at it: an eye. */
function paintProbe(canvas: CanvasRenderingContext2D, x: number, y: number, theme: Theme): void {
  canvas.beginPath();
  canvas.ellipse(x, y, 5.5, 3.6, 0, 0, 2 * Math.PI);
  canvas.fillStyle = theme.surface;
  canvas.fill();
  canvas.strokeStyle = theme.text;
  canvas.lineWidth = 1;
  canvas.stroke();
  canvas.beginPath();
  canvas.arc(x, y, 1.7, 0, 2 * Math.PI);
  canvas.fillStyle = theme.text;
  canvas.fill();
}

/** Black or white, whichever can be read on a colour "rgb(r, g, b)". */
export function readableOn(color: string): string {
  const [r, g, b] = (color.match(/\d+/g) ?? ["0", "0", "0"]).map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 130 ? "#111111" : "#ffffff";
}

function* paintSpecks(stage: Stage, graph: Graph, boxes: Box[], look: Look): Generator<void, void> {
  const { canvas, camera } = stage;
  const groups = new Map<string, Box[]>();
  for (const box of boxes) {
    const color = look.wash(box.at) ?? colorOf(box.kind, isKeras(graph, box.at), look.theme);
    const group = groups.get(color);
    if (group === undefined) groups.set(color, [box]);
    else group.push(box);
  }
  for (const [color, group] of groups) {
    canvas.fillStyle = color;
    for (let start = 0; start < group.length; start += 10 * SLICE) {
      for (const box of group.slice(start, start + 10 * SLICE)) {
        const [x, y] = onScreen(stage, ...middle(box));
        const [wide, high] = halves(box.kind).map((half) => Math.max(1, 2 * half * camera.scale));
        canvas.fillRect(x - wide / 2, y - high / 2, wide, high);
      }
      yield;
    }
  }
}

/** A ring around something. */
export function paintRing(stage: Stage, box: Box, color: string, width: number): void {
  const { canvas, camera } = stage;
  const { scale } = camera;
  canvas.lineWidth = width;
  canvas.strokeStyle = color;
  if (box.open) {
    const [x, y] = onScreen(stage, box.x, box.y);
    canvas.beginPath();
    canvas.roundRect(x, y, box.width * scale, box.height * scale, 8);
    canvas.stroke();
    return;
  }
  const [x, y] = onScreen(stage, ...middle(box));
  const larger = scale + 4 / SHAPE + (8 * (1 - Math.min(1, scale))) / SHAPE;
  shapePath(canvas, box.kind, x, y, larger);
  canvas.stroke();
}

/** Say at its upper right how many of its neurons are picked. */
export function paintBadge(
  stage: Stage,
  box: Box,
  count: number,
  color: string,
  theme: Theme,
): void {
  const { canvas, camera } = stage;
  const text = count > 999 ? "999+" : String(count);
  const half = (SHAPE * camera.scale) / 2;
  const [x, y] = box.open
    ? onScreen(stage, box.x + box.width, box.y)
    : onScreen(stage, ...middle(box)).map((v, i) => v + (i === 0 ? 0.7 : -0.7) * half);
  canvas.font = `600 10px ${theme.font}`;
  const wide = Math.max(15, canvas.measureText(text).width + 8);
  canvas.beginPath();
  canvas.roundRect(x - wide / 2, y - 7.5, wide, 15, 7.5);
  canvas.fillStyle = color;
  canvas.fill();
  canvas.strokeStyle = theme.surface;
  canvas.lineWidth = 1.5;
  canvas.stroke();
  canvas.fillStyle = theme.surface;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillText(text, x, y + 0.5);
}
