/** What each neuron of an ensemble answers to: curves, and a point for each neuron beside them. */

import { make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import { together, type Figure } from "../../inspecting/figure";
import { listed, markColors } from "../../inspecting/marks";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { combined, pickedOf } from "../../picking";
import { renew } from "../../renewing";
import type { Theme } from "../../theme";
import { CurvesFigure } from "./curves";
import { isPayload, type Payload } from "./payload";
import { PlaneFigure, type Side } from "./plane";
import { PointsFigure } from "./points";
import { ratesOf, read, type Told } from "./told";

class TuningPanel implements Panel {
  private context!: PanelContext;
  private payload!: Payload;
  private theme!: Theme;
  private told: Told | null = null;
  private stale = false;
  private curves: CurvesFigure | null = null;
  private planes: PlaneFigure[] = [];
  private cloud: PointsFigure | null = null;
  private readonly figures = make("div", "nl-inspect-figures");
  private readonly words = make("p", "nl-inspect-words");
  private readonly problem = make("p", "nl-plot-failed", { role: "note", hidden: "" });
  private readonly waiting = make("p", "nl-inspect-waiting", {}, "loading what draws this …");

  async mount(body: HTMLElement, context: PanelContext): Promise<void> {
    const { data } = context.layout;
    if (!isPayload(data)) throw new Error("the kernel describes this plot in an unknown way");
    [this.context, this.payload, this.theme] = [context, data, context.theme];
    const { signal, store } = context;
    body.append(
      make("div", "nl-inspect", {}, this.waiting, this.problem, this.figures, this.words),
    );
    const bokeh = await context.bokeh();
    if (signal.aborted) return;
    this.waiting.remove();
    const host = {
      pick: (neurons: number[], adds: boolean) => this.pick(neurons, adds),
      isPicked: (neuron: number) => this.picked.includes(neuron),
    };
    const { show, axis, second, third, radius, beside } = data;
    const plane = (side?: Side): PlaneFigure =>
      new PlaneFigure(bokeh, [axis, second], radius, this.theme, side);
    if (show === "plane") this.planes = [plane()];
    else if (show === "sphere") this.planes = sides(third).map(plane);
    else this.curves = new CurvesFigure(bokeh, axis, this.theme, host);
    if (beside !== "nothing") this.cloud = new PointsFigure(bokeh, data, this.theme, host);
    for (const figure of this.all) this.figures.append(figure.element);
    this.figures.classList.toggle("nl-inspect-three", this.all.length === 3);
    await Promise.all(this.all.map((figure) => figure.mount(signal)));
    store.subscribe(
      (s) => pickedOf(s.picked, data.ensemble),
      signal,
      () => this.changed(),
    );
  }

  private get all(): Figure[] {
    return [this.curves, ...this.planes, this.cloud].flatMap((part) => part?.figure ?? []);
  }

  receive(arrays: Map<string, FrameArray>): void {
    this.told = read(arrays);
    this.stale = true;
  }

  draw(): void {
    const { told } = this;
    if (!this.stale || told === null) return;
    this.stale = false;
    this.problem.hidden = told.problem === "";
    this.figures.hidden = this.words.hidden = told.problem !== "";
    setText(this.problem, told.problem);
    if (told.problem !== "") return;
    this.curves?.show(told, this.picked, this.theme);
    for (const plane of this.planes) plane.show(told);
    this.cloud?.show(told, this.picked, this.theme);
    this.say(told);
  }

  /** What stands does so after a run starts again, too. */
  clear(): void {
    this.stale = true;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    for (const figure of this.all) figure.retheme(theme);
    this.changed();
  }

  picture(): HTMLCanvasElement | null {
    return this.told === null || this.told.problem !== ""
      ? null
      : together(this.figures, this.all, this.theme);
  }

  columns(): Record<string, number[]> {
    const { told } = this;
    if (told === null) return {};
    const columns: Record<string, number[]> = {
      max_rate: [...told.maxRates],
      intercept: [...told.intercepts],
      picked: [...this.picked],
      plane: [...told.plane],
      px: [...told.px],
      py: [...told.py],
      x: [...told.x],
    };
    const n = told.x.length;
    told.drawn.forEach((neuron, i) => {
      columns[`neuron ${neuron}`] = [...told.rates.subarray(i * n, (i + 1) * n)];
    });
    return columns;
  }

  private get picked(): readonly number[] {
    return pickedOf(this.context.store.get().picked, this.payload.ensemble);
  }

  private pick(neurons: number[], adds: boolean): void {
    this.context.pick(this.payload.ensemble, combined(this.picked, neurons, adds));
  }

  private changed(): void {
    this.stale = true;
    this.context.redraw();
  }

  /** What is to be known of all neurons, and of those that are picked, in a line. */
  private say(told: Told): void {
    const { neurons, kind } = this.payload;
    const parts: (string | HTMLElement)[] = [
      `${neurons.toLocaleString("en")} ${kind} neuron${neurons === 1 ? "" : "s"}`,
      ratesOf(told),
      this.some("silent", told.silent),
      this.some("saturated", told.saturated),
      this.some("with NaN or infinite numbers", told.bad, "nl-inspect-bad"),
      ...this.drawn(told),
      ...this.before(told),
      this.chosen(),
    ];
    renew(
      this.words,
      parts.filter((part) => part !== "").map((part) => make("span", "", {}, part)),
    );
  }

  /** Neurons of a kind, which a click picks. */
  private some(what: string, which: number[], className = ""): HTMLElement | string {
    if (which.length === 0) return "";
    const text = `${which.length.toLocaleString("en")} ${what}: ${listed(which)}`;
    const button = make("button", `nl-inspect-link ${className}`, { type: "button" }, text);
    button.title = "pick them";
    button.dataset.key = `${what} ${String(which)}`;
    button.addEventListener("click", () => this.pick(which, false));
    return button;
  }

  private drawn(told: Told): (string | HTMLElement)[] {
    const { payload, theme } = this;
    const found: (string | HTMLElement)[] = [];
    if (this.planes.length > 0) found.push(`${payload.show} of neuron ${told.planeOf}`);
    else if (told.drawn.length < payload.neurons)
      found.push(
        `${told.drawn.length} curves drawn, evenly by ${told.peaks.length > 0 ? "where they are highest" : "intercept"}`,
      );
    if (this.curves !== null && payload.show !== "response curves" && this.picked.length === 0) {
      found.push(swatch(theme.dimensions[0], "more to the right"));
      found.push(swatch(theme.dimensions[1], "more to the left"));
    }
    if (told.beside !== "") found.push(told.beside);
    return found;
  }

  private before({ changed }: Told): (string | HTMLElement)[] {
    if (changed.length === 0) return [];
    const count = `${changed.length.toLocaleString("en")} neurons changed since built`;
    return [this.planes.length > 0 ? count : `${count} (dashed: as built)`];
  }

  private chosen(): HTMLElement | string {
    const { picked } = this;
    if (picked.length === 0) return "click a neuron, or draw a box, to pick; arrow keys go through";
    const colors = markColors(this.theme, picked.slice(0, 8));
    const names = [...colors].map(([neuron, color]) => swatch(color, String(neuron)));
    const more = picked.length - names.length;
    const none = make("button", "nl-inspect-link", { type: "button" }, "none");
    none.title = "pick none";
    none.addEventListener("click", () => this.context.pick(this.payload.ensemble, []));
    return make(
      "span",
      "nl-inspect-picked",
      {},
      "picked ",
      ...names,
      more > 0 ? `and ${more.toLocaleString("en")} more ` : "",
      none,
    );
  }
}

/** The two sides of a sphere, by the axis that points to the eye. */
function sides(towards: string): Side[] {
  return [">", "<"].map((sign, part) => ({
    name: `rate of one neuron on the sphere, ${towards} ${sign} 0`,
    where: `, where ${towards} ${sign} 0`,
    part,
    parts: 2,
  }));
}

function swatch(color: string, text: string): HTMLElement {
  const mark = make("i", "nl-inspect-swatch");
  mark.style.background = color;
  return make("span", "", {}, mark, text);
}

export default {
  name: "tuning",
  still: true,
  make: () => new TuningPanel(),
} satisfies PanelKind;
