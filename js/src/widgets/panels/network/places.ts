/** Places in the plane of a network, as the kernel keeps them: where it puts copies. */

import type { Scene } from "./scene";

/** The middle (x, y), the width and the height. */
export type ViewBox = [number, number, number, number];

/** Things where they stand in a network; null is what is not shown. */
export function boxesIn(
  scene: Scene,
  objects: readonly number[],
  network: number,
): (ViewBox | null)[] {
  const [left, top] = scene.origins.get(network) ?? [0, 0];
  return objects.map((at) => {
    const box = scene.byObject.get(at);
    if (box === undefined) return null;
    const { x, y, width, height } = box;
    return [x + width / 2 - left, y + height / 2 - top, width, height];
  });
}

/** The middle of all of them. */
export function middleOf(boxes: readonly (ViewBox | null)[]): [number, number] | null {
  const shown = boxes.filter((box) => box !== null);
  if (shown.length === 0) return null;
  const along = (at: 0 | 1, size: 2 | 3): number => {
    const low = Math.min(...shown.map((box) => box[at] - box[size] / 2));
    const high = Math.max(...shown.map((box) => box[at] + box[size] / 2));
    return (low + high) / 2;
  };
  return [along(0, 2), along(1, 3)];
}

/** A point of the plane as a network that is open has it; null where it is in none, or in another. */
export function pointIn(
  scene: Scene,
  network: number,
  [x, y]: [number, number],
): [number, number] | null {
  // Those that hold others come before them.
  const around = scene.boxes.filter(
    (box) => box.open && x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height,
  );
  const innermost = around.at(-1)?.at ?? 0;
  const origin = scene.origins.get(network);
  return innermost !== network || origin === undefined ? null : [x - origin[0], y - origin[1]];
}
