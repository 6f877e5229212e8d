/** A small picture of all, with what of it is on the screen; there while that is not all of it. */

import type { Theme } from "../../theme";
import { fit, windowOf, type Camera, type Extent, type Stage } from "./camera";
import { middle, type Scene } from "./scene";

const [WIDTH, HEIGHT, MARGIN] = [124, 88, 8];
/** It comes when things are so many times as large as they are when all is shown. */
const COMES = 1.25;

interface Picture {
  canvas: HTMLCanvasElement;
}

export class Minimap {
  private place: { x: number; y: number; scale: number; scene: Scene } | null = null;

  draw(stage: Stage, scene: Scene, overview: Picture | null, theme: Theme): void {
    const all = fit(scene, stage);
    const away = this.isAway(stage, scene);
    this.place = null;
    if ((stage.camera.scale < COMES * all.scale && !away) || stage.width < 3 * WIDTH) return;
    const { canvas, height } = stage;
    const scale = Math.min(WIDTH / scene.width, HEIGHT / scene.height);
    const [wide, high] = [scene.width * scale, scene.height * scale];
    const [x, y] = [MARGIN, height - MARGIN - high];
    this.place = { x, y, scale, scene };
    canvas.fillStyle = theme.surface;
    canvas.fillRect(x - 3, y - 3, wide + 6, high + 6);
    canvas.strokeStyle = theme.frame;
    canvas.lineWidth = 1;
    canvas.strokeRect(x - 2.5, y - 2.5, wide + 5, high + 5);
    if (overview !== null) canvas.drawImage(overview.canvas, x, y, wide, high);
    else this.specks(canvas, scene, x, y, scale, theme);
    const seen = windowOf(stage.camera, stage);
    const [left, top] = [Math.max(0, seen.left) * scale, Math.max(0, seen.top) * scale];
    const right = Math.min(scene.width, seen.right) * scale;
    const bottom = Math.min(scene.height, seen.bottom) * scale;
    canvas.strokeStyle = theme.text;
    canvas.lineWidth = 1.5;
    canvas.strokeRect(x + left, y + top, Math.max(2, right - left), Math.max(2, bottom - top));
  }

  private isAway({ camera, width, height }: Stage, scene: Scene): boolean {
    const seen = windowOf(camera, { width, height });
    return (
      seen.left > 0.5 * scene.width ||
      seen.top > 0.5 * scene.height ||
      seen.right < 0.5 * scene.width ||
      seen.bottom < 0.5 * scene.height
    );
  }

  private specks(
    canvas: CanvasRenderingContext2D,
    scene: Scene,
    x: number,
    y: number,
    scale: number,
    theme: Theme,
  ): void {
    canvas.fillStyle = canvas.strokeStyle = theme.muted;
    for (const box of scene.boxes) {
      if (box.open) {
        canvas.globalAlpha = 0.5;
        canvas.strokeRect(
          x + box.x * scale,
          y + box.y * scale,
          box.width * scale,
          box.height * scale,
        );
        canvas.globalAlpha = 1;
        continue;
      }
      const [cx, cy] = middle(box);
      canvas.fillRect(x + cx * scale - 1.5, y + cy * scale - 1.5, 3, 3);
    }
  }

  /** The camera that a press on the map asks for; null beside it. */
  cameraAt(x: number, y: number, camera: Camera, view: Extent, held = false): Camera | null {
    if (this.place === null) return null;
    const { place } = this;
    const [px, py] = [(x - place.x) / place.scale, (y - place.y) / place.scale];
    const inside = px >= 0 && py >= 0 && px <= place.scene.width && py <= place.scene.height;
    if (!inside && !held) return null;
    const { scale } = camera;
    return { scale, x: view.width / 2 - px * scale, y: view.height / 2 - py * scale };
  }
}
