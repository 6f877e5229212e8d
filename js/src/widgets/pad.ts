/** A pad: one point that drives two dimensions, by pointer and by keys. */

import "./pad.css";

import { make } from "./dom";

type Pair = [number, number];

export interface PadOptions {
  name: string;
  min: number;
  max: number;
  step: number;
  /** A person has moved it; `gesture` is the same as long as it is held. */
  moved: (values: Pair, gesture: string) => void;
}

const STEPS: Record<string, Pair> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
/** Steps of a slider that a key moves; with shift ten times as far. */
const KEY_STEPS = 5;

/** The value at a share of the way from low to high, on a step of the slider. */
export function onStep(share: number, { min, max, step }: Omit<PadOptions, "name" | "moved">) {
  const value = min + Math.min(1, Math.max(0, share)) * (max - min);
  // Without the noise of binary fractions: a person reads it.
  return Number((Math.round(value / step) * step).toPrecision(12));
}

export class Pad {
  readonly element: HTMLElement;
  private readonly dot = make("span", "nl-pad-dot");
  private values: Pair = [0, 0];
  private gesture = "";
  private held = false;
  private enabled = true;

  constructor(private readonly options: PadOptions) {
    const { name, min, max } = options;
    this.element = make(
      "div",
      "nl-pad",
      {
        role: "slider",
        tabindex: "0",
        "aria-label": name,
        "aria-roledescription": "pad of two dimensions",
        "aria-valuemin": String(min),
        "aria-valuemax": String(max),
        title: `${name}: drag, or use the arrow keys; Home is the middle`,
      },
      this.dot,
    );
    this.element.addEventListener("pointerdown", (event) => this.take(event));
    this.element.addEventListener("pointermove", (event) => {
      if (this.held) this.follow(event);
    });
    for (const end of ["pointerup", "pointercancel"])
      this.element.addEventListener(end, () => (this.held = false));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("keyup", () => (this.gesture = ""));
    this.show([0, 0], false);
  }

  /** Show where it stands, except under a person's hand. */
  show(values: ArrayLike<number>, taken = true): void {
    if (this.held) return;
    this.put([values[0], values[1]]);
    this.element.classList.toggle("nl-pad-untaken", !taken);
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    this.element.setAttribute("aria-disabled", String(!enabled));
    this.element.tabIndex = enabled ? 0 : -1;
  }

  private take(event: PointerEvent): void {
    if (!this.enabled || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.element.focus();
    this.element.setPointerCapture(event.pointerId);
    this.held = true;
    this.gesture = crypto.randomUUID();
    this.follow(event);
  }

  private follow(event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    const { options } = this;
    const x = onStep((event.clientX - box.left) / box.width, options);
    const y = onStep(1 - (event.clientY - box.top) / box.height, options);
    this.move([x, y]);
  }

  private key(event: KeyboardEvent): void {
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const { min, max, step } = this.options;
    const way = STEPS[event.key];
    if (way === undefined && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || this.gesture === "") this.gesture = crypto.randomUUID();
    const middle = (min + max) / 2;
    if (way === undefined) return this.move([middle, middle]);
    const far = step * KEY_STEPS * (event.shiftKey ? 10 : 1);
    const share = (i: 0 | 1): number => (this.values[i] + way[i] * far - min) / (max - min);
    this.move([onStep(share(0), this.options), onStep(share(1), this.options)]);
  }

  private move(values: Pair): void {
    this.put(values);
    this.element.classList.remove("nl-pad-untaken");
    this.options.moved(values, this.gesture);
  }

  private put(values: Pair): void {
    this.values = values;
    const { min, max } = this.options;
    const share = (value: number): number => Math.min(1, Math.max(0, (value - min) / (max - min)));
    this.dot.style.left = `${100 * share(values[0])}%`;
    this.dot.style.top = `${100 - 100 * share(values[1])}%`;
    const beyond = values.some((value) => value < min || value > max);
    this.element.classList.toggle("nl-pad-beyond", beyond);
    const [x, y] = values.map((value) => String(Number(value.toPrecision(4))));
    this.element.setAttribute("aria-valuenow", x);
    this.element.setAttribute("aria-valuetext", `[0] ${x}, [1] ${y}`);
  }
}
