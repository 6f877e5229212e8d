/** Sliders and pads beside the Nodes of the picture that have no input. */

import { make } from "../../dom";
import type { InputLayout } from "../../messages";
import { Pad } from "../../pad";
import { rangeInput } from "../../sliders";
import type { Graph } from "./graph";
import { bowOf, type Box, type Scene } from "./scene";

export interface DriversHost {
  inputs: () => InputLayout[];
  drive: (node: string, dim: number, value: number) => void;
  driveAll: (node: string, values: number[], gesture: string) => void;
}

/** More would be in each other's way. */
const MOST = 24;
/** Seen from further away they are too close to the shapes. */
const LEAST_SCALE = 0.6;
const SLIDER = { width: 64, height: 14 };
const PAD = { width: 40, height: 40 };
const GAP = 3;

interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

interface Camera {
  scale: number;
  x: number;
  y: number;
}

function meet(a: Rect, b: Rect): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

/** A stretch of a wire, from a point to another. */
type Stretch = [number, number, number, number];

/** Whether a stretch comes into a rectangle: what is left of it, cut at all four sides. */
export function comesInto([x1, y1, x2, y2]: Stretch, rect: Rect): boolean {
  let [from, to] = [0, 1];
  const sides = [
    [x2 - x1, rect.left - x1, rect.left + rect.width - x1],
    [y2 - y1, rect.top - y1, rect.top + rect.height - y1],
  ];
  for (const [along, low, high] of sides) {
    if (along === 0) {
      if (low > 0 || high < 0) return false;
      continue;
    }
    const [a, b] = [low / along, high / along];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  return from <= to;
}

/**
 * Where beside a shape there is room that nothing else takes; null where there is none. Not on a
 * wire, unless there is no other place.
 */
export function roomBeside(
  shape: Rect,
  size: { width: number; height: number },
  taken: Rect[],
  view: { width: number; height: number },
  wires: Stretch[] = [],
): Rect | null {
  const { width, height } = size;
  const across = shape.left + (shape.width - width) / 2;
  const along = shape.top + (shape.height - height) / 2;
  const [above, below] = [shape.top - height - GAP, shape.top + shape.height + GAP];
  const [before, behind] = [shape.left - width - GAP, shape.left + shape.width + GAP];
  const places = [
    [across, below],
    [before, along],
    [across, above],
    [before, below],
    [before, above],
    [behind, below],
    [behind, above],
  ];
  let onWire: Rect | null = null;
  for (const [left, top] of places) {
    const rect = { left, top, width, height };
    const inside =
      left >= 0 && top >= 0 && left + width <= view.width && top + height <= view.height;
    if (!inside || taken.some((other) => meet(rect, other))) continue;
    if (!wires.some((stretch) => comesInto(stretch, rect))) return rect;
    onWire ??= rect;
  }
  return onWire;
}

interface Driver {
  element: HTMLElement;
  size: { width: number; height: number };
  show: (input: InputLayout) => void;
}

export class Drivers {
  readonly element = make("div", "nl-network-drivers");
  private drivers = new Map<string, Driver>();

  constructor(private readonly host: DriversHost) {}

  /** Put them where the picture has their Nodes. */
  place(
    scene: Scene | null,
    graph: Graph | null,
    camera: Camera,
    view: { width: number; height: number },
    /** What stands over the picture. */
    over: Rect[],
  ): void {
    const inputs = new Map(this.host.inputs().map((input) => [input.label, input]));
    const kept = new Map<string, Driver>();
    if (scene !== null && graph !== null && camera.scale >= LEAST_SCALE) {
      const rects = scene.boxes.filter(({ open }) => !open).map((box) => rectOf(box, camera));
      const taken = [...rects, ...over];
      const wires = stretchesOf(scene, camera, view);
      for (const box of scene.boxes) {
        const input = box.kind === "input" ? inputs.get(graph.name(box.at)) : undefined;
        if (input === undefined || input.values.length > 2 || kept.size >= MOST) continue;
        const driver = this.drivers.get(input.id) ?? this.make(input);
        const rect = roomBeside(rectOf(box, camera), driver.size, taken, view, wires);
        if (rect === null) continue;
        taken.push(rect);
        driver.element.style.transform = `translate(${rect.left}px, ${rect.top}px)`;
        driver.show(input);
        kept.set(input.id, driver);
      }
    }
    for (const [id, { element }] of this.drivers) if (!kept.has(id)) element.remove();
    for (const { element } of kept.values()) if (!element.isConnected) this.element.append(element);
    this.drivers = kept;
  }

  /** They stand somewhere else now. */
  update(): void {
    for (const input of this.host.inputs()) this.drivers.get(input.id)?.show(input);
  }

  private make(input: InputLayout): Driver {
    const { id, label, min, max, step } = input;
    const name = `${label}, in the picture`;
    if (input.values.length === 2) {
      const moved = (values: number[], gesture: string): void =>
        this.host.driveAll(id, values, gesture);
      const pad = new Pad({ name, min, max, step, moved });
      return {
        element: pad.element,
        size: PAD,
        show: ({ values, taken, playing }) => pad.show(values, taken && playing === ""),
      };
    }
    const slider = rangeInput({ min, max, step }, name);
    slider.addEventListener("input", () => this.host.drive(id, 0, Number(slider.value)));
    // The picture takes hands and keys for its own.
    slider.addEventListener("keydown", (event) => event.stopPropagation());
    return {
      element: slider,
      size: SLIDER,
      show: ({ values, taken, own, playing }) => {
        if (!slider.matches(":active")) slider.value = String(values[0]);
        const untaken = playing !== "" || (!taken && own === "function");
        slider.classList.toggle("nl-network-untaken", untaken);
      },
    };
  }
}

/** The wires that are on the screen, stretch by stretch. */
function stretchesOf(
  { wires }: Scene,
  { scale, x, y }: Camera,
  view: { width: number; height: number },
): Stretch[] {
  const screen = { left: 0, top: 0, width: view.width, height: view.height };
  return wires.flatMap(({ points, paired }) => {
    const bent = paired && points.length === 4;
    const way = bent ? [...points.slice(0, 2), ...bowOf(points), ...points.slice(2)] : points;
    const found: Stretch[] = [];
    for (let i = 0; i + 3 < way.length; i += 2) {
      const [a, b] = [way[i] * scale + x, way[i + 1] * scale + y];
      found.push([a, b, way[i + 2] * scale + x, way[i + 3] * scale + y]);
    }
    return found.filter((stretch) => comesInto(stretch, screen));
  });
}

function rectOf(box: Box, { scale, x, y }: Camera): Rect {
  return {
    left: box.x * scale + x,
    top: box.y * scale + y,
    width: box.width * scale,
    height: box.height * scale,
  };
}
