/**
 * Where things go: level by level, from the inside out, each laid out by a library or packed.
 *
 * It knows nothing of the page, so that it can run in a worker.
 */

import { graphlib, layout as dagre } from "@dagrejs/dagre";

/** One thing of a level; one that is open has a level of its own, and no size before. */
export interface Child {
  at: number;
  width: number;
  height: number;
  /** Where a hand has put its middle, from the level's origin. */
  placed?: [number, number];
  level?: Level;
}

/** What an open network holds, and the wires inside: places among the children, -1 is outside. */
export interface Level {
  at: number;
  children: Child[];
  wires: [number, number][];
}

/** Where the children of a level have their middles, from its upper left corner. */
export interface Arranged {
  at: number;
  width: number;
  height: number;
  /** From the corner to where hand-placed things are counted from. */
  origin: [number, number];
  x: number[];
  y: number[];
  /** Points between the ends of wires, by "from to" as in `Level.wires`. */
  routes: Record<string, number[]>;
  inner: Record<number, Arranged>;
}

export interface Request {
  level: Level;
  /** Width and height of the view, which the outermost level is to fit. */
  view: [number, number];
}

/** Around what an open network holds, and above it for its title. */
export const PADDING = 18;
export const TITLE = 24;
const BETWEEN = 20;
const RANKS = 38;
/** A layered layout of more than this takes too long. */
const MOST_IN_LEVEL = 120;
const MOST_IN_ALL = 500;
const MOST_WIRES = 500;
/** How much less a person likes it that way round, and packed, at the same size. */
const DOWN = 0.8;
const PACKED = 0.62;
/** At this part of its full size all can still be read. */
const READABLE = 0.8;

interface Size {
  width: number;
  height: number;
}

interface Plan extends Size {
  x: number[];
  y: number[];
  routes: Record<string, number[]>;
}

export function arrange({ level, view }: Request): Arranged {
  return arrangeLevel(level, view, count(level) <= MOST_IN_ALL);
}

function count({ children }: Level): number {
  const own = children.length > MOST_IN_LEVEL ? 0 : children.length;
  return children.reduce((sum, { level }) => sum + (level === undefined ? 0 : count(level)), own);
}

function arrangeLevel(level: Level, view: [number, number], layered: boolean): Arranged {
  const inner: Record<number, Arranged> = {};
  const sizes = level.children.map((child): [number, number] => {
    if (child.level === undefined) return [child.width, child.height];
    const done = (inner[child.at] = arrangeLevel(child.level, view, layered));
    return [Math.max(child.width, done.width + 2 * PADDING), done.height + 2 * PADDING + TITLE];
  });
  const plan = best(level, sizes, view, layered);
  return { at: level.at, ...fitted(level, sizes, plan), inner };
}

function best(
  level: Level,
  sizes: [number, number][],
  view: [number, number],
  layered: boolean,
): Plan {
  const few = sizes.length <= MOST_IN_LEVEL && level.wires.length <= MOST_WIRES;
  if (!layered || !few) return packed(level, sizes, view);
  const score = ({ width, height }: Size, liked: number): number =>
    liked * Math.min(READABLE, view[0] / width, view[1] / height);
  const along = layers(level, sizes, "LR");
  let found = along;
  let highest = score(along, 1);
  if (highest >= READABLE) return along;
  const consider = (plan: Plan, liked: number): void => {
    if (score(plan, liked) <= highest) return;
    highest = score(plan, liked);
    found = plan;
  };
  consider(packed(level, sizes, view), PACKED);
  // The other way round it has the same ranks, and takes as long again.
  if (score(leastDown(along, sizes), DOWN) > highest) consider(layers(level, sizes, "TB"), DOWN);
  return found;
}

/** How large what is laid out in ranks along x is at least with these ranks along y. */
function leastDown({ x }: Plan, sizes: [number, number][]): Size {
  const ranks = new Map<number, { width: number; height: number }>();
  x.forEach((middle, at) => {
    const [width, height] = sizes[at];
    const rank = Math.round(middle);
    const { width: wide, height: high } = ranks.get(rank) ?? { width: -BETWEEN, height: 0 };
    ranks.set(rank, { width: wide + BETWEEN + width, height: Math.max(high, height) });
  });
  const all = [...ranks.values()];
  const between = RANKS * (all.length - 1);
  return {
    width: all.reduce((most, { width }) => Math.max(most, width), 0),
    height: all.reduce((sum, { height }) => sum + height, between),
  };
}

/** In ranks along the wires, by dagre; what comes from outside first, what leaves last. */
function layers(level: Level, sizes: [number, number][], rankdir: "LR" | "TB"): Plan {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir, nodesep: BETWEEN, ranksep: RANKS, edgesep: 14 });
  graph.setDefaultEdgeLabel(() => ({}));
  sizes.forEach(([width, height], at) => void graph.setNode(String(at), { width, height }));
  for (const [from, to] of level.wires) {
    if (from === to) continue;
    if (from < 0 && !graph.hasNode("in")) graph.setNode("in", { width: 1, height: 1 });
    if (to < 0 && !graph.hasNode("out")) graph.setNode("out", { width: 1, height: 1 });
    graph.setEdge(from < 0 ? "in" : String(from), to < 0 ? "out" : String(to));
  }
  dagre(graph as unknown as Parameters<typeof dagre>[0]);
  const places = sizes.map((_, at) => graph.node(String(at)) as { x: number; y: number });
  const routes: Record<string, number[]> = {};
  for (const edge of graph.edges()) {
    const { points } = graph.edge(edge) as { points?: { x: number; y: number }[] };
    // The first and the last lie on the borders of the things themselves.
    const [from, to] = [edge.v === "in" ? "-1" : edge.v, edge.w === "out" ? "-1" : edge.w];
    routes[`${from} ${to}`] = (points ?? []).slice(1, -1).flatMap(({ x, y }) => [x, y]);
  }
  return { ...bounded(places, sizes, routes), routes };
}

function bounded(
  places: { x: number; y: number }[],
  sizes: [number, number][],
  routes: Record<string, number[]>,
): Omit<Plan, "routes"> {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  places.forEach(({ x, y }, at) => {
    const [width, height] = sizes[at];
    left = Math.min(left, x - width / 2);
    right = Math.max(right, x + width / 2);
    top = Math.min(top, y - height / 2);
    bottom = Math.max(bottom, y + height / 2);
  });
  if (places.length === 0) [left, top, right, bottom] = [0, 0, 40, 20];
  for (const points of Object.values(routes)) {
    for (let i = 0; i < points.length; i += 2) {
      points[i] -= left;
      points[i + 1] -= top;
    }
  }
  return {
    x: places.map(({ x }) => x - left),
    y: places.map(({ y }) => y - top),
    width: right - left,
    height: bottom - top,
  };
}

/** In rows, as they follow each other along the wires, in the shape of the view. */
function packed(level: Level, sizes: [number, number][], view: [number, number]): Plan {
  const order = sequence(sizes.length, level.wires);
  const area = sizes.reduce(
    (sum, [width, height]) => sum + (width + BETWEEN) * (height + BETWEEN),
    0,
  );
  const widest = sizes.reduce((most, [width]) => Math.max(most, width), 0);
  const across = Math.max(widest, Math.sqrt((area * view[0]) / view[1]) * 1.04);
  const x = new Array<number>(sizes.length).fill(0);
  const y = new Array<number>(sizes.length).fill(0);
  let [left, top, high, wide] = [0, 0, 0, 0];
  for (const at of order) {
    const [width, height] = sizes[at];
    if (left > 0 && left + width > across) {
      top += high + BETWEEN;
      [left, high] = [0, 0];
    }
    x[at] = left + width / 2;
    y[at] = top + height / 2;
    left += width + BETWEEN;
    high = Math.max(high, height);
    wide = Math.max(wide, left - BETWEEN);
  }
  return { x, y, width: wide, height: top + high, routes: {} };
}

/** An order in which most wires lead on: what waits for the fewest others is next. */
function sequence(size: number, wires: [number, number][]): number[] {
  const next: number[][] = Array.from({ length: size }, () => []);
  const waits = new Array<number>(size).fill(0);
  for (const [from, to] of wires) {
    if (from < 0 || to < 0 || from === to) continue;
    next[from].push(to);
    waits[to] += 1;
  }
  const done = new Array<boolean>(size).fill(false);
  const ready = waits.flatMap((count, at) => (count === 0 ? [at] : []));
  const order: number[] = [];
  let unseen = 0;
  while (order.length < size) {
    // In a circle nothing is ready: it is entered where it begins in the network.
    const at = ready.shift() ?? unseen++;
    if (done[at]) continue;
    done[at] = true;
    order.push(at);
    for (const other of next[at]) if (--waits[other] === 0) ready.push(other);
  }
  return order;
}

/** Put what was put in place by hand there, and say how large it has become. */
function fitted(
  level: Level,
  sizes: [number, number][],
  { x, y, width, height, routes }: Plan,
): Omit<Arranged, "at" | "inner"> {
  const moved = new Set<number>();
  level.children.forEach(({ placed }, at) => {
    if (placed === undefined) return;
    [x[at], y[at]] = placed;
    moved.add(at);
  });
  if (moved.size === 0) return { width, height, origin: [0, 0], x, y, routes };
  const kept = Object.entries(routes).filter(
    ([key]) => !key.split(" ").some((end) => moved.has(Number(end))),
  );
  const places = x.map((each, at) => ({ x: each, y: y[at] }));
  const left = Math.min(...places.map((place, at) => place.x - sizes[at][0] / 2));
  const top = Math.min(...places.map((place, at) => place.y - sizes[at][1] / 2));
  const rest = Object.fromEntries(kept);
  const bounds = bounded(places, sizes, rest);
  return { ...bounds, origin: [-left, -top], routes: rest };
}
