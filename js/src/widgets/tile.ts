/** The frame around a panel: its title, its legend, its menu, the button that removes it. */

import { Arranger, type Arranging } from "./arranging";
import { Strip } from "./charts/strip";
import { iconButton, make, setText } from "./dom";
import { endOf } from "./ended";
import { exportButtons } from "./exports";
import type { FrameArray } from "./frames";
import { Gestures } from "./gestures";
import { kit } from "./kit";
import type { ForeignKind, PanelLayout } from "./messages";
import type { FrameMeta, Panel, PanelContext } from "./panel";
import { findKind } from "./registry";
import { SettingsMenu } from "./settings";
import type { LabStore, LabState } from "./store";
import type { Theme } from "./theme";
import { shown, type Timeline } from "./timeline";

const HINTS: Partial<Record<LabState["status"]["state"], string>> = {
  ready: "Press ▶ to run the network.",
  paused: "Press ▶ to run the network.",
  running: "waiting for the first values …",
};

/** Of a panel that came when some time had passed already. */
const LATER = "Shown from here on, once the network goes on.";

const REMOVE = "M4 3 8 7l4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z";

/** More names than this are no legend any more. */
const MOST_NAMES = 12;

export interface TileHost {
  store: LabStore;
  timeline: Timeline;
  redraw: () => void;
  remove: (panel: string) => void;
  change: (panel: string, values: Record<string, unknown>) => void;
  send: (panel: string, content: Record<string, unknown>) => void;
  drive: (node: string, dim: number, value: number) => void;
  driveAll: (node: string, values: number[], gesture: string) => void;
  /** How a person moves and resizes panels; none for one that stands alone. */
  arranging?: Arranging;
  pick: PanelContext["pick"];
  bokeh: PanelContext["bokeh"];
  editor: PanelContext["editor"];
  cell: PanelContext["cell"];
  travel: PanelContext["travel"];
  settle: PanelContext["settle"];
  /** Pictures of what cannot be drawn here, by panel. */
  pictures?: Record<string, string>;
  /** Whether other panels can be opened beside it. */
  plots: boolean;
}

export class Tile {
  readonly element: HTMLElement;
  readonly body = make("div", "nl-plot-body");
  panel: Panel | null = null;
  /** Whether a saved notebook keeps a picture of it, and not its data. */
  still = false;
  /** Pictures in which there was new data of this panel. */
  drawn = 0;
  private readonly hint = make("p", "nl-plot-hint");
  private readonly title = make("span", "nl-plot-title");
  private readonly what = make("span", "nl-plot-what");
  private readonly legend = make("span", "nl-legend");
  private readonly settings: SettingsMenu;
  private readonly removeButton: HTMLButtonElement;
  private readonly arranger: Arranger | null = null;
  private readonly life = new AbortController();
  /** Ends what belongs to the panel that is mounted now, or is about to be. */
  private mounting = new AbortController();
  private filled = false;
  private fresh = false;
  private early: [Map<string, FrameArray>, FrameMeta][] = [];
  private earlyWords: [Record<string, unknown>, DataView][] = [];
  private other: [Map<string, FrameArray> | null, string] = [null, ""];

  constructor(
    public layout: PanelLayout,
    private readonly host: TileHost,
    /** What stands beside the plots is no figure among them. */
    tag: "figure" | "section" = "figure",
  ) {
    this.removeButton = iconButton(REMOVE, "remove", "");
    this.removeButton.classList.add("nl-quiet");
    this.removeButton.addEventListener("click", () => host.remove(this.layout.id));
    this.settings = new SettingsMenu((values) => host.change(this.layout.id, values));
    const file = (): string => `${this.layout.title}-${this.layout.kind}`;
    this.settings.extra.append(
      exportButtons(
        file,
        () => this.panel,
        this.body,
        () => this.layout.python,
        () => shown(host.store.get().playhead),
      ),
    );
    const tools = make("span", "nl-plot-tools", {}, this.settings.element, this.removeButton);
    const head = make("header", "nl-plot-head", {}, this.title, this.what, this.legend, tools);
    this.body.append(this.hint);
    this.element = make(tag, "nl-plot", {}, head, this.body);
    this.element.dataset.panel = layout.id;
    this.element.dataset.kind = layout.kind;
    if (host.arranging !== undefined) {
      this.arranger = new Arranger(
        this.element,
        tools,
        () => this.layout,
        host.arranging,
        this.life.signal,
      );
    } else {
      this.removeButton.remove();
    }
    this.element.addEventListener("pointerenter", () => this.select(this.layout.title));
    this.element.addEventListener("pointerleave", () => this.select(null));
    new Gestures(this.body, () => this.panel, host.store, host.timeline, this.life.signal);
    host.store.subscribe(
      (s) => s.selection,
      this.life.signal,
      (selection) => {
        this.element.classList.toggle("nl-selected", selection === this.layout.title);
      },
    );
    host.store.subscribe(
      (s) => `${s.status.state} ${endOf(s)}`,
      this.life.signal,
      () => this.explain(),
    );
    host.store.subscribe(
      (s) => s.playhead.hover,
      this.life.signal,
      () => host.redraw(),
    );
    host.store.subscribe(
      (s) => s.theme,
      this.life.signal,
      (theme) => this.retheme(theme),
    );
    this.name();
  }

  /** Make the panel; one that was removed meanwhile leaves nothing behind. */
  async open(foreign: ForeignKind[]): Promise<void> {
    const { signal } = (this.mounting = new AbortController());
    const place = make("div", "nl-plot-place");
    this.body.append(place);
    signal.addEventListener("abort", () => place.remove());
    try {
      const picture = this.host.pictures?.[this.layout.id];
      if (picture !== undefined) {
        const alt = `${this.layout.title}: ${this.layout.what}, as it was saved`;
        place.append(make("img", "nl-still", { src: picture, alt }));
        this.filled = true;
        return;
      }
      const kind = await findKind(this.layout.kind, foreign);
      if (signal.aborted) return;
      this.still = kind.still === true;
      const panel = kind.make();
      await panel.mount(place, this.context(signal));
      if (signal.aborted) return;
      this.panel = panel;
      for (const [arrays, meta] of this.early) this.receive(arrays, meta);
      for (const [content, buffer] of this.earlyWords) panel.hear?.(content, buffer);
      panel.beside?.(...this.other);
      this.retheme(this.host.store.get().theme);
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      place.replaceChildren(make("p", "nl-plot-failed", { role: "note" }, text));
      this.filled = true;
    } finally {
      [this.early, this.earlyWords] = [[], []];
    }
    this.explain();
    this.host.redraw();
  }

  /** Take over what the kernel says of it now. */
  update(layout: PanelLayout, foreign: ForeignKind[]): void {
    const before = this.layout;
    if (JSON.stringify(before) === JSON.stringify(layout)) return;
    this.layout = layout;
    this.name();
    const { columns, height } = before;
    if (JSON.stringify({ ...layout, columns, height }) === JSON.stringify(before)) return;
    if (layout.rev === before.rev && this.panel?.relayout !== undefined) {
      this.panel.relayout(layout);
      this.retheme(this.host.store.get().theme);
      this.host.redraw();
      return;
    }
    this.mounting.abort();
    this.panel = null;
    this.filled = false;
    void this.open(foreign);
  }

  /** Give what the kernel says to the panel, or keep it for the panel that is being made. */
  hear(content: Record<string, unknown>, buffer: DataView): void {
    if (this.panel !== null) this.panel.hear?.(content, buffer);
    else if (this.earlyWords.length < 100) this.earlyWords.push([content, buffer]);
  }

  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void {
    if (this.panel === null) {
      // Its kind is still being loaded; what comes meanwhile is little.
      if (this.early.length < 100) this.early.push([arrays, meta]);
      return;
    }
    this.panel.receive(arrays, meta);
    this.fresh = true;
    if (this.filled) return;
    this.filled = [...arrays.values()].some((array) => array.length > 0);
    if (this.filled) this.hint.hidden = true;
  }

  /** Show another branch too; kept for a panel that is not made yet. */
  beside(arrays: Map<string, FrameArray> | null, branch: string): void {
    this.other = [arrays, branch];
    this.panel?.beside?.(arrays, branch);
    this.retheme(this.host.store.get().theme);
  }

  /** What has no time axis shows the instant that is pointed at on a plot that has one. */
  draw(from: number, to: number): void {
    if (this.panel === null) return;
    const { hover } = this.host.store.get().playhead;
    const at = hover !== null && hover >= from && hover <= to ? hover : to;
    const end = Strip.in(this.body) === null ? at : to;
    this.panel.draw?.(from - (to - end), end, at);
    if (this.fresh) this.drawn += 1;
    this.fresh = false;
  }

  clear(): void {
    this.panel?.clear();
    this.early = [];
    this.filled = false;
    this.explain();
  }

  remove(): void {
    this.mounting.abort();
    this.life.abort();
    this.panel = null;
    this.element.remove();
  }

  /** Draw attention to it. */
  flash(): void {
    this.element.scrollIntoView({ block: "nearest" });
    this.element.animate([{ opacity: 0.3 }, { opacity: 1 }], 400);
  }

  private context(signal: AbortSignal): PanelContext {
    const { store, timeline, redraw, drive, driveAll, plots, pick } = this.host;
    const { bokeh, editor, cell, travel, settle } = this.host;
    const send = (content: Record<string, unknown>): void =>
      this.host.send(this.layout.id, content);
    const change = (values: Record<string, unknown>): void =>
      this.host.change(this.layout.id, values);
    return {
      layout: this.layout,
      theme: store.get().theme,
      send,
      change,
      drive,
      driveAll,
      pick,
      bokeh,
      editor,
      cell,
      travel,
      settle,
      plots,
      signal,
      store,
      timeline,
      redraw,
      kit,
    };
  }

  private name(): void {
    const { title, what, settings } = this.layout;
    const name = `${title}: ${what}`;
    setText(this.title, title);
    this.title.title = title;
    setText(this.what, what);
    this.element.setAttribute("aria-label", name);
    this.removeButton.setAttribute("aria-label", `remove the plot ${name}`);
    this.removeButton.title = `remove the plot ${name}`;
    this.settings.update(name, settings);
    this.arranger?.name(name);
  }

  private retheme(theme: Theme): void {
    if (this.panel === null) return;
    this.panel.retheme(theme);
    const items = this.panel.legend?.(theme) ?? [];
    this.legend.hidden = items.length < 2;
    const shown = items.slice(0, items.length > MOST_NAMES ? MOST_NAMES - 1 : MOST_NAMES);
    const entries = shown.map(({ name, color, dashed }) => {
      const swatch = make("span", "nl-swatch");
      swatch.style.borderTop = `3px ${dashed ? "dashed" : "solid"} ${color}`;
      return make("span", "nl-legend-item", {}, swatch, name);
    });
    const more = items.length - shown.length;
    if (more > 0) entries.push(make("span", "nl-legend-item", {}, `and ${more} more`));
    this.legend.replaceChildren(...entries);
  }

  /** While there is nothing to show yet, say why or what to do. */
  private explain(): void {
    const filled = this.filled || this.panel?.speaks === true;
    this.hint.hidden = filled;
    if (filled) return;
    const now = this.host.store.get();
    const { state } = now.status;
    const later = state === "paused" && now.playhead.now > 0;
    const silent = state === "running" && this.layout.kind === "raster";
    const going = silent ? "no spikes yet" : later ? LATER : (HINTS[state] ?? "");
    setText(this.hint, endOf(now) || going);
  }

  private select(selection: string | null): void {
    if (this.panel?.points === true) return;
    this.host.store.set({ selection });
  }
}
