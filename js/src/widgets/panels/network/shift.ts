/** Things that are moved by hand. */

import type { Graph } from "./graph";
import { middle, type Box, type Scene } from "./scene";

/** Without what is inside of others. */
export function outermost(graph: Graph, objects: ReadonlySet<number>): number[] {
  return [...objects].filter((at) => !graph.around(at).some((each) => objects.has(each)));
}

/** What moves with a thing: all that is selected with it, without what is inside of others. */
export function movedWith(
  { byObject }: Scene,
  graph: Graph,
  selected: ReadonlySet<number>,
  box: Box,
): Box[] {
  if (!selected.has(box.at)) return [box];
  return outermost(graph, selected).flatMap((at) => byObject.get(at) ?? []);
}

/** Move a thing with all that is in it; its wires follow, straight. */
export function shift(scene: Scene, graph: Graph, box: Box, dx: number, dy: number): void {
  const moved = new Set<number>();
  for (const other of scene.boxes) {
    if (other.at !== box.at && !moved.has(graph.objects.parent[other.at])) continue;
    // Outer ones come before what they hold.
    moved.add(other.at);
    other.x += dx;
    other.y += dy;
  }
  for (const wire of scene.wires) {
    const [from, to] = [moved.has(wire.from), moved.has(wire.to)];
    if (from && to) wire.points = wire.points.map((v, i) => v + (i % 2 === 0 ? dx : dy));
    else if (from || to) {
      const ends = [scene.byObject.get(wire.from), scene.byObject.get(wire.to)];
      wire.points = ends.flatMap((end) => (end === undefined ? [] : middle(end)));
      wire.free = false;
    }
  }
}

/** A way to put things in order. */
export type Order = "row" | "column" | "across" | "down";

/** Between two things in a row. */
const GAP = 24;

/**
 * How far each thing is to go: in a row or a column, about where they are in the mean; or at equal
 * distances between the outermost two. None comes to stand on another.
 */
export function ordered(boxes: Box[], order: Order): [number, number][] {
  const along = order === "row" || order === "across" ? 0 : 1;
  const at = boxes.map((box) => middle(box));
  const wanted = at.map((point): [number, number] => [...point]);
  const mean = (axis: 0 | 1): number => at.reduce((sum, p) => sum + p[axis], 0) / at.length;
  const across = along === 0 ? 1 : 0;
  const ranks = [...at.keys()].sort(
    (i, j) => at[i][along] - at[j][along] || at[i][across] - at[j][across],
  );
  const size = (i: number): number => (along === 0 ? boxes[i].width : boxes[i].height);
  const least = (before: number, i: number): number => (size(before) + size(i)) / 2 + GAP;
  const last = ranks.length - 1;
  if (order === "row" || order === "column") {
    for (const point of wanted) point[across] = mean(across);
    for (let n = 1; n <= last; n++) {
      const [before, i] = [ranks[n - 1], ranks[n]];
      const free = wanted[before][along] + least(before, i);
      wanted[i][along] = Math.max(wanted[i][along], free);
    }
    // Those that made room did so to one side.
    const back = wanted.reduce((sum, p) => sum + p[along], 0) / at.length - mean(along);
    for (const point of wanted) point[along] -= back;
  } else {
    const gaps = ranks.slice(1).map((i, n) => least(ranks[n], i));
    const [first, end] = [at[ranks[0]][along], at[ranks[last]][along]];
    const step = Math.max((end - first) / Math.max(1, last), ...gaps);
    ranks.forEach((i, rank) => (wanted[i][along] = first + step * rank));
  }
  return wanted.map(([x, y], i) => [x - at[i][0], y - at[i][1]]);
}
