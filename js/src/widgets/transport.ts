/** The transport bar: play and pause, single step, reset, the state in words, time, speed. */

import { icon, iconButton, make, setText } from "./dom";
import type { PageMessage, SessionState } from "./messages";
import type { Status } from "./store";

const PLAY = "M4 2.5v11l9-5.5z";
const PAUSE = "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z";
const STEP = "M3 2.5v11l7-5.5zM11 2.5h2.5v11H11z";
const RESET = "M8 3a5 5 0 1 1-4.9 6h1.6A3.5 3.5 0 1 0 8 4.5V7L4 3.8 8 .6z";

/** The state of a session in words. */
const WORDS: Record<SessionState, string> = {
  asleep: "not built yet",
  loading: "loading TensorFlow …",
  building: "building …",
  compiling: "compiling …",
  ready: "ready",
  running: "running",
  paused: "paused",
  finished: "finished",
  error: "stopped by an error",
  closed: "closed",
  gone: "kernel gone",
};

const SPEEDS: [string, number | null][] = [
  ["0.01× real time", 0.01],
  ["0.1× real time", 0.1],
  ["0.25× real time", 0.25],
  ["0.5× real time", 0.5],
  ["1× real time", 1],
  ["2× real time", 2],
  ["5× real time", 5],
  ["unlimited", null],
];

/** States in which something goes on that can be stopped. */
const BUILDS: readonly SessionState[] = ["loading", "building", "compiling"];

const NUMBERS_EVERY_MS = 250;
const UNLIMITED = "unlimited";

/** The words for a state; an error names its object. */
export function stateWords(status: Status): string {
  const { state, error } = status;
  if (state === "error" && error !== null && error.object !== "") {
    return `stopped by an error in «${error.object}»`;
  }
  return status.note === "" ? WORDS[state] : `${WORDS[state]}: ${status.note}`;
}

/** Simulated seconds, to the millisecond that one step usually is. */
export function timeText(seconds: number): string {
  return `${seconds.toFixed(3)} s`;
}

function factorText(status: Status): string {
  if (status.state !== "running" || status.rtf === null) return "";
  const digits = status.rtf >= 10 ? 0 : 2;
  return `${status.rtf.toFixed(digits)}× of real time`;
}

export class Transport {
  readonly element: HTMLElement;
  private readonly play = iconButton(PLAY, "play", "space");
  private readonly step = iconButton(STEP, "single step", "right arrow");
  private readonly reset = iconButton(RESET, "reset", "R");
  private readonly words = make("span", "nl-state", { role: "status" });
  private readonly halt = make(
    "button",
    "nl-button",
    { type: "button", hidden: "", title: "build no further; play builds it again" },
    "stop",
  );
  private readonly clock = make("span", "nl-clock", { title: "simulated time" });
  private readonly factor = make("span", "nl-factor", {
    title: "simulated seconds per second of real time, as reached",
  });
  private readonly speed = make("select", "nl-speed", {
    "aria-label": "speed",
    title: "how fast simulated time may pass",
  });
  private status: Status;
  private timer: number | null = null;
  private showsPause = false;

  constructor(
    status: Status,
    private readonly send: (message: PageMessage) => void,
    history: HTMLElement,
    tools: HTMLElement,
  ) {
    this.status = status;
    this.fillSpeeds(status.speed);
    this.play.addEventListener("click", () => this.toggle());
    this.step.addEventListener("click", () => this.singleStep());
    this.reset.addEventListener("click", () => this.startAgain());
    this.halt.addEventListener("click", () => this.send({ type: "stop_building" }));
    this.speed.addEventListener("change", () => {
      const value = this.speed.value === UNLIMITED ? null : Number(this.speed.value);
      this.send({ type: "speed", value });
    });
    const label = make("label", "nl-speed-label", {}, make("span", "", {}, "speed"), this.speed);
    const buttons = make("span", "nl-buttons", {}, this.play, this.step, this.reset);
    const numbers = make("span", "nl-numbers", {}, this.clock, this.factor);
    const attributes = { role: "toolbar", "aria-label": "run the network" };
    this.element = make(
      "div",
      "nl-transport",
      attributes,
      buttons,
      this.words,
      this.halt,
      numbers,
      history,
      label,
      tools,
    );
    this.show(status);
  }

  /** Take over a status; words at once, numbers four times a second. */
  update(status: Status): void {
    const before = this.status;
    this.status = status;
    const said = before.state === status.state && before.note === status.note;
    if (!said || status.state !== "running") this.show(status);
    else this.timer ??= window.setTimeout(() => this.show(this.status), NUMBERS_EVERY_MS);
  }

  /** Say something about the state beside its word, such as that the kernel is busy. */
  remark(text: string): void {
    setText(this.words, text === "" ? stateWords(this.status) : text);
  }

  toggle(): void {
    this.send({ type: this.status.state === "running" ? "pause" : "play" });
  }

  singleStep(): void {
    this.send({ type: "step", n: 1 });
  }

  startAgain(): void {
    this.send({ type: "reset" });
  }

  private show(status: Status): void {
    if (this.timer !== null) window.clearTimeout(this.timer);
    this.timer = null;
    setText(this.words, stateWords(status));
    this.element.dataset.state = status.state;
    this.halt.hidden = !BUILDS.includes(status.state);
    setText(this.clock, timeText(status.time));
    setText(this.factor, factorText(status));
    this.showPlay(status.state === "running");
    const over = status.state === "gone" || status.state === "closed";
    const controls = [this.play, this.halt, this.step, this.reset, this.speed];
    for (const control of controls) control.disabled = over;
    const speed = status.speed === null ? UNLIMITED : String(status.speed);
    if (this.speed.value !== speed && document.activeElement !== this.speed) {
      this.fillSpeeds(status.speed);
    }
  }

  private showPlay(running: boolean): void {
    if (running === this.showsPause) return;
    this.showsPause = running;
    this.play.replaceChildren(icon(running ? PAUSE : PLAY));
    const name = running ? "pause" : "play";
    this.play.setAttribute("aria-label", name);
    this.play.title = `${name} (space)`;
  }

  private fillSpeeds(current: number | null): void {
    const known = SPEEDS.some(([, value]) => value === current);
    const speeds = known ? SPEEDS : [...SPEEDS, own(current)];
    this.speed.replaceChildren(
      ...speeds.map(([text, value]) =>
        make("option", "", { value: value === null ? UNLIMITED : String(value) }, text),
      ),
    );
    this.speed.value = current === null ? UNLIMITED : String(current);
  }
}

/** A speed that was set from Python and is not in the menu. */
function own(value: number | null): [string, number | null] {
  return [`${value ?? UNLIMITED}× real time`, value];
}
