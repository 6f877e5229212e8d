/**
 * What pointer and wheel do on a plot over time: hover, zoom and pan, of all plots at once.
 *
 * It knows a plot by its strip's drawing alone, so kinds of panel need not do anything for it.
 */

import { make } from "./dom";
import type { Panel } from "./panel";
import type { LabStore } from "./store";
import { shown, type Timeline } from "./timeline";

const WHEEL_ZOOM = 1.0015;
/** More values than this beside the pointer hide the plot. */
const MOST_READINGS = 12;

function drawingIn(body: HTMLElement): HTMLCanvasElement | null {
  return body.querySelector<HTMLCanvasElement>(".nl-strip-drawing");
}

export class Gestures {
  private readonly cursor = make("div", "nl-cursor", { hidden: "" });
  private readonly readings = make("div", "nl-readings", { hidden: "" });
  private drag: { x: number; from: number; to: number } | null = null;
  private inside = false;

  constructor(
    private readonly body: HTMLElement,
    private readonly panel: () => Panel | null,
    private readonly store: LabStore,
    private readonly timeline: Timeline,
    signal: AbortSignal,
  ) {
    body.append(this.cursor, this.readings);
    const options = { signal };
    body.addEventListener("pointermove", (event) => this.move(event), options);
    body.addEventListener("pointerleave", () => this.leave(), options);
    body.addEventListener("pointerdown", (event) => this.press(event), options);
    body.addEventListener("pointerup", () => (this.drag = null), options);
    body.addEventListener("dblclick", () => timeline.follow(), options);
    body.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    store.subscribe(
      (s) => s.playhead,
      signal,
      () => this.show(),
    );
  }

  private instant(event: MouseEvent): number | null {
    const box = drawingIn(this.body)?.getBoundingClientRect();
    if (box === undefined || event.clientX < box.left || event.clientX > box.right) return null;
    if (event.clientY < box.top || event.clientY > box.bottom) return null;
    const { from, to } = this.timeline.view;
    return from + ((event.clientX - box.left) / box.width) * (to - from);
  }

  private move(event: PointerEvent): void {
    if (this.drag !== null) {
      const width = drawingIn(this.body)?.clientWidth ?? 1;
      const { x, from, to } = this.drag;
      const seconds = ((x - event.clientX) / width) * (to - from);
      const { playhead } = this.store.get();
      const end = Math.max(playhead.now, playhead.window) - (to - from);
      const start = Math.min(Math.max(0, from + seconds), Math.max(0, end));
      this.timeline.hold(start, start + to - from);
      return;
    }
    const instant = this.instant(event);
    this.inside = instant !== null;
    this.timeline.hover(instant);
  }

  private leave(): void {
    this.inside = false;
    this.drag = null;
    this.timeline.hover(null);
  }

  /** Dragging moves the plots while they stand still. */
  private press(event: PointerEvent): void {
    const { status, playhead } = this.store.get();
    if (event.button !== 0 || this.instant(event) === null) return;
    if (status.state === "running" && playhead.held === null) return;
    this.drag = { x: event.clientX, ...this.timeline.view };
    if (event.target instanceof Element) event.target.setPointerCapture?.(event.pointerId);
  }

  /** With Ctrl, Alt or Shift: without, the wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    const instant = this.instant(event);
    if (instant === null || !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey))
      return;
    event.preventDefault();
    const turned = event.deltaY === 0 ? event.deltaX : event.deltaY;
    this.timeline.zoom(WHEEL_ZOOM ** turned, instant);
  }

  /** A line at the instant that is pointed at, on every plot, with what they show there. */
  private show(): void {
    const { playhead } = this.store.get();
    const drawing = playhead.hover === null ? null : drawingIn(this.body);
    this.cursor.hidden = this.readings.hidden = drawing === null;
    if (drawing === null || playhead.hover === null) return;
    const { from, to } = shown(playhead);
    const x = drawing.offsetLeft + ((playhead.hover - from) / (to - from)) * drawing.clientWidth;
    this.cursor.style.left = `${x}px`;
    this.cursor.style.top = `${drawing.offsetTop}px`;
    this.cursor.style.height = `${drawing.clientHeight}px`;
    const found = this.panel()?.readings?.(playhead.hover).slice(0, MOST_READINGS) ?? [];
    const time = this.inside ? [{ name: "time", text: `${playhead.hover.toFixed(3)} s` }] : [];
    const rows = [...time, ...found];
    this.readings.hidden = rows.length === 0;
    this.readings.replaceChildren(
      ...rows.flatMap((row) => {
        const name = make("span", "", {}, row.name);
        if ("color" in row && typeof row.color === "string") name.style.color = row.color;
        return [name, make("span", "", {}, row.text)];
      }),
    );
    const right = x > drawing.offsetLeft + drawing.clientWidth / 2;
    this.readings.style.left = right ? "auto" : `${x + 8}px`;
    this.readings.style.right = right ? `${this.body.clientWidth - x + 8}px` : "auto";
  }
}
