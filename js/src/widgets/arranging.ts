/** Moving a plot to another place and making it larger, with the pointer or with keys. */

import { iconButton } from "./dom";
import { columnsIn, makeRoom, showSize, type Size } from "./grid";
import type { PanelLayout } from "./messages";

const GRIP = "M5 2h2v2H5zm4 0h2v2H9zM5 7h2v2H5zm4 0h2v2H9zM5 12h2v2H5zm4 0h2v2H9z";
const CORNER = "M13 4v9H4zM11.5 7.6 7.6 11.5h3.9z";

/** `nengolab_widgets.arrangement`: what the kernel takes. */
const COLUMNS: [number, number] = [1, 4];
const HEIGHTS: [number, number] = [80, 1200];
const KEY_STEP = 20;

export interface Arranging {
  move: (panel: string, to: number) => void;
  resize: (panel: string, size: Size) => void;
}

function clamp(value: number, [least, most]: [number, number]): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}

/** The size that a drag of a corner makes, of a plot with a drawing of some size. */
export function dragged(
  from: Size & { width: number; drawn: number },
  by: { x: number; y: number },
): Size {
  const one = from.width / from.columns;
  const columns = clamp((from.width + by.x) / one, COLUMNS);
  // A few pixels up or down are no wish for another height.
  const height = Math.abs(by.y) < 6 ? from.height : clamp(from.drawn + by.y, HEIGHTS);
  return { columns, height };
}

/** The size that a key makes; null for a key that makes none. */
export function pressed(key: string, { columns, height }: Size, drawn: number): Size | null {
  const high = height ?? drawn;
  if (key === "ArrowLeft") return { columns: clamp(columns - 1, COLUMNS), height };
  if (key === "ArrowRight") return { columns: clamp(columns + 1, COLUMNS), height };
  if (key === "ArrowUp") return { columns, height: clamp(high - KEY_STEP, HEIGHTS) };
  if (key === "ArrowDown") return { columns, height: clamp(high + KEY_STEP, HEIGHTS) };
  return key === "Home" ? { columns: 1, height: null } : null;
}

/** Where a plot comes to stand among `count` when it is dropped before or behind another. */
export function placeFor(at: number, target: number, behind: boolean): number {
  const before = target + (behind ? 1 : 0);
  return at < before ? before - 1 : before;
}

export class Arranger {
  private readonly grip = iconButton(GRIP, "move", "");
  private readonly corner = iconButton(CORNER, "resize", "");
  /** What was asked for and is not in the layout yet: the next key goes on from there. */
  private asked: Size | null = null;
  private target: { element: Element; behind: boolean } | null = null;

  constructor(
    private readonly element: HTMLElement,
    tools: HTMLElement,
    private readonly layout: () => PanelLayout,
    private readonly arranging: Arranging,
    signal: AbortSignal,
  ) {
    this.grip.classList.add("nl-quiet", "nl-grip");
    this.corner.classList.add("nl-quiet", "nl-corner");
    tools.prepend(this.grip);
    element.append(this.corner);
    this.drags(
      this.grip,
      (event) => this.point(event),
      () => this.drop(),
      signal,
    );
    this.grip.addEventListener("keydown", (event) => this.moveBy(event));
    this.resizes(signal);
  }

  /** Say of which plot the handles are. */
  name(name: string): void {
    const { columns, height } = this.layout();
    if (this.asked?.columns === columns && this.asked.height === height) this.asked = null;
    const handles: [HTMLElement, string, string][] = [
      [this.grip, `move the plot ${name}`, "drag, or arrow keys"],
      [this.corner, `resize the plot ${name}`, "drag, or arrow keys; double click: as it was"],
    ];
    for (const [handle, label, how] of handles) {
      handle.setAttribute("aria-label", label);
      handle.title = `${label} (${how})`;
    }
  }

  private get siblings(): Element[] {
    return [...(this.element.parentElement?.children ?? [])];
  }

  private drags(
    handle: HTMLElement,
    move: (event: PointerEvent) => void,
    end: (done: boolean) => void,
    signal: AbortSignal,
  ): void {
    let dragging = false;
    const finish = (done: boolean) => (): void => {
      if (dragging) end(done);
      dragging = false;
      this.element.classList.remove("nl-dragged");
    };
    handle.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        dragging = true;
        this.element.classList.add("nl-dragged");
        handle.setPointerCapture?.(event.pointerId);
      },
      { signal },
    );
    handle.addEventListener(
      "pointermove",
      (event) => {
        if (dragging) move(event);
      },
      { signal },
    );
    handle.addEventListener("pointerup", finish(true), { signal });
    handle.addEventListener("pointercancel", finish(false), { signal });
  }

  // ---- places ----

  private point(event: PointerEvent): void {
    this.unmark();
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest(".nl-plot");
    if (found == null || found === this.element || !this.siblings.includes(found)) return;
    const box = found.getBoundingClientRect();
    const behind = event.clientX > box.left + box.width / 2;
    this.target = { element: found, behind };
    found.classList.add(behind ? "nl-drop-behind" : "nl-drop-before");
  }

  private drop(): void {
    const { target, siblings } = this;
    this.unmark();
    if (target === null) return;
    const at = siblings.indexOf(this.element);
    this.go(placeFor(at, siblings.indexOf(target.element), target.behind));
  }

  private unmark(): void {
    this.target?.element.classList.remove("nl-drop-before", "nl-drop-behind");
    this.target = null;
  }

  private moveBy(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(this.siblings.indexOf(this.element) + by);
  }

  private go(to: number): void {
    const { siblings } = this;
    if (to < 0 || to >= siblings.length || siblings[to] === this.element) return;
    // At once, so that the next key goes on from here; the kernel's layout confirms it.
    const focused = document.activeElement;
    const others = siblings.filter((other) => other !== this.element);
    this.element.parentElement?.insertBefore(this.element, others[to] ?? null);
    if (focused === this.grip) this.grip.focus({ preventScroll: true });
    this.arranging.move(this.layout().id, to);
  }

  // ---- sizes ----

  private get drawn(): number {
    const drawing = this.element.querySelector(".nl-strip, .nl-plane");
    return drawing?.clientHeight || this.element.clientHeight;
  }

  private resizes(signal: AbortSignal): void {
    let start = { x: 0, y: 0 };
    let from = { columns: 1, height: null as number | null, width: 1, drawn: 1 };
    let wanted: Size | null = null;
    this.corner.addEventListener(
      "pointerdown",
      ({ clientX, clientY }) => {
        start = { x: clientX, y: clientY };
        // In a narrow page there are fewer columns than were asked for.
        const { columns, height } = this.size;
        from = {
          columns: Math.min(columns, this.available),
          height,
          width: this.element.clientWidth,
          drawn: this.drawn,
        };
        wanted = null;
      },
      { signal },
    );
    const move = (event: PointerEvent): void => {
      const to = dragged(from, { x: event.clientX - start.x, y: event.clientY - start.y });
      wanted = to.columns === from.columns ? { ...to, columns: this.size.columns } : to;
      this.preview(wanted);
    };
    const end = (done: boolean): void => {
      if (done && wanted !== null) this.resize(wanted);
      else this.preview(this.layout());
    };
    this.drags(this.corner, move, end, signal);
    this.corner.addEventListener("blur", () => (this.asked = null), { signal });
    this.corner.addEventListener("dblclick", () => this.resize({ columns: 1, height: null }), {
      signal,
    });
    this.corner.addEventListener(
      "keydown",
      (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const size = pressed(event.key, this.size, this.drawn);
        if (size === null) return;
        event.preventDefault();
        event.stopPropagation();
        this.preview(size);
        this.resize(size);
      },
      { signal },
    );
  }

  private get available(): number {
    return columnsIn(this.element.parentElement?.clientWidth ?? 0);
  }

  private get size(): Size {
    return this.asked ?? this.layout();
  }

  /** Look so at once; the kernel's layout makes it so. */
  private preview(size: Size): void {
    makeRoom(this.element.parentElement, Math.min(size.columns, this.available));
    showSize(this.element, size, this.available);
  }

  private resize(size: Size): void {
    const { columns, height } = this.size;
    if (size.columns === columns && size.height === height) return;
    this.asked = size;
    this.arranging.resize(this.layout().id, size);
  }
}
