/** The Lab: title, inputs, panels on one timeline, and the transport bar. */

import type { Arranging } from "./arranging";
import { make, setText } from "./dom";
import { takeModels } from "./dropping";
import { HistoryBar } from "./historybar";
import * as editor from "./editing/editor";
import { digest, PART, type Bokeh } from "./inspecting/bokeh";
import { findModel, NotebookCell, watchKernel, type WidgetModel } from "./host";
import { keyList, listenToKeys } from "./keys";
import { networkPicture, picture, probe, stats, type LabElement } from "./labshows";
import { Link } from "./link";
import { Liveness } from "./liveness";
import { LabMenu } from "./menu";
import {
  decodeMessage,
  type Frame,
  type InputLayout,
  type KernelMessage,
  type Layout,
  type PageMessage,
  type Ping,
} from "./messages";
import { Travel } from "./past";
import { Parts } from "./parts";
import { Picker } from "./picker";
import { Picking } from "./picking";
import { asView } from "./frames";
import { keepPicture, smallPng } from "./picture";
import { Printouts } from "./printouts";
import { NoticeLine, Problem } from "./problem";
import { Sliders } from "./sliders";
import { Stage } from "./stage";
import { FrameLog } from "./saved/kept";
import { Store, type LabState, type LabStore, type Status } from "./store";
import { Stream } from "./stream";
import { shareTimeline } from "./sharing";
import { readTheme, watchTheme } from "./theme";
import { UndoButtons } from "./undo";
import { UntilMenu } from "./until";
import { shown, Timeline } from "./timeline";
import { Transport } from "./transport";
import { watchSight } from "./visibility";

const FIRST_STATUS: Status = {
  state: "loading",
  time: 0,
  n_steps: 0,
  rtf: null,
  returning: null,
  note: "",
  speed: 1,
  error: null,
};

const ADVICE = "Mend it, then press reset (R) to start again from time zero.";
const LOST = "This panel is closed. Run its cell again to open it.";
const GONE =
  "It died, or was restarted or shut down. Run the notebook again from the top to go on.";
const SILENT =
  "It has said nothing for some seconds. It may be busy, or gone: if this stays, restart it " +
  "and run the notebook again.";

/** One panel by itself: which, and in which model's cell it stands. */
interface Alone {
  panel: string;
  transport: boolean;
  model: WidgetModel;
  modelId: string;
}

class LabView {
  readonly root: LabElement = make("div", "nengolab nl-lab", {
    tabindex: "0",
    role: "region",
    "aria-label": "nengolab",
  });
  private readonly id = crypto.randomUUID();
  private readonly title = make("h2", "nl-title", {}, "…");
  private readonly grid = make("div", "nl-plots");
  private readonly aside = make("div", "nl-aside", { hidden: "" });
  private readonly fold = make(
    "button",
    "nl-button nl-fold",
    { type: "button", hidden: "", "aria-expanded": "true" },
    "network",
  );
  private readonly problem = new Problem();
  private readonly notice = new NoticeLine(() => this.link.send({ type: "rebuild" }));
  private readonly printouts = new Printouts();
  private readonly log = new FrameLog();
  private readonly store: LabStore;
  private readonly timeline: Timeline;
  private readonly stream: Stream;
  private readonly stage: Stage;
  private readonly link: Link;
  private readonly liveness: Liveness;
  private readonly picking: Picking;
  private readonly parts: Parts;
  private readonly sliders: Sliders;
  private readonly picker: Picker;
  private readonly menu: LabMenu;
  private readonly transport: Transport;
  private readonly travel: Travel;
  private readonly history: HistoryBar;
  private readonly until: UntilMenu;
  private readonly travels: UndoButtons;
  private readonly talking = new AbortController();
  private resting = false;

  constructor(
    private readonly model: WidgetModel,
    private readonly signal: AbortSignal,
    private readonly alone: Alone | null = null,
  ) {
    const send = (message: PageMessage): void => this.link.send(message);
    this.store = new Store<LabState>({
      status: FIRST_STATUS,
      life: "alive",
      layout: null,
      theme: readTheme(this.root),
      sight: { visible: false, width: 0 },
      selection: null,
      picked: {},
      playhead: { now: 0, window: 2, held: null, hover: null },
    });
    this.timeline = new Timeline(this.store);
    this.link = new Link(model, () => ({ type: "hello", ...this.view() }), signal);
    this.picking = new Picking(this.store, send);
    this.parts = new Parts((name) => send({ type: "ask_part", name }), signal);
    this.stream = new Stream(
      {
        take: (frame, buffer) => this.stage.take(frame, buffer),
        draw: () => this.draw(),
        report: (report) => send({ type: "report", view: this.id, ...report }),
      },
      signal,
    );
    this.stage = new Stage(
      this.grid,
      {
        store: this.store,
        timeline: this.timeline,
        redraw: () => this.stream.redraw(),
        remove: (panel) => send({ type: "remove_panel", panel }),
        change: (panel, values) => send({ type: "set_panel", panel, values }),
        send: (panel, content) => send({ type: "to_panel", panel, content }),
        drive: (node, dim, value) => this.sliders.drive(node, dim, value),
        driveAll: (node, values, gesture) => this.sliders.driveAll(node, values, gesture),
        pick: (ensemble, neurons) => this.picking.pick(ensemble, neurons),
        bokeh: () => this.parts.load(PART, digest()) as Promise<Bokeh>,
        editor: () => this.parts.load(editor.PART, editor.digest()) as Promise<editor.Editing>,
        cell: (id) => NotebookCell.find(model, this.store.get().layout?.model_id ?? "", id),
        travel: (which) => send({ type: which }),
        arranging: alone === null ? arranging(send) : undefined,
        plots: alone === null,
      },
      signal,
      alone === null ? this.aside : null,
    );
    this.fold.addEventListener("click", () => this.foldAside());
    this.liveness = new Liveness((life) => this.store.set({ life }), signal);
    this.sliders = new Sliders(
      (move) => {
        this.stream.hurry();
        send(move);
      },
      (inputs) => this.keepInputs(inputs),
    );
    this.picker = new Picker(send);
    this.until = new UntilMenu(send);
    const keys = keyList();
    this.menu = new LabMenu(
      {
        stats: () => this.stream.stats,
        share: () => this.store.get().status.rtf,
        askCode: () => send({ type: "ask_code" }),
      },
      signal,
    );
    const travel = (which: "undo" | "redo"): void => send({ type: which });
    this.travels = new UndoButtons(travel);
    const { undo, redo } = this.travels;
    const tools = make(
      "span",
      "nl-tools",
      {},
      this.until.element,
      undo,
      redo,
      this.menu.button,
      keys.button,
    );
    const history = (this.history = new HistoryBar(this.store, this.timeline, signal));
    this.travel = new Travel(this.store, send, signal);
    history.element.append(...this.travel.elements);
    this.transport = new Transport(FIRST_STATUS, send, history.element, tools);
    if (alone === null)
      this.root.append(
        ...this.whole(),
        this.printouts.element,
        this.menu.element,
        keys.list,
        this.transport.element,
      );
    else this.root.append(...this.single(alone));
    listenToKeys(
      this.root,
      this.transport,
      this.timeline,
      keys.toggle,
      travel,
      this.talking.signal,
    );
    this.root.nengolab = probe(this.store, this.stage);
    this.root.nengolabStats = () => stats(this.stream, this.stage);
  }

  private whole(): HTMLElement[] {
    const plots = make("div", "nl-stage", {}, this.grid, this.picker.element);
    const left = make("div", "nl-left", {}, this.aside, this.sliders.element);
    const bench = make("div", "nl-bench", {}, left, plots);
    const head = make("header", "nl-head", {}, this.title, this.fold);
    const dropped = takeModels(
      this.root,
      (message) => this.link.send(message),
      (text) => this.notice.show(text),
      this.signal,
    );
    return [head, this.problem.element, this.notice.element, dropped, bench];
  }

  private single({ transport }: Alone): HTMLElement[] {
    this.root.classList.add("nl-alone");
    const plots = make("div", "nl-stage", {}, this.grid);
    const bar = transport ? [this.transport.element] : [];
    return [this.problem.element, this.notice.element, plots, ...bar];
  }

  /** Begin to listen, and ask the kernel for what there is to show. */
  start(): void {
    const { store } = this;
    // What the view of a closed panel says and hears ends before its drawing does.
    const { signal } = this.talking;
    this.signal.addEventListener("abort", () => this.talking.abort());
    const onMessage = (content: unknown, buffers: unknown): void => {
      this.receive(content, Array.isArray(buffers) ? buffers : []);
    };
    this.model.on("msg:custom", onMessage);
    const part = (): void => this.link.part({ type: "bye", view: this.id });
    signal.addEventListener("abort", () => {
      this.model.off("msg:custom", onMessage);
      part();
    });
    // A reload takes the page away without a word to the widgets. Where a person stays after
    // all, the next sign of life of the kernel brings the view back.
    window.addEventListener("beforeunload", part, { signal });
    window.addEventListener("pagehide", part, { signal });
    watchTheme(() => this.applyTheme(), signal);
    watchKernel(this.model, () => this.liveness.ended(), signal);
    watchSight(this.root, (sight) => store.set({ sight }), signal);
    store.subscribe(
      (s) => s.status,
      signal,
      () => this.showStatus(),
    );
    store.subscribe(
      (s) => s.life,
      signal,
      () => this.showStatus(),
    );
    store.subscribe(
      (s) => s.sight,
      signal,
      (sight) => {
        this.root.classList.toggle("nl-narrow", sight.width < 900);
        this.liveness.setVisible(sight.visible);
        if (sight.visible) this.applyTheme();
        if (store.get().layout === null) return;
        this.stream.reportNow();
        this.link.send({ type: "view", ...this.view() });
      },
    );
    store.subscribe(
      (s) => s.playhead.held,
      signal,
      (held) => {
        this.root.classList.toggle(
          "nl-held",
          held !== null || store.get().status.state !== "running",
        );
        this.stream.redraw();
      },
    );
    store.subscribe(
      (s) => s.status.state,
      signal,
      (state) => {
        this.root.classList.toggle(
          "nl-held",
          state !== "running" || store.get().playhead.held !== null,
        );
      },
    );
    this.applyTheme();
    this.link.ask();
  }

  private view(): { view: string; panel?: string; visible: boolean; width: number } {
    // The kernel thins to the pixels of one plot, of which two may stand side by side.
    const { sight } = this.store.get();
    const width = (this.stage.widest || sight.width) * (window.devicePixelRatio || 1);
    const panel = this.alone === null ? {} : { panel: this.alone.panel };
    return { view: this.id, ...panel, visible: sight.visible, width: Math.round(width) };
  }

  private receive(content: unknown, buffers: unknown[]): void {
    const message = decodeMessage(content);
    if (message === null) return;
    this.liveness.heard();
    this.take(message, buffers[0]);
  }

  private take(message: KernelMessage, buffer: unknown): void {
    if (message.type === "frame") this.takeFrame(message, buffer);
    else if (message.type === "layout") void this.arrange(message);
    else if (message.type === "inputs") this.updateInputs(message);
    else if (message.type === "notice") this.notice.tell(message);
    else if (message.type === "past") {
      this.travel.update(message);
      this.history.update(message);
    } else if (message.type === "beside") {
      this.travel.besides(message.branch);
      this.stage.beside(message, asView(buffer));
    } else if (message.type === "printed") this.printouts.take(message);
    else if (message.type === "code") void this.menu.take(message.text);
    else if (message.type === "ping") this.takePing(message);
    else if (message.type === "picked") this.picking.take(message);
    else if (message.type === "part")
      this.parts.take(message.name, message.problem, asView(buffer));
    else this.stage.tiles.get(message.panel)?.hear(message.content, asView(buffer));
  }

  private takeFrame(frame: Frame, buffer: unknown): void {
    const data = asView(buffer);
    this.sliders.heard(frame.heard);
    this.stream.receive(frame, data);
    this.log.add(frame, data);
    this.setStatus(frame);
    if (frame.clear) this.timeline.restart(frame.time);
    else this.timeline.advance(frame.time);
  }

  private takePing(ping: Ping): void {
    this.setStatus(ping);
    if (ping.views.includes(this.id)) this.link.send({ type: "pong", view: this.id });
    else this.link.send({ type: "view", ...this.view() });
  }

  private setStatus(told: Frame | Ping): void {
    const { state, time, n_steps, rtf, speed, returning, note, error } = told;
    this.store.set({ status: { state, time, n_steps, rtf, speed, returning, note, error } });
  }

  private showStatus(): void {
    const { status, life } = this.store.get();
    const over = life === "gone" || status.state === "closed";
    for (const part of [this.sliders, this.picker, this.travels]) part.enable(!over);
    this.transport.update(life === "gone" ? { ...status, state: "gone" } : status);
    if (life === "alive") {
      if (this.resting) this.transport.remark("");
      this.resting = false;
      this.problem.show(status.error, status.state === "error" ? ADVICE : "");
      return;
    }
    if (life === "silent") this.transport.remark("no answer from the kernel");
    this.resting = life === "silent";
    const [heading, message] =
      life === "gone" ? ["Kernel gone", GONE] : ["No answer from the kernel", SILENT];
    this.problem.say(heading, { object: "", message, traceback: "" }, "");
  }

  private async arrange(whole: Layout): Promise<void> {
    const { alone } = this;
    const first = this.store.get().layout === null;
    const panels = whole.panels.filter(({ id }) => alone === null || id === alone.panel);
    const layout = { ...whole, panels };
    if (first) shareTimeline(layout.session, this.store, this.signal);
    // One that was closed goes on showing what it has.
    if (alone !== null && panels.length === 0) return this.retire();
    this.link.answered(layout.path);
    this.store.set({ layout });
    this.timeline.setWindow(layout.window);
    setText(this.title, layout.title);
    const name = alone === null ? layout.title : `${panels[0].title}: ${panels[0].what}`;
    this.root.setAttribute("aria-label", `nengolab: ${name}`);
    this.showAside(layout);
    this.updateInputs(layout);
    this.travels.update(layout);
    this.until.update(layout.offers);
    this.picker.update(layout.offers, layout.panels.length === 0);
    await this.stage.arrange(layout);
    if (this.signal.aborted) return;
    this.stream.redraw();
    this.link.send({ type: "view", ...this.view() });
    const [model, id] =
      alone === null ? [this.model, layout.model_id] : [alone.model, alone.modelId];
    if (!first) return;
    const kept = (): string =>
      this.log.pack(
        this.store.get().layout ?? layout,
        networkPicture(this.store, this.stage),
        this.stage.stillPictures(smallPng),
      );
    keepPicture(model, id, () => picture(this.root, this.store, this.stage), kept, this.signal);
  }

  /** The network view can be folded away; it stays where it is, and its data with it. */
  private showAside({ aside }: Layout): void {
    const folded = aside?.data.folded === true;
    this.aside.hidden = aside === null || folded;
    this.fold.hidden = aside === null;
    this.fold.setAttribute("aria-expanded", String(!folded));
    this.fold.title = folded ? "show the network" : "fold the network away";
  }

  private foldAside(): void {
    const aside = this.store.get().layout?.aside ?? null;
    if (aside === null) return;
    const values = { folded: aside.data.folded !== true };
    this.link.send({ type: "set_panel", panel: aside.id, values });
  }

  /** The panel was closed: what it shows stays, and is asked for no more. */
  private retire(): void {
    this.root.classList.add("nl-closed");
    this.notice.show(LOST);
    this.transport.update({ ...this.store.get().status, state: "closed" });
    this.talking.abort();
  }

  /** What else shows them, such as the network view, reads it from the layout. */
  private keepInputs(inputs: InputLayout[] | null): void {
    const { layout } = this.store.get();
    if (layout !== null && layout.inputs !== inputs)
      this.store.set({ layout: { ...layout, inputs } });
  }

  private updateInputs({ inputs, heard }: Pick<Layout, "inputs" | "heard">): void {
    this.keepInputs(this.sliders.update(inputs, this.store.get().layout?.no_inputs ?? "", heard));
  }

  private draw(): void {
    const { from, to } = shown(this.store.get().playhead);
    this.stage.draw(from, to);
  }

  private applyTheme(): void {
    this.store.set({ theme: readTheme(this.root) });
  }
}

function arranging(send: (message: PageMessage) => void): Arranging {
  return {
    move: (panel, to) => send({ type: "move_panel", panel, to }),
    resize: (panel, size) => send({ type: "size_panel", panel, ...size }),
  };
}

/** anywidget's entry: draw a view of the model into `el`, and return how to clear it away. */
async function render({ model, el }: { model: WidgetModel; el: HTMLElement }): Promise<() => void> {
  const controller = new AbortController();
  const { signal } = controller;
  const panel = model.get("_panel");
  if (typeof panel !== "string") {
    show(new LabView(model, signal), el);
    return () => controller.abort();
  }
  // A panel by itself talks through the model that all of its session have in common.
  const hub = await findModel(model, String(model.get("_hub")), signal);
  if (hub === null) el.append(make("p", "nengolab nl-lost", {}, LOST));
  else {
    const alone = {
      panel,
      transport: model.get("_transport") === true,
      model,
      modelId: String(model.get("_me")),
    };
    show(new LabView(hub, signal, alone), el);
  }
  return () => controller.abort();
}

function show(view: LabView, el: HTMLElement): void {
  el.append(view.root);
  view.start();
}

export default { render };
