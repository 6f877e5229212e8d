/** A rectangle that a hand draws around what it chooses. */

import type { Stage } from "./camera";
import { middle, type Scene } from "./scene";

/** Two opposite corners. */
export type Band = [[number, number], [number, number]];

export function paintBand({ canvas }: Stage, [[x1, y1], [x2, y2]]: Band, color: string): void {
  canvas.strokeStyle = canvas.fillStyle = color;
  canvas.lineWidth = 1;
  canvas.setLineDash([4, 3]);
  canvas.strokeRect(x1, y1, x2 - x1, y2 - y1);
  canvas.setLineDash([]);
  canvas.globalAlpha = 0.1;
  canvas.fillRect(x1, y1, x2 - x1, y2 - y1);
  canvas.globalAlpha = 1;
}

/** Things of which the middle is in a rectangle of the plane; an open network has all of itself there. */
export function inside(scene: Scene, [[x1, y1], [x2, y2]]: Band): number[] {
  const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
  const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)];
  return scene.boxes.flatMap((box) => {
    const [x, y] = middle(box);
    const there = box.open
      ? box.x >= left && box.x + box.width <= right && box.y >= top && box.y + box.height <= bottom
      : x >= left && x <= right && y >= top && y <= bottom;
    return there ? [box.at] : [];
  });
}
