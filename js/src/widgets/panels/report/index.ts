/** What each layer of a Keras model became: a table whose rows lead to the network's objects. */

import "./report.css";

import { make } from "../../dom";
import { ElementPicture } from "../../elementpicture";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { isReported, type Line, type Reported } from "./payload";

const ASK_EVERY_MS = 3000;
const HEAD = ["Keras layer", "became", "shape", "neurons", "parameters"];
const RATE = "rate (Hz)";

const whole = (count: number): string => (count === 0 ? "" : count.toLocaleString("en"));

/** Firing rates in words: the mean, and that of the fastest neuron. */
export function rateOf({ rate, max_rate: most }: Line): string {
  if (rate === null) return "";
  return `${rate.toFixed(1)}${most === null ? "" : `, most ${most.toFixed(0)}`}`;
}

class ReportPanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private told = false;
  private image!: ElementPicture;
  private readonly element = make("div", "nl-report");
  /** Rows by the name of their object. */
  private rows: { object: string; row: HTMLElement }[] = [];

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    const { signal, store } = context;
    body.append(this.element);
    this.image = new ElementPicture(this.element, signal);
    signal.addEventListener("abort", () => this.element.remove());
    this.element.append(make("p", "nl-report-note", {}, "Waiting for the report …"));
    store.subscribe(
      (s) => s.selection,
      signal,
      (name) => this.mark(name),
    );
    this.ask();
  }

  private ask(): void {
    if (this.context.signal.aborted || this.told) return;
    this.context.send({ type: "ask" });
    window.setTimeout(() => this.ask(), ASK_EVERY_MS);
  }

  hear(content: Record<string, unknown>): void {
    if (!isReported(content)) return;
    this.told = true;
    this.show(content);
  }

  receive(): void {
    // It comes as a message.
  }

  clear(): void {
    // Nothing of it is of the past.
  }

  retheme(): void {
    this.image.later(); // on the page its colours are those of the style sheet
  }

  picture(): HTMLCanvasElement | null {
    return this.image.canvas;
  }

  // ---- the table ----------------------------------------------------------------------------------

  private show({ summary, lines, note, problem }: Reported): void {
    this.rows = [];
    if (problem !== "") {
      const said = make("p", "nl-report-error", { role: "alert" }, problem);
      return this.element.replaceChildren(said);
    }
    const rates = lines.some((line) => line.rate !== null);
    const head = [...HEAD, ...(rates ? [RATE] : [])].map((text, i) =>
      make("th", i < 3 ? "" : "nl-report-number", { scope: "col" }, text),
    );
    const body = make("tbody", "", {}, ...lines.flatMap((line) => this.line(line, rates)));
    const table = make("table", "", {}, make("thead", "", {}, make("tr", "", {}, ...head)), body);
    const parts = [
      make("strong", "", {}, summary),
      make("div", "nl-table nl-report-table", {}, table),
    ];
    if (note !== "") parts.splice(1, 0, make("p", "nl-report-note", {}, note));
    this.element.replaceChildren(...parts);
    this.mark(this.context.store.get().selection);
  }

  private line(line: Line, rates: boolean): HTMLElement[] {
    const { kind, became, shape_in: from, shape_out: to, neurons, parameters, names } = line;
    const native = line.why === "";
    const layer = make("th", "", { scope: "row" }, this.name(line));
    layer.append(make("small", "", {}, kind));
    const state = make("td", "", {}, became);
    const numbers = [whole(neurons), whole(parameters), ...(rates ? [rateOf(line)] : [])];
    const cells = numbers.map((text) => make("td", "nl-report-number", {}, text));
    if (names.length > 0) cells[1].title = names.join("\n");
    const shape = make("td", "nl-report-shape", {}, from === "" ? to : `${from} → ${to}`);
    const row = make("tr", native ? "" : "nl-report-held", {}, layer, state, shape, ...cells);
    this.rows.push({ object: line.object, row });
    row.addEventListener("pointerenter", () => this.point(line.object));
    row.addEventListener("pointerleave", () => this.point(""));
    if (native) return [row];
    const why = make("td", "nl-report-why", { colspan: String(2 + cells.length) }, line.why);
    if (line.instead !== "") {
      why.append(make("br"), make("span", "", {}, "native with "), line.instead);
    }
    return [row, make("tr", "nl-report-held nl-report-reason", {}, make("td"), why)];
  }

  /** What a layer is called: a button where there is an object, and a view of the network. */
  private name({ name, object, at }: Line): HTMLElement {
    if (at < 0) return make("span", "nl-report-name", {}, name);
    const title = this.context.plots ? `go to ${object} in the network view` : `mark ${object}`;
    const button = make("button", "nl-report-name", { type: "button", title }, name);
    button.addEventListener("click", () => {
      const { store } = this.context;
      store.set({ selection: object, sought: { of: "object", at } });
    });
    button.addEventListener("focus", () => this.point(object));
    return button;
  }

  private point(object: string): void {
    const selection = object === "" ? null : object;
    const { store } = this.context;
    if (store.get().selection !== selection) store.set({ selection });
  }

  /** The rows of the object that is pointed at anywhere. */
  private mark(name: string | null): void {
    for (const { object, row } of this.rows)
      row.classList.toggle("nl-report-marked", object !== "" && object === name);
  }
}

export default { name: "report", still: true, make: () => new ReportPanel() } satisfies PanelKind;
