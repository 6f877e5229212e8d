/** What is at a point of the plane. */

import type { Camera } from "./camera";
import { TITLE } from "./arrange";
import { bowOf, middle, type Box, type DrawnWire, type Scene } from "./scene";
import { halves } from "./shapes";

/** Screen pixels around a shape, or a wire, that still count. */
const NEAR_SHAPE = 3;
const NEAR_WIRE = 6;
/** Of more wires none is meant. */
const MOST_WIRES = 5000;

/** The thing at a point: a shape with its label, or the title of an open network. */
export function boxAt(scene: Scene, { scale }: Camera, x: number, y: number): Box | null {
  const near = NEAR_SHAPE / scale;
  for (let i = scene.boxes.length - 1; i >= 0; i--) {
    const box = scene.boxes[i];
    const inside =
      x >= box.x - near &&
      x <= box.x + box.width + near &&
      y >= box.y - near &&
      y <= box.y + box.height + near;
    if (!inside) continue;
    if (box.open) {
      if (y <= box.y + Math.max(TITLE, 14 / scale)) return box;
      continue;
    }
    const [cx, cy] = middle(box);
    const [wide, high] = halves(box.kind);
    const onShape = Math.abs(x - cx) <= wide + near && Math.abs(y - cy) <= high + near;
    if (onShape || y > cy + high) return box;
  }
  return null;
}

export function wireAt(scene: Scene, { scale }: Camera, x: number, y: number): DrawnWire | null {
  if (scene.wires.length > MOST_WIRES) return null;
  let found: DrawnWire | null = null;
  let nearest = NEAR_WIRE / scale;
  for (const wire of scene.wires) {
    const distance =
      wire.from === wire.to ? loopDistance(scene, wire, x, y) : distanceTo(wire, x, y);
    if (distance >= nearest) continue;
    nearest = distance;
    found = wire;
  }
  return found;
}

function loopDistance(scene: Scene, wire: DrawnWire, x: number, y: number): number {
  const box = scene.byObject.get(wire.from);
  if (box === undefined) return Infinity;
  const [cx, cy] = middle(box);
  const high = halves(box.kind)[1];
  return Math.max(0, Math.hypot(x - cx, y - (cy - 1.4 * high)) - 0.7 * high);
}

function distanceTo({ points, paired }: DrawnWire, x: number, y: number): number {
  let least = Infinity;
  const bent = paired && points.length === 4;
  const way = bent ? [...points.slice(0, 2), ...bowOf(points), ...points.slice(2)] : points;
  for (let i = 0; i + 3 < way.length; i += 2) {
    const [x1, y1, x2, y2] = way.slice(i, i + 4);
    const [dx, dy] = [x2 - x1, y2 - y1];
    const part = ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1);
    const on = Math.min(1, Math.max(0, part));
    least = Math.min(least, Math.hypot(x - x1 - on * dx, y - y1 - on * dy));
  }
  return least;
}
