/** The Lab's menu: how fast it is, and the Python that makes it. */

import { make, setText } from "./dom";
import type { StreamStats } from "./stream";

const EVERY_MS = 1000;

const COPY = "copy this Lab as Python";
const COPIED_MS = 2000;

export interface MenuHost {
  stats: () => StreamStats;
  /** Share of real time that is reached. */
  share: () => number | null;
  /** Ask the kernel for the Python that makes this Lab. */
  askCode: () => void;
}

/** Closed at first; its numbers change once a second while it is open. */
export class LabMenu {
  readonly button = make(
    "button",
    "nl-button",
    {
      type: "button",
      "aria-expanded": "false",
      "aria-label": "menu",
      title: "menu: how fast the panel is, this Lab as Python",
    },
    "⋯",
  );
  private readonly copy = make(
    "button",
    "nl-button",
    { type: "button", title: "the lines that make a Lab with these plots, for a cell" },
    COPY,
  );
  private readonly code = make("pre", "nl-code", { hidden: "", tabindex: "0" });
  readonly element: HTMLElement;

  constructor(host: MenuHost, signal: AbortSignal) {
    const readout = speedReadout(host.stats, host.share);
    const lines = make("div", "nl-copy", {}, this.copy, this.code);
    this.element = make("div", "nl-lab-menu", { hidden: "" }, readout.list, lines);
    this.copy.addEventListener("click", () => host.askCode());
    let timer = 0;
    this.button.addEventListener("click", () => {
      this.element.hidden = !this.element.hidden;
      this.button.setAttribute("aria-expanded", String(!this.element.hidden));
      clearInterval(timer);
      this.code.hidden = true;
      if (this.element.hidden) return;
      readout.show();
      timer = window.setInterval(readout.show, EVERY_MS);
      this.element.scrollIntoView({ block: "nearest" });
    });
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** The code is here: copy it, or where the page may not, show it to be copied by hand. */
  async take(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      setText(this.code, text);
      this.code.hidden = false;
      return;
    }
    setText(this.copy, "copied");
    window.setTimeout(() => setText(this.copy, COPY), COPIED_MS);
  }
}

function speedReadout(
  stats: () => StreamStats,
  share: () => number | null,
): { list: HTMLElement; show: () => void } {
  const rows: [string, (s: StreamStats) => string][] = [
    ["pictures with new data", (s) => `${s.framesPerSecond.toFixed(0)} / s`],
    [
      "round trip to the kernel",
      (s) => (s.roundTripMs === null ? "–" : `${s.roundTripMs.toFixed(0)} ms`),
    ],
    ["frames that may be on their way", (s) => String(s.credit)],
    ["received", (s) => `${(s.bytes / 2 ** 20).toFixed(1)} MB in ${s.frames} frames`],
    ["frames merged", (s) => String(s.dropped)],
    ["share of real time", () => (share() === null ? "–" : `${share()?.toFixed(2)}`)],
  ];
  const values = rows.map(() => make("dd"));
  const items = rows.flatMap(([name], i) => [make("dt", "", {}, name), values[i]]);
  const list = make("dl", "nl-keys nl-speeds", { "aria-label": "how fast" }, ...items);
  const show = (): void => {
    const now = stats();
    rows.forEach(([, text], i) => setText(values[i], text(now)));
  };
  return { list, show };
}
