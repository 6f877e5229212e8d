/** What part of the plane is looked at, and how large. */

export interface Camera {
  /** Screen pixels for one of the plane. */
  scale: number;
  /** Where the plane's origin is on the screen. */
  x: number;
  y: number;
}

export interface Extent {
  width: number;
  height: number;
}

export const NEAREST = 4;
/** Not larger than that when all of a small network is shown. */
const LARGEST_FIT = 1.25;
const AROUND = 10;

export function fit(scene: Extent, view: Extent): Camera {
  const room = { width: view.width - 2 * AROUND, height: view.height - 2 * AROUND };
  const scale = Math.min(LARGEST_FIT, room.width / scene.width, room.height / scene.height);
  const good = Number.isFinite(scale) && scale > 0 ? scale : 1;
  return {
    scale: good,
    x: (view.width - scene.width * good) / 2,
    y: (view.height - scene.height * good) / 2,
  };
}

/** Zoom so that what is at a point of the screen stays there. */
export function zoomed(
  camera: Camera,
  factor: number,
  at: { x: number; y: number },
  least: number,
): Camera {
  const scale = Math.min(NEAREST, Math.max(least, camera.scale * factor));
  const by = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * by, y: at.y - (at.y - camera.y) * by };
}

/** What goes from one place of the plane to another stays where it is on the screen. */
export function held(camera: Camera, from: [number, number], to: [number, number]): Camera {
  const { scale, x, y } = camera;
  return { scale, x: x + (from[0] - to[0]) * scale, y: y + (from[1] - to[1]) * scale };
}

/** A point of the screen, or the nearest one that is inside of the view. */
export function inView(
  { x, y }: { x: number; y: number },
  { width, height }: Extent,
  margin: number,
): { x: number; y: number } {
  const within = (value: number, size: number): number =>
    Math.max(margin, Math.min(value, size - margin));
  return { x: within(x, width), y: within(y, height) };
}

/** Have a box in the middle, at a size at which it can be read. */
export function centred(
  camera: Camera,
  box: { x: number; y: number; width: number; height: number },
  view: Extent,
  least: number,
): Camera {
  const scale = Math.max(camera.scale, least);
  return {
    scale,
    x: view.width / 2 - (box.x + box.width / 2) * scale,
    y: view.height / 2 - (box.y + box.height / 2) * scale,
  };
}

export interface Window {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function isIn({ left, top, right, bottom }: Window, [x, y]: [number, number]): boolean {
  return x > left && x < right && y > top && y < bottom;
}

/** The part of the plane that is on the screen, with something around it. */
export function windowOf({ scale, x, y }: Camera, { width, height }: Extent, margin = 0): Window {
  return {
    left: (-margin - x) / scale,
    top: (-margin - y) / scale,
    right: (width + margin - x) / scale,
    bottom: (height + margin - y) / scale,
  };
}

/** Something to draw on, and what part of the plane it shows. */
export interface Stage extends Extent {
  canvas: CanvasRenderingContext2D;
  camera: Camera;
}

export function onScreen({ camera }: Stage, x: number, y: number): [number, number] {
  return [x * camera.scale + camera.x, y * camera.scale + camera.y];
}
