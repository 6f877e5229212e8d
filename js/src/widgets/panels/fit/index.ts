/** Training: set up, started, watched, steered; the runs of before beside it. */

import "./fit.css";

import { make, setHidden, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import type { Bokeh } from "../../inspecting/bokeh";
import { together, type Figure } from "../../inspecting/figure";
import type { FrameMeta, Panel, PanelContext, PanelKind } from "../../panel";
import { renew } from "../../renewing";
import type { Theme } from "../../theme";
import { Control } from "./control";
import { colorOf, MetricFigure, type Curve } from "./curves";
import { Form } from "./form";
import { button, Part, type Send } from "./parts";
import {
  isCurves,
  isDesk,
  isNow,
  isPayload,
  isScript,
  isSeen,
  isShown,
  isSweeps,
  type Desk,
  type Now,
  type Row,
  type Trouble,
} from "./payload";
import { Runs } from "./runs";
import { Samples } from "./samples";
import { SweepPart } from "./sweeps";
import { Watch } from "./watch";

/** Curves are drawn so often at most (ms). */
const CURVES_EVERY = 450;
/** As many metrics have a figure. */
const MOST_FIGURES = 2;

class FitPanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private theme!: Theme;
  private form!: Form;
  private control!: Control;
  private runs!: Runs;
  private sweeps!: SweepPart;
  private trouble!: Part<Trouble[]>;
  private offer!: Part<{ notice: string; left: Row[] }>;
  private readonly samples = new Samples();
  private watch!: Watch;
  private readonly figures = make("div", "nl-inspect-figures nl-fit-figures", { hidden: "" });
  private readonly names = make("p", "nl-inspect-words nl-fit-legend");
  private readonly problem = make("p", "nl-plot-failed", { role: "note", hidden: "" });
  private bokeh: Bokeh | null = null;
  private metrics: MetricFigure[] = [];
  private made = "";
  private curves: Curve[] = [];
  private now: Now | null = null;
  private desk: Desk | null = null;
  private drawnAt = -Infinity;
  private stale = false;
  private later = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    this.theme = context.theme;
    const send: Send = (content) => context.send(content);
    const live = isPayload(context.layout.data) && context.layout.data.own;
    this.watch = new Watch(live ? (item) => send({ type: "live", item }) : null);
    this.form = new Form(send, this.samples.element);
    this.control = new Control(send, () => this.form.fold(true));
    this.runs = new Runs(send, context.theme);
    const [reveal, fold] = [
      (run: string): void => this.runs.reveal(run),
      (): void => this.form.fold(true),
    ];
    this.sweeps = new SweepPart(send, reveal, fold, context, context.theme);
    const places = make("div", "nl-fit-troubles", { role: "alert" });
    this.trouble = new Part(places, (all) => all.map((one) => bad(one)));
    this.offer = new Part(make("div", "nl-fit-offers"), ({ notice, left }) => [
      ...(notice === "" ? [] : [make("div", "nl-fit-offer", { role: "status" }, notice)]),
      ...left.map((row) => interrupted(row, send)),
    ]);
    const element = make(
      "div",
      "nl-fit",
      {},
      this.form.element,
      this.control.element,
      this.offer.element,
      places,
      this.problem,
      this.sweeps.element,
      this.figures,
      this.names,
      this.watch.element,
      this.runs.element,
    );
    body.append(element);
    context.signal.addEventListener("abort", () => {
      clearTimeout(this.later);
      element.remove();
    });
  }

  receive(arrays: Map<string, FrameArray>, { shapes }: FrameMeta): void {
    const problem = textOf(arrays.get("problem"));
    setHidden(this.problem, problem === null);
    setText(this.problem, problem ?? "");
    const [now, desk, sweeps, curves, shown, seen] = [
      ...["now", "desk", "sweeps", "curves", "shown", "seen"],
    ].map((name) => parsed(arrays.get(name)));
    if (isDesk(desk)) this.showDesk(desk);
    if (isNow(now)) this.showNow(now);
    if (isSweeps(sweeps)) this.sweeps.show(sweeps, this.theme);
    const samples = arrays.get("samples");
    if (isShown(shown) && samples !== undefined)
      this.samples.show(
        samples,
        shapes.get("samples") ?? [],
        shown.labels,
        this.desk?.samples ?? "",
        this.theme,
      );
    if (isSeen(seen)) this.watch.show(seen, arrays, shapes, this.theme);
    if (!isCurves(curves)) return;
    this.curves = curves.series.map((one, i) => ({
      ...one,
      x: arrays.get(`x${i}`) ?? [],
      y: arrays.get(`y${i}`) ?? [],
    }));
    this.stale = true;
  }

  private showDesk(desk: Desk): void {
    this.desk = desk;
    this.form.show(desk);
    this.runs.show(desk, this.theme);
    this.tell();
  }

  private showNow(now: Now): void {
    const before = this.now;
    this.now = now;
    this.control.show(now);
    // Folded when a run starts, by whoever; open where there is nothing else to see.
    const started = now.phase === "running" && before?.phase !== "running";
    if (started && before?.phase !== "paused") this.form.fold(true);
    this.tell();
  }

  /** Bad news, and what holds the run up, above the curves. */
  private tell(): void {
    const waits = this.now?.waits ?? "";
    const held: Trouble[] =
      waits === "" ? [] : [{ text: waits, advice: "", traceback: "", field: "" }];
    const all = (this.desk?.trouble ?? []).filter(({ field }) => field === "");
    this.trouble.show([...held, ...all]);
    const { runs = [], notice = "" } = this.desk ?? {};
    const idle = this.now?.phase === "set up";
    this.offer.show({ notice, left: idle ? runs.filter((r) => r.state === "interrupted") : [] });
    if ((this.desk?.trouble ?? []).some(({ field }) => field !== "")) this.form.fold(false);
  }

  hear(content: Record<string, unknown>): void {
    if (isScript(content)) this.runs.hear(content);
  }

  draw(): void {
    if (!this.stale) return;
    const wait = this.drawnAt + CURVES_EVERY - performance.now();
    clearTimeout(this.later);
    if (wait > 0) {
      this.later = window.setTimeout(() => this.context.redraw(), wait);
      return;
    }
    this.stale = false;
    this.drawnAt = performance.now();
    void this.drawCurves();
  }

  private async drawCurves(): Promise<void> {
    const names = [...new Set(this.curves.map(({ metric }) => metric))];
    names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    const wanted = names.slice(0, MOST_FIGURES);
    this.figures.hidden = wanted.length === 0;
    if (wanted.length === 0) return;
    if (wanted.join("\n") !== this.made) {
      this.made = wanted.join("\n");
      await this.make(wanted);
    }
    for (const one of this.metrics) one.show(this.curves, this.theme);
    this.name();
  }

  private async make(names: string[]): Promise<void> {
    const bokeh = (this.bokeh ??= await this.context.bokeh());
    if (this.context.signal.aborted) return;
    const metrics = names.map((name) => new MetricFigure(bokeh, name, this.theme));
    this.figures.replaceChildren(...metrics.map(({ figure }) => figure.element));
    await Promise.all(metrics.map(({ figure }) => figure.mount(this.context.signal)));
    this.metrics = metrics;
  }

  /** What the colours and the strokes are. */
  private name(): void {
    const runs = new Map(this.curves.map(({ run, number }) => [run, number]));
    const names = [...runs].map(([run, number]) => {
      const swatch = make("i", "nl-inspect-swatch");
      swatch.style.background = colorOf(this.theme, number);
      return make("span", "", {}, swatch, run);
    });
    const kinds = new Set(this.curves.map(({ of }) => of));
    const strokes = [
      kinds.has("epochs") ? stroke("nl-fit-solid", "training, mean of each epoch") : null,
      kinds.has("batches") ? stroke("nl-fit-thin", "mean so far in its epoch") : null,
      kinds.has("validation") ? stroke("nl-fit-dashed", "validation, as it runs") : null,
    ].filter((one) => one !== null);
    renew(this.names, [...names, ...strokes]);
  }

  /** What stands does so after a run of the network starts again, too. */
  clear(): void {
    this.stale = true;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    for (const { figure } of this.metrics) figure.retheme(theme);
    if (this.desk !== null) this.runs.show(this.desk, theme);
    this.sweeps.retheme(theme);
    this.stale = true;
    this.drawnAt = -Infinity;
    this.context.redraw();
  }

  picture(): HTMLCanvasElement | null {
    const figures: Figure[] = this.metrics.map(({ figure }) => figure);
    return figures.length === 0 ? null : together(this.figures, figures, this.theme);
  }

  columns(): Record<string, number[]> {
    const found: Record<string, number[]> = {};
    for (const { run, metric, of, x, y } of this.curves) {
      found[`${run} ${metric} ${of} epoch`] = Array.from(x);
      found[`${run} ${metric} ${of}`] = Array.from(y);
    }
    return found;
  }
}

/** What is drawn first: the loss, then what is right. */
function rank(metric: string): number {
  return metric === "loss" ? 0 : metric.endsWith("accuracy") ? 1 : 2;
}

function stroke(className: string, text: string): HTMLElement {
  return make("span", "", {}, make("i", `nl-fit-stroke ${className}`), text);
}

/** A run whose kernel died, or whose machine went off. */
function interrupted({ name, epochs }: Row, send: Send): HTMLElement {
  const go = button("Go on", "train on from its last whole epoch, to the same numbers", () =>
    send({ type: "go_on", run: name }),
  );
  const text = `“${name}” was interrupted after ${epochs} epochs.`;
  return make("div", "nl-fit-offer", { "data-key": name }, text, go);
}

function bad({ text, advice, traceback }: Trouble): HTMLElement {
  const made = make("div", "nl-fit-trouble", {}, make("strong", "", {}, text));
  if (advice !== "") made.append(make("span", "", {}, advice));
  if (traceback !== "")
    made.append(
      make(
        "details",
        "",
        {},
        make("summary", "", {}, "where it was raised"),
        make("pre", "nl-fit-code", {}, traceback),
      ),
    );
  return made;
}

function textOf(bytes: FrameArray | undefined): string | null {
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : null;
}

function parsed(bytes: FrameArray | undefined): unknown {
  const text = textOf(bytes);
  return text === null ? null : JSON.parse(text);
}

export default { name: "fit", still: true, make: () => new FitPanel() } satisfies PanelKind;
