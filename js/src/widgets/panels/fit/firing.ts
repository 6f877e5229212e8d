/** How layers fire while the network is trained, and what its spikes buy. */

import { make } from "../../dom";
import { short } from "./parts";
import type { Layer, Seen } from "./payload";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [260, 150];
const [LEFT, BOTTOM, TOP, RIGHT] = [44, 34, 8, 12];

/** A share in percent, as short as it can be said. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** Where a value lies between two others, 0 to 1; in the middle where they are one. */
export function between(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}

/** A table: each layer's mean rate, how its rates are spread, who never and who always fires. */
export function layers(all: readonly Layer[]): HTMLElement | null {
  if (all.length === 0) return null;
  const rows = all.map((layer) => {
    const { name, neurons, mean, dead, saturated } = layer;
    const always = saturated === null ? "–" : percent(saturated);
    return make(
      "tr",
      "",
      {},
      make("th", "", { scope: "row", title: `${neurons} neurons` }, name),
      make("td", "", {}, `${short(Number(mean.toPrecision(3)))} Hz`),
      make("td", "", {}, spread(layer)),
      make("td", dead > 0.5 ? "nl-inspect-bad" : "", {}, percent(dead)),
      make("td", (saturated ?? 0) > 0.5 ? "nl-inspect-bad" : "", {}, always),
    );
  });
  const titles: [string, string][] = [
    ["layer", ""],
    ["mean", "firing rate, over neurons and items"],
    ["rates", "how many neurons fire how fast, from 0 on the left"],
    ["silent", "neurons that fire for none of the items"],
    ["saturated", "neurons that fire at 90 % of the highest rate they can, or more"],
  ];
  const head = titles.map(([text, title]) => make("th", "", title === "" ? {} : { title }, text));
  const table = make(
    "table",
    "",
    {},
    make("thead", "", {}, make("tr", "", {}, ...head)),
    make("tbody", "", {}, ...rows),
  );
  return make(
    "div",
    "nl-fit-layers",
    {},
    make("h3", "nl-fit-title", {}, "How layers fire"),
    make("div", "nl-fit-table", {}, table),
  );
}

function spread({ counts, top }: Layer): HTMLElement {
  const most = Math.max(1, ...counts);
  const bars = counts.map((count) => {
    const bar = make("i");
    bar.style.height = `${count === 0 ? 0 : Math.max(6, (100 * count) / most)}%`;
    return bar;
  });
  const label = `rates from 0 to ${short(Number(top.toPrecision(3)))} Hz`;
  const histogram = make("span", "nl-fit-spread", { role: "img", "aria-label": label }, ...bars);
  const end = make("small", "nl-fit-hint", {}, `0 to ${short(Number(top.toPrecision(2)))} Hz`);
  return make("span", "nl-fit-rates", {}, histogram, end);
}

/** The share of right answers against spikes an item, a point for each epoch that was looked at. */
export function tradeoff(points: Seen["points"]): HTMLElement | null {
  if (points.length === 0) return null;
  const spikes = points.map(([, x]) => x);
  const right = points.map(([, , y]) => y);
  const [low, high] = [Math.min(...spikes), Math.max(...spikes)];
  const least = Math.min(...right, 0.99) - 0.01;
  const at = ([, x, y]: [number, number, number]): [number, number] => [
    LEFT + between(x, low, high) * (WIDTH - LEFT - RIGHT),
    HEIGHT - BOTTOM - between(y, least, 1) * (HEIGHT - BOTTOM - TOP),
  ];
  const made = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const [last, lastSpikes, lastRight] = points[points.length - 1];
  const words = `after epoch ${last}: ${percent(lastRight)} right, ${short(Math.round(lastSpikes))} spikes an item`;
  made.setAttribute("aria-label", words);
  const [x0, y0] = [LEFT, HEIGHT - BOTTOM];
  made.append(svg("path", { d: `M${x0} ${TOP}V${y0}H${WIDTH - RIGHT}`, class: "nl-fit-axis" }));
  const way = points.map((point) => at(point).join(" ")).join("L");
  made.append(svg("path", { d: `M${way}`, class: "nl-fit-way" }));
  points.forEach((point, i) => {
    const [cx, cy] = at(point);
    const is = i === points.length - 1 ? "nl-fit-dot nl-fit-last" : "nl-fit-dot";
    const dot = svg("circle", { cx: `${cx}`, cy: `${cy}`, r: "3.5", class: is });
    const title = svg("title", {});
    title.textContent = `epoch ${point[0]}: ${percent(point[2])} right, ${short(Math.round(point[1]))} spikes`;
    dot.append(title);
    made.append(dot);
  });
  made.append(
    label(LEFT - 5, TOP + 8, "end", "100 %"),
    label(LEFT - 5, y0, "end", percent(least)),
    ...(high > low
      ? [
          label(LEFT, y0 + 14, "start", short(Math.round(low))),
          label(WIDTH - RIGHT, y0 + 14, "end", short(Math.round(high))),
        ]
      : [label((LEFT + WIDTH - RIGHT) / 2, y0 + 14, "middle", short(Math.round(low)))]),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "middle", "spikes an item"),
  );
  return make(
    "div",
    "nl-fit-tradeoff",
    {},
    make("h3", "nl-fit-title", {}, "Right answers by spikes"),
    made,
    make("p", "nl-fit-hint", {}, words),
  );
}

function label(x: number, y: number, anchor: string, text: string): SVGElement {
  const made = svg("text", { x: `${x}`, y: `${y}`, "text-anchor": anchor });
  made.textContent = text;
  return made;
}

function svg(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made as SVGElement;
}
