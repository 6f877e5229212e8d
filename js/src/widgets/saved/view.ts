/** A Lab without a kernel: its last seconds, which can be scrubbed, zoomed and exported. */

import { make } from "../dom";
import { HistoryBar } from "../historybar";
import { Stage } from "../stage";
import { Store, type LabState } from "../store";
import { readTheme, watchTheme } from "../theme";
import { shown, Timeline } from "../timeline";
import { timeText } from "../transport";
import { readKept, type Kept } from "./kept";

const ADVICE = "Run the cell to make it live.";

/** Show what is kept; false where it cannot be read. */
export function showKept(text: unknown, parent: HTMLElement, signal: AbortSignal): boolean {
  const found = readKept(text);
  if (found === null) return false;
  void new SavedView(found.kept, found.buffers, parent, signal).open();
  return true;
}

class SavedView {
  private readonly root = make("div", "nengolab nl-lab nl-saved", { role: "region" });
  private readonly store: Store<LabState>;
  private readonly timeline: Timeline;
  private readonly stage: Stage;
  private scheduled = 0;

  constructor(
    private readonly kept: Kept,
    private readonly buffers: DataView[],
    parent: HTMLElement,
    signal: AbortSignal,
  ) {
    const { layout } = kept;
    const last = kept.frames[kept.frames.length - 1];
    parent.append(this.root);
    this.store = new Store<LabState>({
      status: { ...last, state: "closed", error: null },
      life: "alive",
      layout,
      theme: readTheme(this.root),
      sight: { visible: true, width: 0 },
      selection: null,
      picked: {},
      playhead: { now: last.time, window: layout.window, held: null, hover: null },
    });
    this.timeline = new Timeline(this.store);
    const plots = make("div", "nl-plots");
    this.stage = new Stage(
      plots,
      {
        store: this.store,
        timeline: this.timeline,
        redraw: () => this.redraw(),
        remove: () => undefined,
        change: () => undefined,
        send: () => undefined,
        drive: () => undefined,
        driveAll: () => undefined,
        pick: () => undefined,
        bokeh: () => Promise.reject(new Error("Run the cell to see it.")),
        editor: () => Promise.reject(new Error("none here")),
        cell: () => null,
        travel: () => undefined,
        pictures: kept.pictures,
        plots: false,
      },
      signal,
    );
    const saved = make("span", "nl-state", {}, `saved at ${timeText(last.time)}. ${ADVICE}`);
    const bar = new HistoryBar(this.store, this.timeline, signal, () => this.first);
    this.root.setAttribute("aria-label", `nengolab: ${layout.title}, saved`);
    this.root.append(
      make("header", "nl-head", {}, make("h2", "nl-title", {}, layout.title)),
      make("div", "nl-bench", {}, ...this.network(), make("div", "nl-stage", {}, plots)),
      make("div", "nl-transport", {}, saved, bar.element),
    );
    this.store.subscribe(
      (s) => s.playhead,
      signal,
      () => this.redraw(),
    );
    watchTheme(() => this.store.set({ theme: readTheme(this.root) }), signal);
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.scheduled);
      this.root.remove();
    });
  }

  /** The network as it was last seen. */
  private network(): HTMLElement[] {
    const { network, layout } = this.kept;
    if (network === "") return [];
    const alt = `the network «${layout.title}», as it was when the notebook was saved`;
    const picture = make("img", "nl-saved-network", { src: network, alt });
    return [make("div", "nl-left", {}, picture)];
  }

  async open(): Promise<void> {
    await this.stage.arrange(this.kept.layout);
    this.kept.frames.forEach((frame, i) => this.stage.take(frame, this.buffers[i]));
    this.redraw();
  }

  /** The first instant of which all plots over time have data. */
  private get first(): number {
    const starts = new Map<string, number[]>();
    for (const { panels } of this.kept.frames)
      for (const { id, t0 } of panels) starts.set(id, [...(starts.get(id) ?? []), t0]);
    // Of what changes rarely the last word is kept, however old it is.
    const flowing = [...starts.values()].filter((of) => of.length > 1);
    if (flowing.length > 0) return Math.max(...flowing.map((of) => Math.min(...of)));
    return Math.min(...[...starts.values()].flat());
  }

  private redraw(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      const { from, to } = shown(this.store.get().playhead);
      this.stage.draw(from, to);
    });
  }
}
