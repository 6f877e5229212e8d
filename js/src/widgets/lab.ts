/** The Lab: title, inputs, plots on one timeline, and the transport bar. */

import { make, setText } from "./dom";
import { watchKernel, type WidgetModel } from "./host";
import { keyList, listenToKeys } from "./keys";
import { Liveness, type Life } from "./liveness";
import {
  asKernelMessage,
  type BrowserMessage,
  type Command,
  type FrameHeader,
  type Layout,
  type Ping,
  type Status,
} from "./messages";
import { Picker } from "./picker";
import { keepPicture, type Picture } from "./picture";
import { NoticeLine, Problem } from "./problem";
import { Sliders } from "./sliders";
import { readTheme, watchTheme, type Theme } from "./theme";
import { Timeline } from "./timeline";
import { Transport, stateWords, timeText } from "./transport";
import { watchSight, type Sight } from "./visibility";

const FIRST_STATUS: Status = {
  state: "loading",
  time: 0,
  n_steps: 0,
  rtf: null,
  speed: 1,
  error: null,
};

/** How long acknowledgements may lie unread before the bar says that the kernel is busy. */
const BUSY_AFTER_MS = 1500;

const ADVICE = "Mend it, then press reset (R) to start again from time zero.";
const GONE =
  "It died, or was restarted or shut down. Run the notebook again from the top to go on.";
const SILENT =
  "It has said nothing for some seconds. It may be busy, or gone: if this stays, restart it " +
  "and run the notebook again.";

/** What a Lab shows, for tests and for people who look in the browser's console. */
export interface LabProbe {
  status: () => Status;
  layout: () => Layout | null;
  /** The columns of the Bokeh data source of each plot, by plot id. */
  sources: () => Record<string, Record<string, number[]>>;
  stats: () => { frames: number; bytes: number; drawn: number };
}

/** The root element of a Lab; `nengolab` is documented for tests. */
export type LabElement = HTMLElement & { nengolab?: LabProbe };

class LabView {
  readonly root: LabElement = make("div", "nengolab", {
    tabindex: "0",
    role: "region",
    "aria-label": "nengolab",
    // JupyterLab's own keys must not act while the focus is in here.
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly id = crypto.randomUUID();
  private readonly title = make("h2", "nl-title", {}, "…");
  private readonly grid = make("div", "nl-plots");
  private readonly problem = new Problem();
  private readonly notice = new NoticeLine();
  private readonly sliders: Sliders;
  private readonly picker: Picker;
  private readonly transport: Transport;
  private readonly timeline: Timeline;
  private readonly liveness: Liveness;
  private status: Status = FIRST_STATUS;
  private layout: Layout | null = null;
  private theme: Theme | null = null;
  private sight: Sight = { visible: false, width: 0 };
  private acked = { seq: 0, at: 0 };
  private counts = { frames: 0, bytes: 0, drawn: 0 };

  constructor(
    private readonly model: WidgetModel,
    private readonly signal: AbortSignal,
  ) {
    const command = (what: Command): void => this.send({ type: "command", ...what });
    const keys = keyList();
    this.sliders = new Sliders(command);
    this.picker = new Picker(command);
    this.transport = new Transport(this.status, command, keys.button);
    this.timeline = new Timeline(
      this.grid,
      (seq) => this.acknowledge(seq),
      (plot) => command({ name: "remove_plot", plot }),
      signal,
    );
    this.liveness = new Liveness((life) => this.showLife(life), signal);
    const plots = make("div", "nl-stage", {}, this.grid, this.picker.element);
    const bench = make("div", "nl-bench", {}, this.sliders.element, plots);
    const head = make("header", "nl-head", {}, this.title);
    this.root.append(head, this.problem.element, this.notice.element, bench);
    this.root.append(keys.list, this.transport.element);
    listenToKeys(this.root, this.transport, keys.toggle, signal);
    this.root.nengolab = this.probe();
  }

  /** Begin to listen, and ask the kernel for what there is to show. */
  start(): void {
    const onMessage = (content: unknown, buffers: unknown): void => {
      this.receive(content, Array.isArray(buffers) ? buffers : []);
    };
    this.model.on("msg:custom", onMessage);
    this.signal.addEventListener("abort", () => {
      this.model.off("msg:custom", onMessage);
      this.send({ type: "bye", view: this.id });
    });
    watchTheme(() => this.applyTheme(), this.signal);
    watchKernel(this.model, () => this.liveness.ended(), this.signal);
    watchSight(this.root, (sight) => this.see(sight), this.signal);
    this.applyTheme();
    this.send({ type: "hello", ...this.view() });
  }

  private send(message: BrowserMessage): void {
    this.model.send(message);
  }

  private see(sight: Sight): void {
    this.sight = sight;
    this.root.classList.toggle("nl-narrow", sight.width < 900);
    this.liveness.setVisible(sight.visible);
    if (sight.visible) this.applyTheme();
    this.send({ type: "view", ...this.view() });
  }

  private view(): { view: string; visible: boolean; width: number } {
    // The kernel thins to the pixels of one plot, of which two may stand side by side.
    const width = this.timeline.plotWidth || this.sight.width;
    return { view: this.id, visible: this.sight.visible, width };
  }

  private receive(content: unknown, buffers: unknown[]): void {
    const message = asKernelMessage(content);
    if (message === null) return;
    this.liveness.heard();
    if (message.type === "layout") void this.arrange(message);
    else if (message.type === "inputs") this.sliders.update(message.inputs);
    else if (message.type === "notice") this.notice.show(message.text);
    else if (message.type === "ping") this.takePing(message);
    else this.takeFrame(message, buffers[0]);
  }

  private takeFrame(header: FrameHeader, buffer: unknown): void {
    const data = buffer instanceof DataView ? buffer : new DataView(new ArrayBuffer(0));
    this.counts.frames += 1;
    this.counts.bytes += data.byteLength;
    this.timeline.receive(header, data);
    this.show(header);
  }

  private takePing(ping: Ping): void {
    this.show(ping);
    this.send({ type: "pong" });
    const waiting = ping.acked < this.acked.seq && performance.now() - this.acked.at > BUSY_AFTER_MS;
    const busy = waiting && ping.state === "running";
    this.transport.remark(busy ? "running; plots wait while a cell is busy" : "");
  }

  private acknowledge(seq: number): void {
    this.counts.drawn += 1;
    this.acked = { seq, at: performance.now() };
    this.send({ type: "ack", seq });
  }

  private show(status: Status): void {
    const { state, time, n_steps, rtf, speed, error } = status;
    this.status = { state, time, n_steps, rtf, speed, error };
    this.transport.update(this.status);
    this.timeline.explain(state);
    this.problem.show(error, state === "error" ? ADVICE : "");
  }

  private showLife(life: Life): void {
    if (life === "alive") return this.show(this.status);
    if (life === "gone") this.transport.update({ ...this.status, state: "gone" });
    else this.transport.remark("no answer from the kernel");
    const [heading, message] =
      life === "gone" ? ["Kernel gone", GONE] : ["No answer from the kernel", SILENT];
    this.problem.say(heading, { object: "", message, traceback: "" }, "");
  }

  private async arrange(layout: Layout): Promise<void> {
    const first = this.layout === null;
    this.layout = layout;
    setText(this.title, layout.title);
    this.root.setAttribute("aria-label", `nengolab: ${layout.title}`);
    this.sliders.update(layout.inputs);
    this.picker.update(layout.offers, layout.plots.length === 0);
    this.theme ??= readTheme(this.root);
    const arranged = this.timeline.arrange(layout.plots, layout.window, this.theme);
    this.timeline.explain(this.status.state);
    await arranged;
    this.send({ type: "view", ...this.view() });
    if (first) keepPicture(this.model, layout.model_id, () => this.picture(), this.signal);
  }

  private applyTheme(): void {
    this.theme = readTheme(this.root);
    this.timeline.applyTheme(this.theme);
  }

  private picture(): Picture | null {
    if (this.theme === null || !this.root.isConnected) return null;
    const tiles = [...this.timeline.tiles.values()].map((tile) => ({
      element: tile.element,
      body: tile.body,
      title: tile.layout.title,
      what: tile.layout.what,
      lineNames: tile.drawing.lineNames,
      canvas: tile.drawing.figure.canvas(),
    }));
    const footer = `${timeText(this.status.time)} simulated, ${stateWords(this.status)}`;
    const title = this.layout?.title ?? "";
    return { root: this.root, title, footer, tiles, theme: this.theme };
  }

  private probe(): LabProbe {
    return {
      status: () => this.status,
      layout: () => this.layout,
      stats: () => ({ ...this.counts }),
      sources: () =>
        Object.fromEntries(
          [...this.timeline.tiles].map(([id, tile]) => [id, tile.drawing.figure.columns()]),
        ),
    };
  }
}

/** anywidget's entry: draw a view of the model into `el`, and return how to clear it away. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const controller = new AbortController();
  const view = new LabView(model, controller.signal);
  el.append(view.root);
  view.start();
  return () => controller.abort();
}

export default { render };
