/** The Lab's menu: how fast it is. */

import { make, setText } from "./dom";
import type { StreamStats } from "./stream";

const EVERY_MS = 1000;

/** "How fast": closed at first; its numbers change once a second while it is open. */
export function speedReadout(
  stats: () => StreamStats,
  share: () => number | null,
  signal: AbortSignal,
): { button: HTMLButtonElement; list: HTMLElement } {
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
  const list = make("dl", "nl-keys nl-speeds", { hidden: "", "aria-label": "how fast" }, ...items);
  const show = (): void => {
    const now = stats();
    rows.forEach(([, text], i) => setText(values[i], text(now)));
  };
  let timer = 0;
  const attributes = { type: "button", "aria-expanded": "false", title: "how fast the panel is" };
  const button = make("button", "nl-button", { ...attributes, "aria-label": "how fast" }, "⋯");
  button.addEventListener("click", () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
    clearInterval(timer);
    if (list.hidden) return;
    show();
    timer = window.setInterval(show, EVERY_MS);
  });
  signal.addEventListener("abort", () => clearInterval(timer));
  return { button, list };
}
