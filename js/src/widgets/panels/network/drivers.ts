/** Sliders and pads beside the Nodes of the picture that have no input. */

import { make } from "../../dom";
import type { InputLayout } from "../../messages";
import { Pad } from "../../pad";
import { rangeInput } from "../../sliders";
import type { Graph } from "./graph";
import type { Box, Scene } from "./scene";

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

/** Where beside a shape there is room that nothing else takes; null where there is none. */
export function roomBeside(
  shape: Rect,
  size: { width: number; height: number },
  taken: Rect[],
  view: { width: number; height: number },
): Rect | null {
  const { width, height } = size;
  const across = shape.left + (shape.width - width) / 2;
  const along = shape.top + (shape.height - height) / 2;
  const places = [
    [across, shape.top + shape.height + GAP],
    [shape.left - width - GAP, along],
    [across, shape.top - height - GAP],
  ];
  for (const [left, top] of places) {
    const rect = { left, top, width, height };
    const inside =
      left >= 0 && top >= 0 && left + width <= view.width && top + height <= view.height;
    if (inside && !taken.some((other) => meet(rect, other))) return rect;
  }
  return null;
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
  ): void {
    const inputs = new Map(this.host.inputs().map((input) => [input.label, input]));
    const kept = new Map<string, Driver>();
    if (scene !== null && graph !== null && camera.scale >= LEAST_SCALE) {
      const rects = scene.boxes.filter(({ open }) => !open).map((box) => rectOf(box, camera));
      const taken = [...rects];
      for (const box of scene.boxes) {
        const input = box.kind === "input" ? inputs.get(graph.name(box.at)) : undefined;
        if (input === undefined || input.values.length > 2 || kept.size >= MOST) continue;
        const driver = this.drivers.get(input.id) ?? this.make(input);
        const rect = roomBeside(rectOf(box, camera), driver.size, taken, view);
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

function rectOf(box: Box, { scale, x, y }: Camera): Rect {
  return {
    left: box.x * scale + x,
    top: box.y * scale + y,
    width: box.width * scale,
    height: box.height * scale,
  };
}
