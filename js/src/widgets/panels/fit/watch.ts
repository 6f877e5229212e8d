/** What the network answers to items that it was not trained with, and what each batch moves. */

import type { FrameArray } from "../../frames";
import { colorTable, entryOf } from "../../charts/colors";
import { make } from "../../dom";
import { renew } from "../../renewing";
import type { Theme } from "../../theme";
import { layers, tradeoff } from "./firing";
import { button, short } from "./parts";
import type { Seen } from "./payload";
import { image, curve } from "./samples";

const CELL = 18;

/** Bars of the outputs, from the least to the largest: 0 to 1. */
export function heights(outputs: readonly number[]): number[] {
  const [low, high] = [Math.min(...outputs), Math.max(...outputs)];
  return outputs.map((value) => (high > low ? (value - low) / (high - low) : 0));
}

/** Where an amount stands between 1e-6 and 1, by its order: 0 to 1. */
export function order(amount: number): number {
  if (!(amount > 0)) return 0;
  return Math.min(1, Math.max(0, (Math.log10(amount) + 6) / 6));
}

export class Watch {
  readonly element = make("section", "nl-fit-watch", { "aria-label": "answers", hidden: "" });
  private last = "";

  /** `live` shows a sample to the network that runs live; without one there is none. */
  constructor(private readonly live: ((place: number) => void) | null = null) {}

  show(
    seen: Seen,
    arrays: Map<string, FrameArray>,
    shapes: Map<string, number[]>,
    theme: Theme,
  ): void {
    const stamp = JSON.stringify([seen, theme.dark]);
    if (stamp === this.last) return;
    this.last = stamp;
    const parts = [
      this.answers(seen, arrays, shapes, theme),
      this.confusion(seen, arrays, shapes, theme),
      layers(seen.layers),
      tradeoff(seen.points),
    ];
    const shown = [...parts, this.moved(seen)].filter((part) => part !== null);
    if (seen.problem !== "")
      shown.push(
        make("p", "nl-fit-hint", { role: "note" }, `Nothing more is seen: ${seen.problem}`),
      );
    this.element.hidden = shown.length === 0;
    renew(this.element, shown);
  }

  // ---- answers --------------------------------------------------------------------------------

  private answers(
    seen: Seen,
    arrays: Map<string, FrameArray>,
    shapes: Map<string, number[]>,
    theme: Theme,
  ): HTMLElement | null {
    const bars = arrays.get("bars");
    const [count = 0, classes = 0] = shapes.get("bars") ?? [];
    if (bars === undefined || count === 0) return null;
    const pictures = arrays.get("pictures");
    const shape = shapes.get("pictures") ?? [];
    const items = seen.samples.map(([wanted, found], i) => {
      const outputs = Array.from(bars.subarray(i * classes, (i + 1) * classes));
      const good = wanted === found;
      const word = good ? `${found}, right` : `${found}, is ${wanted}`;
      const figure = make("figure", good ? "nl-fit-right" : "nl-fit-false");
      if (pictures !== undefined) figure.append(picture(pictures, shape, i, theme));
      figure.append(
        columns(outputs, wanted, found),
        make(
          "figcaption",
          "",
          {},
          make("span", "", { "aria-hidden": "true" }, good ? "✓ " : "✗ "),
          word,
        ),
      );
      if (this.live !== null) figure.append(this.shows(this.live, i));
      return figure;
    });
    const title = `Answers after epoch ${seen.epoch}: ${seen.right} of ${seen.items} right`;
    return make(
      "div",
      "nl-fit-answers",
      {},
      make("h3", "nl-fit-title", {}, title),
      make("div", "nl-fit-strip", {}, ...items),
    );
  }

  private shows(live: (place: number) => void, place: number): HTMLElement {
    const title = "show it to the live network, with the weights of this moment";
    const made = button("run it", title, () => live(place));
    made.classList.add("nl-fit-small");
    return made;
  }

  // ---- which is taken for which -----------------------------------------------------------------

  private confusion(
    seen: Seen,
    arrays: Map<string, FrameArray>,
    shapes: Map<string, number[]>,
    theme: Theme,
  ): HTMLElement | null {
    const counts = arrays.get("confusion");
    const [n = 0] = shapes.get("confusion") ?? [];
    if (counts === undefined || n === 0) return null;
    const most = Math.max(1, ...counts);
    const table = colorTable("amounts", theme);
    const cell = (i: number, k: number): HTMLElement => {
      const count = counts[i * n + k];
      const at = entryOf(Math.sqrt(count / most), 0, 1);
      const [r, g, b] = table.subarray(at, at + 3);
      const made = make("td", "", { title: `${count} × ${i} answered as ${k}` });
      if (count > 0) {
        made.style.background = `rgb(${r} ${g} ${b})`;
        made.style.color = 0.2126 * r + 0.7152 * g + 0.0722 * b > 140 ? "#111" : "#fff";
      }
      if (n <= 12 && count > 0) made.textContent = String(count);
      return made;
    };
    const range = Array.from({ length: n }, (_, i) => i);
    const head = make(
      "tr",
      "",
      {},
      make("th"),
      ...range.map((k) => make("th", "", { scope: "col" }, String(k))),
    );
    const rows = range.map((i) =>
      make(
        "tr",
        "",
        {},
        make("th", "", { scope: "row" }, String(i)),
        ...range.map((k) => cell(i, k)),
      ),
    );
    const grid = make(
      "table",
      "nl-fit-matrix",
      {},
      make("thead", "", {}, head),
      make("tbody", "", {}, ...rows),
    );
    grid.style.setProperty("--nl-fit-cell", `${n <= 12 ? CELL + 6 : Math.max(6, 280 / n)}px`);
    return make(
      "div",
      "nl-fit-confusion",
      {},
      make("h3", "nl-fit-title", {}, "Taken for"),
      grid,
      make("p", "nl-fit-hint", {}, `rows: what it is; columns: the answer; ${seen.items} items`),
    );
  }

  // ---- what a batch moves -------------------------------------------------------------------------

  private moved(seen: Seen): HTMLElement | null {
    if (seen.moved.length === 0) return null;
    const rows = seen.moved.map(({ name, gradient, update }) =>
      make(
        "tr",
        "",
        {},
        make("th", "", { scope: "row" }, name),
        make("td", "", {}, gradient === null ? "–" : short(Number(gradient.toPrecision(3)))),
        make("td", "", {}, amount(update)),
      ),
    );
    const head = ["array", "gradient", "moved by a batch"].map((text) => make("th", "", {}, text));
    head[1].title = "norm of the gradient that the optimizer got";
    head[2].title = "norm of the change, of the norm of the array";
    return make(
      "div",
      "nl-fit-moved",
      {},
      make("h3", "nl-fit-title", {}, "What a batch moves"),
      make(
        "div",
        "nl-fit-table",
        {},
        make(
          "table",
          "",
          {},
          make("thead", "", {}, make("tr", "", {}, ...head)),
          make("tbody", "", {}, ...rows),
        ),
      ),
      make("p", "nl-fit-hint", {}, "bars: by powers of ten, from 0.0001 to 100 %"),
    );
  }
}

function amount(update: number | null): HTMLElement {
  if (update === null) return make("span", "nl-inspect-bad", {}, "no number any more");
  const bar = make("i", "nl-fit-amount", { "aria-hidden": "true" });
  bar.style.width = `${Math.round(60 * order(update))}px`;
  return make("span", "", {}, bar, `${short(Number((100 * update).toPrecision(2)))} %`);
}

function picture(values: FrameArray, shape: number[], at: number, theme: Theme): HTMLCanvasElement {
  const canvas = make("canvas", "", { "aria-hidden": "true" });
  const each = values.length / shape[0];
  const part = Array.from(values.subarray(at * each, (at + 1) * each));
  const range: [number, number] = [Math.min(...part), Math.max(...part, Math.min(...part) + 1e-9)];
  if (shape.length === 3) image(canvas, part, shape[1], shape[2], range, theme);
  else curve(canvas, part, range, theme);
  return canvas;
}

/** The outputs of all classes: what is right is outlined, what was answered is filled strongly. */
function columns(outputs: readonly number[], wanted: number, found: number): HTMLElement {
  const bars = heights(outputs).map((height, i) => {
    const bar = make("i", i === found ? "nl-fit-answer" : "", {
      title: `${i}: ${short(outputs[i])}`,
    });
    bar.style.height = `${Math.max(3, 100 * height)}%`;
    if (i === wanted) bar.classList.add("nl-fit-wanted");
    return bar;
  });
  const label = `outputs; the largest is ${found}, it is ${wanted}`;
  return make("span", "nl-fit-bars", { role: "img", "aria-label": label }, ...bars);
}
