/** The history handle: drag it back to look at what has been, also while the run goes on. */

import { make, setText } from "./dom";
import type { Mark, Past } from "./messages";
import { timeText } from "./transport";
import { KEPT } from "./charts/series";
import type { LabStore } from "./store";
import { shown, type Timeline } from "./timeline";

const EVERY_MS = 250;
const STEPS = 1000;

export class HistoryBar {
  readonly element: HTMLElement;
  private readonly slider = make("input", "", {
    type: "range",
    min: "0",
    max: String(STEPS),
    value: String(STEPS),
    "aria-label": "history",
    title: "drag back to see what has been",
  });
  private readonly where = make("span", "nl-where");
  private readonly live = make(
    "button",
    "nl-button nl-live",
    { type: "button", hidden: "", title: "show the newest again (End)" },
    "live",
  );
  private readonly strip = make("span", "nl-marks", { role: "group", "aria-label": "marks" });
  private marks: Mark[] = [];
  private shownMarks = "";
  private timer = 0;

  constructor(
    private readonly store: LabStore,
    private readonly timeline: Timeline,
    signal: AbortSignal,
    /** The first instant that is kept. */
    private readonly first = (): number => store.get().playhead.now - KEPT.seconds,
  ) {
    const track = make("span", "nl-history-track", {}, this.strip, this.slider);
    this.element = make("span", "nl-history", {}, track, this.where, this.live);
    this.slider.addEventListener("input", () => this.move());
    this.live.addEventListener("click", () => timeline.follow());
    store.subscribe(
      (s) => s.playhead.held,
      signal,
      () => this.show(),
    );
    // The handle's place changes with every frame; it is shown a few times a second.
    store.subscribe(
      (s) => s.playhead.now,
      signal,
      () => {
        if (this.timer === 0) this.timer = window.setTimeout(() => this.show(), EVERY_MS);
      },
    );
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** Take over what was done, and how much of the past is kept. */
  update({ marks, memory }: Pick<Past, "marks" | "memory">): void {
    this.marks = marks;
    this.slider.title = `drag back to see what has been; kept to go on from: ${memory}`;
    this.show();
  }

  /** All that can be looked back at lies between the ends of the strip. */
  private showMarks(first: number, last: number): void {
    const begin = first - this.store.get().playhead.window;
    const seen = this.marks.filter(({ time }) => time >= begin && time <= last);
    const share = (time: number): number =>
      last <= begin ? 1 : Math.min(1, Math.max(0, (time - begin) / (last - begin)));
    const key = JSON.stringify(seen);
    if (key !== this.shownMarks) {
      this.shownMarks = key;
      this.strip.replaceChildren(...seen.map((mark) => this.mark(mark)));
    }
    seen.forEach(({ time }, i) => {
      const mark = this.strip.children[i];
      if (mark instanceof HTMLElement) mark.style.left = `${100 * share(time)}%`;
    });
  }

  private mark({ time, kind, text }: Mark): HTMLElement {
    const said = `${timeText(time)}: ${text}`;
    const attributes = { type: "button", title: said, "aria-label": `go to ${said}` };
    const mark = make("button", `nl-mark nl-mark-${kind}`, attributes);
    mark.addEventListener("click", () => {
      // What came of it is seen right of it, what was before left.
      const { window, now } = this.store.get().playhead;
      const to = Math.min(Math.max(now, window), time + window / 2);
      this.timeline.hold(to - window, to);
    });
    return mark;
  }

  private ends(): { first: number; last: number } {
    const { now, window } = this.store.get().playhead;
    const last = Math.max(now, window);
    return { first: Math.min(last, Math.max(0, this.first()) + window), last };
  }

  private move(): void {
    const { first, last } = this.ends();
    const share = Number(this.slider.value) / STEPS;
    if (share >= 1 || last <= first) return this.timeline.follow();
    const { from, to } = shown(this.store.get().playhead);
    const end = first + share * (last - first);
    this.timeline.hold(Math.max(0, end - (to - from)), end);
  }

  private show(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    const { held } = this.store.get().playhead;
    const { first, last } = this.ends();
    this.showMarks(first, last);
    this.live.hidden = held === null;
    setText(this.where, held === null ? "" : `at ${timeText(held.to)}`);
    if (this.slider.matches(":active")) return;
    const share = held === null || last <= first ? 1 : (held.to - first) / (last - first);
    this.slider.value = String(Math.round(STEPS * Math.min(1, Math.max(0, share))));
  }
}
