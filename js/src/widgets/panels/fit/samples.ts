/** The first items of the data, as images or curves, with the numbers of their classes. */

import { make } from "../../dom";
import type { Theme } from "../../theme";

const SIDE = 44;

export class Samples {
  readonly element = make("div", "nl-fit-samples");
  private last = "";

  show(
    values: ArrayLike<number>,
    shape: readonly number[],
    labels: readonly string[],
    said: string,
    theme: Theme,
  ): void {
    const stamp = `${shape.join("x")} ${labels.join()} ${said} ${String(theme.dark)} ${checksum(values)}`;
    if (stamp === this.last) return;
    this.last = stamp;
    const count = shape[0] ?? 0;
    const each = count === 0 ? 0 : values.length / count;
    const [low, high] = range(values);
    const items = Array.from({ length: count }, (_, i) => {
      const part = Array.from({ length: each }, (_, k) => values[i * each + k]);
      const canvas = make("canvas", "", { role: "img", "aria-label": `item ${i}` });
      if (shape.length === 3) image(canvas, part, shape[1], shape[2], [low, high], theme);
      else curve(canvas, part, [low, high], theme);
      const label = labels[i] === undefined ? [] : [make("span", "", {}, labels[i])];
      return make("figure", "", {}, canvas, ...label);
    });
    const words = said === "" ? [] : [make("p", "nl-fit-hint", {}, said)];
    this.element.replaceChildren(make("div", "nl-fit-strip", {}, ...items), ...words);
  }
}

function checksum(values: ArrayLike<number>): number {
  let sum = values.length;
  for (let i = 0; i < values.length; i++) sum = (sum * 31 + values[i] * 1000) % 1e9;
  return sum;
}

function range(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return high > low ? [low, high] : [low, low + 1];
}

/** Large values are the ink: dark on a light page, light on a dark one. */
export function image(
  canvas: HTMLCanvasElement,
  values: readonly number[],
  height: number,
  width: number,
  [low, high]: [number, number],
  theme: Theme,
): void {
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = canvas.style.height = `${SIDE}px`;
  canvas.classList.add("nl-fit-image");
  const context = canvas.getContext("2d");
  if (context === null) return;
  const pixels = context.createImageData(width, height);
  values.forEach((value, i) => {
    const part = Math.round((255 * (value - low)) / (high - low));
    const grey = theme.dark ? part : 255 - part;
    pixels.data.set([grey, grey, grey, 255], 4 * i);
  });
  context.putImageData(pixels, 0, 0);
}

export function curve(
  canvas: HTMLCanvasElement,
  values: readonly number[],
  [low, high]: [number, number],
  theme: Theme,
): void {
  const [width, height] = [2 * SIDE * 1.6, 2 * SIDE];
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = `${width / 2}px`;
  canvas.style.height = `${height / 2}px`;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.strokeStyle = theme.dimensions[0];
  context.lineWidth = 2;
  context.beginPath();
  values.forEach((value, i) => {
    const x = (i / Math.max(1, values.length - 1)) * (width - 4) + 2;
    const y = height - 4 - ((value - low) / (high - low)) * (height - 8);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.stroke();
}
