/** One neuron's story: a row for each quantity, a playhead through the steps, why it spiked. */

import "../../inspecting/inspect.css";
import "./pipeline.css";

import { Fitted } from "../../charts/fitted";
import { iconButton, make, setText } from "../../dom";
import { ElementPicture } from "../../elementpicture";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { pickedOf } from "../../picking";
import type { Theme } from "../../theme";
import { paintRow, paintTime, stepAt } from "./drawing";
import { isPayload, type Payload, type Row } from "./payload";
import { Story, written } from "./story";

const ROW_HEIGHT = 46;
const TIME_HEIGHT = 22;
/** Steps that Shift and an arrow go. */
const STRIDE = 10;

const BACK = "M11 3v10L4 8z";
const ON = "M5 3v10l7-5z";

interface Shown {
  row: Row;
  plot: Fitted;
  value: HTMLElement;
  equation: HTMLElement;
}

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

class PipelinePanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private payload!: Payload;
  private theme!: Theme;
  private story: Story | null = null;
  private step = 0;
  private shown: Shown[] = [];
  private time: Fitted | null = null;
  /** Ends what belongs to the story that is shown. */
  private telling = new AbortController();
  private readonly element = make("div", "nl-story");
  private image!: ElementPicture;
  private readonly rows = make("div", "nl-story-rows");
  private readonly where = make("span", "nl-story-where");
  private readonly why = make("p", "nl-story-why", { "aria-live": "polite" });

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    this.payload = read(context.layout);
    this.theme = context.theme;
    body.append(this.element);
    this.image = new ElementPicture(this.element, context.signal);
    context.signal.addEventListener("abort", () => {
      this.telling.abort();
      this.element.remove();
    });
    const { n_steps } = this.payload;
    this.wait(`Waiting for the story of ${n_steps} step${n_steps === 1 ? "" : "s"} …`);
    this.followPicks();
  }

  receive(arrays: Map<string, FrameArray>): void {
    const problem = arrays.get("problem");
    if (problem instanceof Uint8Array) {
      this.story = null;
      const text = `Its story cannot be told: ${new TextDecoder().decode(problem)}`;
      this.element.replaceChildren(make("p", "nl-inspect-bad", { role: "alert" }, text));
      return;
    }
    const waiting = arrays.get("waiting");
    if (waiting instanceof Uint8Array) return this.wait(new TextDecoder().decode(waiting));
    const story = Story.of(arrays);
    if (story !== null) this.show(story);
  }

  draw(): void {
    this.shown.forEach(({ plot }) => plot.draw());
    this.time?.draw();
    this.image.later();
  }

  clear(): void {
    // A run that starts again does not make it untrue.
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.context.redraw();
  }

  picture(): HTMLCanvasElement | null {
    return this.image.canvas;
  }

  columns(): Record<string, number[]> {
    return { ...this.story?.columns(), playhead: [this.step] };
  }

  // ---- what is told -----------------------------------------------------------------------------

  private wait(words: string): void {
    this.element.replaceChildren(make("p", "nl-inspect-waiting", {}, words));
  }

  private show(story: Story): void {
    const again = this.story !== null;
    this.telling.abort();
    this.telling = new AbortController();
    this.story = story;
    const { spikes } = story.told;
    if (!again) this.step = spikes[0] ?? 0;
    this.step = Math.min(this.step, story.steps - 1);
    this.rows.replaceChildren();
    this.shown = story.told.rows.map((row, i) => this.row(story, row, i));
    this.time = this.plot(TIME_HEIGHT, (canvas, width) =>
      paintTime(canvas, story, this.step, this.theme, width),
    );
    this.steer(story);
    this.element.replaceChildren(this.bar(story), this.why, this.rows);
    this.go(this.step);
  }

  private row(story: Story, row: Row, i: number): Shown {
    const value = make("span", "nl-story-value");
    const equation = make("span", "nl-story-equation", { title: row.filled || row.equation });
    // Where a quantity has a letter, it stands in the equations.
    const letter = row.symbol.replace(/_/g, " ") === row.name ? "" : ` ${row.symbol}`;
    const name = make(
      "div",
      "nl-story-name",
      { title: `${row.name}: ${row.equation}` },
      make("span", "", {}, row.name, make("i", "", {}, letter)),
      value,
    );
    this.rows.append(name);
    const plot = this.plot(ROW_HEIGHT, (canvas, width, height) =>
      paintRow(canvas, story, i, this.step, this.theme, width, height),
    );
    plot.element.parentElement?.append(equation);
    return { row, plot, value, equation };
  }

  private plot(
    height: number,
    paint: (canvas: CanvasRenderingContext2D, width: number, height: number) => void,
  ): Fitted {
    const place = make("div", "nl-story-plot");
    if (height === TIME_HEIGHT) this.rows.append(make("span"));
    this.rows.append(place);
    const { redraw } = this.context;
    const { signal } = this.telling;
    return new Fitted(place, { theme: this.theme, paint, redraw, signal, height });
  }

  private bar(story: Story): HTMLElement {
    const { spikes, neuron } = story.told;
    const again = make(
      "button",
      "nl-button",
      { type: "button", title: "from where the run is now" },
      "Tell it from now",
    );
    again.addEventListener("click", () => this.context.send({ type: "again" }));
    const pick = make(
      "button",
      "nl-inspect-link",
      { type: "button", title: "mark it in all panels" },
      neuron,
    );
    const { ensemble, neuron: number } = this.payload;
    pick.addEventListener("click", () => this.context.pick(ensemble, [number]));
    const [back, on] = [
      iconButton(BACK, "the spike before", "PageUp"),
      iconButton(ON, "the next spike", "PageDown"),
    ];
    back.addEventListener("click", () => this.go(story.spikeFrom(this.step, false)));
    on.addEventListener("click", () => this.go(story.spikeFrom(this.step, true)));
    const jumps = make(
      "span",
      "nl-story-jumps",
      {},
      "Why did it spike here?",
      back,
      on,
      `${spikes.length} spike${spikes.length === 1 ? "" : "s"}`,
    );
    const rates = !story.told.rows.some((row) => row.name === "spikes");
    const words = rates ? make("span", "", {}, "it puts out rates, and does not spike") : jumps;
    return make("div", "nl-story-bar", {}, pick, this.where, words, again);
  }

  // ---- the playhead -----------------------------------------------------------------------------

  private steer(story: Story): void {
    const { rows } = this;
    const { signal } = this.telling;
    rows.tabIndex = 0;
    rows.setAttribute("role", "slider");
    rows.setAttribute("aria-label", "playhead");
    rows.setAttribute("aria-valuemin", "1");
    rows.setAttribute("aria-valuemax", String(story.steps));
    const to = (event: PointerEvent): void => {
      const canvas = this.shown[0]?.plot.element;
      if (canvas === undefined) return;
      const { left, width } = canvas.getBoundingClientRect();
      if (event.clientX < left) return;
      this.go(stepAt(event.clientX - left, story.steps, width));
    };
    const options = { signal };
    rows.addEventListener(
      "pointerdown",
      (event) => {
        rows.setPointerCapture(event.pointerId);
        to(event);
      },
      options,
    );
    rows.addEventListener("pointermove", (event) => event.buttons & 1 && to(event), options);
    rows.addEventListener("keydown", (event) => this.key(event, story), options);
  }

  private key(event: KeyboardEvent, story: Story): void {
    const stride = event.shiftKey ? STRIDE : 1;
    const steps: Record<string, () => number> = {
      ArrowLeft: () => this.step - stride,
      ArrowRight: () => this.step + stride,
      Home: () => 0,
      End: () => story.steps - 1,
      PageUp: () => story.spikeFrom(this.step, false),
      PageDown: () => story.spikeFrom(this.step, true),
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    // The Lab's own keys step the run.
    event.preventDefault();
    event.stopPropagation();
    this.go(step());
  }

  /** Stand at a step: its numbers in all rows and equations. */
  private go(to: number): void {
    const { story } = this;
    if (story === null) return;
    const step = (this.step = Math.max(0, Math.min(story.steps - 1, to)));
    const at = `t = ${written(story.times[step])} s, step ${step + 1} of ${story.steps}`;
    setText(this.where, at);
    this.rows.setAttribute("aria-valuenow", String(step + 1));
    this.rows.setAttribute("aria-valuetext", at);
    this.shown.forEach(({ row, value, equation }, i) => {
      const numbers = Array.from({ length: Math.min(row.size, 3) }, (_, k) =>
        written(story.value(i, k, step)),
      );
      const more = row.size > 3 ? ", …" : "";
      setText(value, `${numbers.join(", ")}${more} ${row.unit}`.trim());
      setText(equation, story.equation(row, step));
    });
    setText(this.why, story.why(step));
    this.why.hidden = story.told.spikes.length === 0 && story.told.silence === "";
    this.context.redraw();
  }

  /** One neuron of the ensemble that is picked in any panel is told of instead. */
  private followPicks(): void {
    const { ensemble, neuron } = this.payload;
    let first = true;
    this.context.store.subscribe(
      (s) => pickedOf(s.picked, ensemble),
      this.context.signal,
      (picked) => {
        const one = picked.length === 1 && picked[0] !== neuron;
        if (!first && one) this.context.change({ neuron: picked[0] });
        first = false;
      },
    );
  }
}

export default { name: "pipeline", make: () => new PipelinePanel() } satisfies PanelKind;
