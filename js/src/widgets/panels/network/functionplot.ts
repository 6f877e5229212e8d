/** A function as a picture: what it gives along one of its elements. */

import { niceBounds } from "../../charts/range";
import { tickStep, ticksBetween, tickText } from "../../charts/ticks";
import { lineStyle, type Theme } from "../../theme";
import type { TriedTold } from "./payload";

const [WIDTH, HEIGHT] = [260, 150];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 8, 8, 30];
const NAMESPACE = "http://www.w3.org/2000/svg";

function svg(tag: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

/** The path of a line; it is broken where it has no number. */
export function pathOf(
  values: readonly (number | null)[],
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const part = `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
}

export function functionPlot({ along, x, y, size }: TriedTold, theme: Theme): SVGElement {
  const unit = along === "t" ? "t (s)" : along;
  const figure = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    class: "nl-function-plot",
    "aria-label": `${size === 1 ? "its value" : `its ${size} values`} over ${along}`,
  });
  const all = y.flat().filter((value) => value !== null);
  const [low, high] = niceBounds(Math.min(0, ...all), Math.max(0, ...all), false);
  const [first, last] = [x[0], x[x.length - 1]];
  const right = (value: number): number =>
    LEFT + ((value - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT);
  const up = (value: number): number =>
    HEIGHT - BOTTOM - ((value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const text = (at: Record<string, string | number>, words: string): void =>
    figure.append(svg("text", { "font-size": 11, fill: theme.muted, ...at }, words));
  const steps = [tickStep(last - first, 4), tickStep(high - low, 4)];
  for (const tick of ticksBetween(low, high, steps[1])) {
    const at = up(tick);
    const zero = Math.abs(tick) < steps[1] / 2;
    figure.append(
      svg("line", {
        x1: LEFT,
        x2: WIDTH - RIGHT,
        y1: at,
        y2: at,
        stroke: zero ? theme.frame : theme.grid,
        "stroke-opacity": zero ? 1 : theme.gridAlpha,
      }),
    );
    text({ x: LEFT - 5, y: at + 4, "text-anchor": "end" }, tickText(tick, steps[1]));
  }
  for (const tick of ticksBetween(first, last, steps[0]))
    text(
      { x: right(tick), y: HEIGHT - BOTTOM + 13, "text-anchor": "middle" },
      tickText(tick, steps[0]),
    );
  text({ x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, unit);
  y.forEach((values, index) => {
    const { color, dashed } = lineStyle(theme, index);
    const line = svg("path", {
      d: pathOf(values, (i) => right(x[i]), up),
      fill: "none",
      stroke: color,
      "stroke-width": 1.8,
      "stroke-linejoin": "round",
    });
    if (dashed) line.setAttribute("stroke-dasharray", "4 3");
    figure.append(line);
    if (y.length > 1) text({ x: LEFT + 6 + 24 * index, y: TOP + 9, fill: color }, `[${index}]`);
  });
  return figure;
}
