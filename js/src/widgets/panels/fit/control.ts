/** Start, pause, stop; how far it is; the learning rate on the way. */

import { make, onEntered, setAttribute, setHidden, setText } from "../../dom";
import { button, seconds, short, type Send } from "./parts";
import type { Now } from "./payload";

const WISHES: Record<string, string> = {
  pausing: "pausing after this batch …",
  resuming: "going on …",
  stopping: "stopping after this batch …",
};

/** How far it is, in words. */
export function words(now: Now): string[] {
  if (now.phase === "measuring") return ["training four batches, to see how long they take …"];
  if (now.phase === "starting") return ["checking the data and compiling …"];
  if (now.phase === "set up") return [];
  const found: string[] = [];
  if (now.wish !== "") found.push(WISHES[now.wish] ?? now.wish);
  else if (now.phase === "paused") found.push("paused");
  else if (now.phase === "ended") found.push(now.state);
  const of = now.batches > 0 ? ` of ${now.batches}` : "";
  const going = now.phase !== "ended";
  found.push(`epoch ${now.epoch} of ${now.epochs}`);
  if (going) found.push(`batch ${now.batch}${of}`);
  if (going && now.rate > 0) found.push(`${short(Math.round(now.items))} items a second`);
  if (now.phase === "running" && now.left > 0) found.push(`${seconds(now.left)} left`);
  if (!going && now.best > 0) found.push(`best after epoch ${now.best}`);
  return found;
}

/** The part of it that is done, 0 to 1. */
export function done(now: Now): number {
  if (now.epochs === 0) return 0;
  if (now.state === "finished") return 1;
  const part = now.batches > 0 ? now.batch / now.batches : 0;
  return Math.min(1, (Math.max(1, now.epoch) - 1 + part) / now.epochs);
}

export class Control {
  readonly element: HTMLElement;
  private readonly start: HTMLButtonElement;
  private readonly pause: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly bar = make("div", "nl-fit-done");
  private readonly track = make(
    "div",
    "nl-fit-track",
    { role: "progressbar", "aria-label": "how far the run is", "aria-valuemax": "100" },
    this.bar,
  );
  private readonly words = make("div", "nl-fit-words");
  private readonly metrics = make("div", "nl-fit-metrics");
  private readonly rate = make("input", "nl-field", {
    type: "text",
    inputmode: "decimal",
    "aria-label": "learning rate from the next batch on",
  });
  private readonly rating: HTMLElement;
  private now: Now | null = null;

  constructor(send: Send, started: () => void) {
    this.start = button("Start training", "train in the background; other cells stay free", () => {
      this.hope("starting");
      started();
      send({ type: "start" });
    });
    this.start.classList.add("nl-fit-main");
    this.pause = button("Pause", "between two batches; the numbers stay the same", () => {
      const resumes = this.now?.phase === "paused" || (this.now?.waits ?? "") !== "";
      this.hope(resumes ? "resuming" : "pausing");
      send({ type: resumes ? "resume" : "pause" });
    });
    this.stop = button("Stop", "after this batch; the best and the last weights are kept", () => {
      this.hope("stopping");
      send({ type: "stop" });
    });
    onEntered(this.rate, () => send({ type: "rate", value: this.rate.value }));
    this.rating = make("label", "nl-fit-rate", {}, "learning rate", this.rate);
    this.element = make(
      "div",
      "nl-fit-bar",
      {},
      make("div", "nl-buttons", {}, this.start, this.pause, this.stop),
      make("div", "nl-fit-far", {}, this.track, this.words),
      this.metrics,
      this.rating,
    );
    // Until the first word of how it stands.
    this.start.disabled = true;
    for (const one of [this.pause, this.stop, this.track, this.rating]) setHidden(one, true);
    setText(this.words, "looking at the data and runs there are …");
  }

  /** What is asked for shows at once, before the kernel has heard of it. */
  private hope(wish: string): void {
    if (this.now === null) return;
    if (wish === "starting") this.show({ ...this.now, phase: "starting" });
    else this.show({ ...this.now, wish });
  }

  show(now: Now): void {
    this.now = now;
    const going = now.phase === "running" || now.phase === "paused";
    const busy = now.phase === "starting" || now.phase === "measuring";
    setHidden(this.start, going);
    this.start.disabled = busy;
    setText(this.start, now.phase === "starting" ? "Starting …" : "Start training");
    for (const one of [this.pause, this.stop]) setHidden(one, !going);
    setText(
      this.pause,
      now.phase === "paused" ? (now.waits === "" ? "Resume" : "Try again") : "Pause",
    );
    this.pause.disabled = now.wish !== "";
    this.stop.disabled = now.wish === "stopping";
    const part = Math.round(1000 * done(now)) / 10;
    if (this.bar.style.width !== `${part}%`) this.bar.style.width = `${part}%`;
    if (this.bar.classList.contains("nl-fit-waits") !== busy)
      this.bar.classList.toggle("nl-fit-waits", busy);
    setAttribute(this.track, "aria-valuenow", String(Math.round(part)));
    setHidden(this.track, now.run === "" && !busy);
    setText(this.words, words(now).join(" · "));
    setText(
      this.metrics,
      now.metrics.map(([name, value]) => `${name} ${short(value)}`).join("   "),
    );
    setHidden(this.rating, !going);
    this.rate.disabled = now.fixed_rate !== "";
    const usual = "from the next batch on; it is written down";
    setAttribute(this.rating, "title", now.fixed_rate === "" ? usual : now.fixed_rate);
    const rate = short(now.learning_rate);
    if (document.activeElement !== this.rate && this.rate.value !== rate) this.rate.value = rate;
  }
}
