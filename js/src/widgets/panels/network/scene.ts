/** What is drawn, where: boxes and wires in the plane of the network, in CSS pixels at 100 %. */

import { PADDING, TITLE, type Arranged, type Child, type Level, type Request } from "./arrange";
import { ROOT, type Graph, type Kind } from "./graph";
import type { Visible, Wire } from "./visible";

export interface Box {
  at: number;
  kind: Kind;
  open: boolean;
  /** How many open networks it is in. */
  depth: number;
  label: string;
  /** Upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DrawnWire extends Wire {
  /** From the middle of one shape to that of the other, x and y in turn. */
  points: number[];
  /** Whether another one leads the opposite way, so that both are to be bent. */
  paired: boolean;
  /** Whether it ends on another wire. */
  free: boolean;
}

export interface Scene {
  /** Open networks before what they hold. */
  boxes: Box[];
  byObject: Map<number, Box>;
  wires: DrawnWire[];
  /** Of each open network, where hand-placed things in it are counted from. */
  origins: Map<number, [number, number]>;
  width: number;
  height: number;
}

/** The shape itself, which has its label below it. */
export const SHAPE = 38;
const LABEL = 18;
const LETTER = 6.4;
const [NARROWEST, WIDEST] = [50, 132];
/** The smallest shape, of what only passes on. */
export const DOT = 12;

export function shorten(label: string): string {
  const most = Math.floor((WIDEST - 6) / LETTER);
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`;
}

function sizeOf(graph: Graph, at: number): [number, number] {
  const width = LETTER * shorten(graph.objects.label[at]).length + 8;
  const kind = graph.kind(at);
  const least = kind === "network" ? 84 : kind === "passthrough" ? 34 : NARROWEST;
  const shape = kind === "passthrough" ? DOT + 6 : SHAPE;
  return [Math.min(WIDEST, Math.max(least, width)), shape + LABEL];
}

/** Middle of the shape in a box that is closed. */
export function middle(box: Box): [number, number] {
  return [box.x + box.width / 2, box.y + (box.height - (box.open ? 0 : LABEL)) / 2];
}

/** Where the middle of something is in the network that it is in, as places are kept. */
export function placeOf(scene: Scene, { objects }: Graph, box: Box): [number, number] {
  const [x, y] = scene.origins.get(objects.parent[box.at]) ?? [0, 0];
  const tenth = (value: number): number => Math.round(10 * value) / 10;
  return [tenth(box.x + box.width / 2 - x), tenth(box.y + box.height / 2 - y)];
}

/** What the layout is asked for. */
export function requestOf(
  graph: Graph,
  visible: Visible,
  placed: Record<string, [number, number]>,
  view: [number, number],
): Request {
  const open = new Set(visible.open);
  const shown = new Set(visible.things);
  const place = new Map<number, number>();
  const levels = new Map<number, Level>();
  const levelOf = (at: number): Level => {
    const level: Level = { at, children: [], wires: [] };
    levels.set(at, level);
    for (const child of graph.children[at]) {
      if (!open.has(child) && !shown.has(child)) continue;
      place.set(child, level.children.length);
      const [width, height] = sizeOf(graph, child);
      const entry: Child = { at: child, width, height };
      const by = placed[graph.name(child)];
      if (by !== undefined) entry.placed = by;
      level.children.push(entry);
      if (open.has(child)) entry.level = levelOf(child);
    }
    return level;
  };
  const level = levelOf(ROOT);
  for (const wire of visible.wires) addWire(graph, levels, place, wire);
  return { level, view };
}

/** A wire runs through all levels up to the one that holds both ends. */
function addWire(
  graph: Graph,
  levels: Map<number, Level>,
  place: Map<number, number>,
  { from, to }: Wire,
): void {
  const { parent } = graph.objects;
  const above = new Set([...graph.around(to), ROOT]);
  let start = from;
  while (!above.has(parent[start])) {
    levels.get(parent[start])?.wires.push([place.get(start) ?? 0, -1]);
    start = parent[start];
  }
  const home = parent[start];
  let end = to;
  while (parent[end] !== home) {
    levels.get(parent[end])?.wires.push([-1, place.get(end) ?? 0]);
    end = parent[end];
  }
  levels.get(home)?.wires.push([place.get(start) ?? 0, place.get(end) ?? 0]);
}

/** Put the levels into one plane. */
export function sceneOf(
  graph: Graph,
  visible: Visible,
  { level }: Request,
  arranged: Arranged,
): Scene {
  const boxes: Box[] = [];
  const byObject = new Map<number, Box>();
  const routes = new Map<string, number[]>();
  const origins = new Map<number, [number, number]>();
  const put = (here: Level, done: Arranged, x: number, y: number, depth: number): void => {
    origins.set(here.at, [x + done.origin[0], y + done.origin[1]]);
    here.children.forEach((child, index) => {
      const inner = child.level === undefined ? undefined : done.inner[child.at];
      const width =
        inner === undefined ? child.width : Math.max(child.width, inner.width + 2 * PADDING);
      const height = inner === undefined ? child.height : inner.height + 2 * PADDING + TITLE;
      const box: Box = {
        at: child.at,
        kind: graph.kind(child.at),
        open: inner !== undefined,
        depth,
        label: graph.objects.label[child.at],
        x: x + done.x[index] - width / 2,
        y: y + done.y[index] - height / 2,
        width,
        height,
      };
      boxes.push(box);
      byObject.set(child.at, box);
      if (inner !== undefined && child.level !== undefined) {
        put(child.level, inner, box.x + PADDING, box.y + PADDING + TITLE, depth + 1);
      }
    });
    for (const [key, points] of Object.entries(done.routes)) {
      if (points.length === 0) continue;
      // What is outside of a level goes by the level itself.
      const [from, to] = key
        .split(" ")
        .map((each) => (each === "-1" ? here.at : here.children[Number(each)].at));
      // Shapes have their labels below them, so wires run a little higher.
      const moved = points.map((value, i) => value + (i % 2 === 0 ? x : y - LABEL / 2));
      routes.set(`${from} ${to}`, moved);
    }
  };
  put(level, arranged, PADDING, PADDING, 0);
  const wires = wiresIn(graph, visible, byObject, routes);
  const [width, height] = [arranged.width + 2 * PADDING, arranged.height + 2 * PADDING];
  return { boxes, byObject, wires, origins, width, height };
}

function wiresIn(
  graph: Graph,
  visible: Visible,
  byObject: Map<number, Box>,
  routes: Map<string, number[]>,
): DrawnWire[] {
  const ways = new Set(visible.wires.map(({ from, to }) => from * graph.size + to));
  const byConnection = new Map<number, DrawnWire>();
  const wires: DrawnWire[] = [];
  for (const wire of visible.wires) {
    const points = pointsOf(graph, byObject, routes, wire);
    if (points === null) continue;
    const paired = wire.from !== wire.to && ways.has(wire.to * graph.size + wire.from);
    const drawn = { ...wire, points, paired, free: false };
    wires.push(drawn);
    for (const conn of wire.conns) byConnection.set(conn, drawn);
  }
  for (const wire of wires) {
    const learned = wire.onto < 0 ? undefined : byConnection.get(wire.onto);
    if (learned === undefined || learned === wire || learned.from === learned.to) continue;
    wire.points.splice(-2, 2, ...halfway(learned));
    wire.free = true;
  }
  return wires;
}

/** The point of a wire that is in the middle of those that it was led by, on the curve itself. */
export function halfway({ points }: Pick<DrawnWire, "points">): [number, number] {
  const count = points.length / 2;
  const at = (i: number): [number, number] => [points[2 * i], points[2 * i + 1]];
  const between = (a: [number, number], b: [number, number]): [number, number] => [
    (a[0] + b[0]) / 2,
    (a[1] + b[1]) / 2,
  ];
  const half = Math.floor(count / 2);
  if (count % 2 === 0) return between(at(half - 1), at(half));
  // A curve is drawn to the middle between two points, with each as what it bends to.
  const from = half === 1 ? at(0) : between(at(half - 1), at(half));
  const to = half === count - 2 ? at(count - 1) : between(at(half), at(half + 1));
  return between(between(from, at(half)), between(at(half), to));
}

function pointsOf(
  graph: Graph,
  boxes: Map<number, Box>,
  routes: Map<string, number[]>,
  { from, to }: Wire,
): number[] | null {
  const [first, last] = [boxes.get(from), boxes.get(to)];
  if (first === undefined || last === undefined) return null;
  if (routes.size === 0 || from === to) return [...middle(first), ...middle(last)];
  const { parent } = graph.objects;
  const [start, end] = siblings(graph, from, to);
  const between = [...(routes.get(`${start} ${end}`) ?? [])];
  // Out of the networks that the one is in, and into those of the other, past what stands there.
  for (let at = start; at !== from;) {
    at = childToward(graph, at, from);
    between.unshift(...(routes.get(`${at} ${parent[at]}`) ?? []));
  }
  for (let at = end; at !== to;) {
    at = childToward(graph, at, to);
    between.push(...(routes.get(`${parent[at]} ${at}`) ?? []));
  }
  return [...middle(first), ...between, ...middle(last)];
}

/** What a network holds that is, or holds, an object. */
function childToward(graph: Graph, network: number, at: number): number {
  let child = at;
  while (graph.objects.parent[child] !== network) child = graph.objects.parent[child];
  return child;
}

/** What of two things stands in the same level: they themselves, or the networks they are in. */
function siblings(graph: Graph, from: number, to: number): [number, number] {
  const { parent } = graph.objects;
  const above = new Set([...graph.around(to), ROOT]);
  let start = from;
  while (!above.has(parent[start])) start = parent[start];
  let end = to;
  while (parent[end] !== parent[start]) end = parent[end];
  return [start, end];
}

/** The control point of a wire that is bent aside of one that leads the other way. */
export function bendOf([x1, y1, x2, y2]: number[]): [number, number] {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const aside = Math.min(26, 0.16 * length);
  return [
    (x1 + x2) / 2 - ((y2 - y1) / length) * aside,
    (y1 + y2) / 2 + ((x2 - x1) / length) * aside,
  ];
}

/** The middle of the bow: half of the way to the control point. */
export function bowOf(points: number[]): [number, number] {
  const [x, y] = bendOf(points);
  return [x / 2 + (points[0] + points[2]) / 4, y / 2 + (points[1] + points[3]) / 4];
}
