/** Firing rates and synapses that were tried: a picture and a table, from which one is picked. */

import "./tune.css";

import { make, setText } from "../../dom";
import { together } from "../../inspecting/figure";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { lineStyle, type Theme } from "../../theme";
import { isPayload, isTunedMessage, type Payload, type TunedMessage } from "./payload";
import { SpikesFigure, TimeFigure } from "./picture";
import { counted, filter, hertz, milliseconds, percent } from "./told";

const ASK_EVERY_MS = 3000;
const HEAD = ["", "rate", "synapse", "accuracy", "latency", "spikes an item"];

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

class TunePanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private payload!: Payload;
  private theme!: Theme;
  private told: TunedMessage | null = null;
  private spikes: SpikesFigure | null = null;
  private time: TimeFigure | null = null;
  private readonly figures = make("div", "nl-inspect-figures nl-tune-figures", { hidden: "" });
  private readonly words = make("p", "nl-inspect-words");
  private readonly table = make("div", "nl-table nl-tune-table");
  private readonly code = make("div", "nl-tune-code", { "aria-live": "polite" });
  private readonly note = make("p", "nl-inspect-waiting", {}, "Waiting for what was tried …");

  async mount(body: HTMLElement, context: PanelContext): Promise<void> {
    [this.context, this.payload, this.theme] = [context, read(context.layout), context.theme];
    const { signal } = context;
    const parts = [this.note, this.words, this.figures, this.table, this.code];
    body.append(make("div", "nl-inspect nl-tune", {}, ...parts));
    this.ask();
    const bokeh = await context.bokeh();
    if (signal.aborted) return;
    const host = { pick: (i: number) => this.pick(i), chosen: () => this.payload.chosen };
    this.spikes = new SpikesFigure(bokeh, this.theme, host);
    this.time = new TimeFigure(bokeh, this.theme);
    for (const { figure } of [this.spikes, this.time]) this.figures.append(figure.element);
    await Promise.all([this.spikes, this.time].map(({ figure }) => figure.mount(signal)));
    this.show();
  }

  private ask(): void {
    if (this.context.signal.aborted || this.told !== null) return;
    this.context.send({ type: "ask" });
    window.setTimeout(() => this.ask(), ASK_EVERY_MS);
  }

  hear(content: Record<string, unknown>): void {
    if (!isTunedMessage(content)) return;
    this.told = content;
    this.list();
    this.show();
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.show();
  }

  receive(): void {
    // It comes as a message.
  }

  clear(): void {
    // Nothing of it is of the past.
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    for (const one of [this.spikes, this.time]) one?.figure.retheme(theme);
    this.list();
    this.show();
  }

  picture(): HTMLCanvasElement | null {
    const { spikes, time } = this;
    if (this.told === null || spikes === null || time === null) return null;
    return together(this.figures, [spikes.figure, time.figure], this.theme);
  }

  columns(): Record<string, number[]> {
    const tried = this.told?.tried ?? [];
    return {
      rate: tried.map((one) => one.rate),
      synapse: tried.map((one) => one.synapse),
      accuracy: tried.map((one) => one.accuracy),
      latency: tried.map((one) => one.latency),
      spikes: tried.map((one) => one.spikes),
      chosen: [this.payload.chosen],
    };
  }

  private pick(number: number): void {
    this.context.change({ chosen: number });
  }

  // ---- what is shown ------------------------------------------------------------------------------

  private show(): void {
    const { told, theme, payload } = this;
    if (told === null) return;
    const bad = told.problem !== "";
    this.note.hidden = !bad;
    this.note.classList.toggle("nl-inspect-bad", bad);
    if (bad) setText(this.note, told.problem);
    this.figures.hidden = this.words.hidden = this.table.hidden = bad;
    if (bad) return;
    setText(
      this.words,
      `Keras: accuracy ${percent(told.keras)} (dashed). ${told.why} Click one to pick it.`,
    );
    this.spikes?.show(told, payload.chosen, theme);
    this.time?.show(told, payload.chosen, theme);
    this.table.querySelectorAll("input").forEach((input, i) => {
      input.checked = i === payload.chosen;
      input.closest("tr")?.classList.toggle("nl-tune-chosen", i === payload.chosen);
    });
    this.showCode();
  }

  private showCode(): void {
    const { code } = this.payload;
    if (code.length === 0) return this.code.replaceChildren();
    const copy = make("button", "nl-button", { type: "button" }, "Copy");
    copy.addEventListener("click", () => {
      void navigator.clipboard.writeText(code[0]).then(() => setText(copy, "Copied"));
    });
    const lines = make("pre", "", { tabindex: "0" }, code.join("\n"));
    this.code.replaceChildren(lines, copy);
  }

  /** All settings as a list, of which one is picked by click or key. */
  private list(): void {
    const { told } = this;
    if (told === null) return;
    const head = HEAD.map((text) => make("th", "", { scope: "col" }, text));
    const group = `nl-tune-${this.context.layout.id}`;
    const rows = told.tried.map((one, i) => {
      const name = `${hertz(one.rate)}, synapse ${filter(one.synapse)}`;
      const input = make("input", "", { type: "radio", name: group, "aria-label": name });
      input.addEventListener("change", () => this.pick(i));
      // The arrow keys that pick are no keys of the Lab.
      input.addEventListener("keydown", (event) => {
        if (event.key.startsWith("Arrow") || event.key === " ") event.stopPropagation();
      });
      const { color, dashed } = lineStyle(this.theme, i);
      const swatch = make("i", "nl-tune-swatch");
      swatch.style.borderTop = `3px ${dashed ? "dashed" : "solid"} ${color}`;
      const best = i === told.best ? make("span", "nl-tune-best", {}, " ★ best") : "";
      const cells = [
        make("td", "", {}, input, swatch),
        make("td", "", {}, hertz(one.rate)),
        make("td", "", {}, filter(one.synapse)),
        make("td", "", {}, percent(one.accuracy), best),
        make("td", "", {}, milliseconds(one.latency)),
        make("td", "", {}, counted(one.spikes)),
      ];
      const row = make("tr", "", {}, ...cells);
      row.addEventListener("click", ({ target }) => {
        if (target !== input) this.pick(i);
      });
      return row;
    });
    const body = make("tbody", "", {}, ...rows);
    const table = make(
      "table",
      "",
      { "aria-label": "settings" },
      make("thead", "", {}, make("tr", "", {}, ...head)),
      body,
    );
    keepingFocus(this.table, () => this.table.replaceChildren(table));
  }
}

/** Where a person was among the settings, they are afterwards. */
function keepingFocus(element: HTMLElement, change: () => void): void {
  const all = [...element.querySelectorAll("input")];
  const at = all.findIndex((input) => input === document.activeElement);
  change();
  if (at >= 0) element.querySelectorAll("input")[at]?.focus({ preventScroll: true });
}

export default { name: "tune", still: true, make: () => new TunePanel() } satisfies PanelKind;
