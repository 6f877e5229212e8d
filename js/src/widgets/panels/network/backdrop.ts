/**
 * A picture of a large scene, made in slices and moved as a whole while a hand pans and zooms.
 *
 * To draw thousands of things takes longer than a frame; to copy a picture of them does not.
 */

import type { Camera, Extent, Stage } from "./camera";

/** Drawn beyond the edges of the view, in parts of it, so that a pan finds something there. */
const MARGIN = 0.3;
const SLICE_MS = 7;
/** A hand that rests so long wants to see it as it is. */
const RESTED_MS = 110;
/** Pixels of the longer side of the picture of all. */
const OVERVIEW = 900;

/** `small` is for a picture of all, in which no text could be read. */
type Paint = (stage: Stage, small: boolean) => Generator<void, void>;

interface Picture {
  canvas: HTMLCanvasElement;
  camera: Camera;
  width: number;
  height: number;
  ratio: number;
}

interface Making extends Picture {
  slices: Generator<void, void>;
}

function begin(
  paint: Paint,
  camera: Camera,
  { width, height }: Extent,
  ratio: number,
  small: boolean,
): Making {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  const slices =
    context === null ? nothing() : paint({ canvas: context, camera, width, height }, small);
  context?.scale(ratio, ratio);
  return { canvas, camera, width, height, ratio, slices };
}

function* nothing(): Generator<void, void> {
  yield;
}

export class Backdrop {
  private all: Picture | null = null;
  private ready: Picture | null = null;
  private making: Making | null = null;
  private makingAll = false;
  private moved = 0;
  private last: Camera = { scale: 0, x: 0, y: 0 };

  constructor(private readonly paint: Paint) {}

  /** The scene, or how it looks, has changed. */
  invalidate(keep = false): void {
    if (!keep) this.all = this.ready = null;
    this.making = null;
    this.makingAll = false;
    this.stale = true;
  }

  private stale = true;

  /** A picture of the whole scene, small; null while there is none yet. */
  get overview(): Picture | null {
    return this.all;
  }

  /** Draw what there is, and go on making what there is not; whether it must be called again. */
  draw(stage: Stage, scene: Extent, ratio: number): boolean {
    const { camera } = stage;
    const now = performance.now();
    if (!same(camera, this.last)) {
      this.moved = now;
      this.last = { ...camera };
    }
    this.advance(stage, scene, ratio, now);
    const current = this.ready !== null && this.covers(camera);
    if (this.all !== null && !current) blit(stage, this.all);
    if (this.ready !== null) blit(stage, this.ready);
    return this.making !== null || this.isBehind(camera);
  }

  private isBehind(camera: Camera): boolean {
    return this.all === null || this.stale || this.ready === null || !this.covers(camera);
  }

  private covers(camera: Camera): boolean {
    if (this.ready === null) return false;
    return same(this.inner(this.ready), camera);
  }

  /** The camera that a picture with a margin was made for. */
  private inner({ camera, width, height }: Picture): Camera {
    const share = MARGIN / (1 + 2 * MARGIN);
    return { ...camera, x: camera.x - share * width, y: camera.y - share * height };
  }

  private advance(stage: Stage, scene: Extent, ratio: number, now: number): void {
    if (this.making === null) this.start(stage, scene, ratio, now);
    const { making } = this;
    if (making === null) return;
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) {
      const { done } = making.slices.next();
      // Browsers put drawing off until something is read; all at once it would take too long.
      making.canvas.getContext("2d")?.getImageData(0, 0, 1, 1);
      if (!done) continue;
      if (this.makingAll) this.all = making;
      else {
        this.ready = making;
        this.stale = false;
      }
      this.making = null;
      this.makingAll = false;
      return;
    }
  }

  private start(stage: Stage, scene: Extent, ratio: number, now: number): void {
    if (this.all === null) {
      const scale = Math.min(1, OVERVIEW / Math.max(scene.width, scene.height));
      const size = { width: scene.width * scale, height: scene.height * scale };
      this.making = begin(this.paint, { scale, x: 0, y: 0 }, size, 1, true);
      this.makingAll = true;
    } else if (!this.covers(stage.camera) || this.stale) {
      if (this.ready !== null && !this.stale && now - this.moved < RESTED_MS) return;
      const { width, height, camera } = stage;
      const size = { width: width * (1 + 2 * MARGIN), height: height * (1 + 2 * MARGIN) };
      const shifted = { ...camera, x: camera.x + MARGIN * width, y: camera.y + MARGIN * height };
      this.making = begin(this.paint, shifted, size, ratio, false);
    }
  }
}

function same(a: Camera, b: Camera): boolean {
  const near = (x: number, y: number): boolean => Math.abs(x - y) < 1e-6 * (1 + Math.abs(x));
  return near(a.scale, b.scale) && near(a.x, b.x) && near(a.y, b.y);
}

/** Draw a picture where it belongs, in place of what is there. */
function blit({ canvas, camera }: Stage, picture: Picture): void {
  const by = camera.scale / picture.camera.scale;
  const x = camera.x - picture.camera.x * by;
  const y = camera.y - picture.camera.y * by;
  canvas.clearRect(x, y, picture.width * by, picture.height * by);
  canvas.drawImage(picture.canvas, x, y, picture.width * by, picture.height * by);
}
