/** The canvas: what part of the scene is seen, what is drawn over it, what a pointer does there. */

import { make } from "../../dom";
import type { Theme } from "../../theme";
import { Backdrop } from "./backdrop";
import { inside, paintBand, type Band } from "./band";
import {
  centred,
  fit,
  held,
  inView,
  isIn,
  windowOf,
  zoomed,
  type Camera,
  type Stage,
} from "./camera";
import { Minimap } from "./minimap";
import { paintBadge, paintRing, paintScene, paintShape, SPECK, type Look } from "./painter";
import { HANDLE, paintHandle, paintRubber } from "./handles";
import { boxAt, wireAt } from "./hits";
import { middle, SHAPE, type Box, type DrawnWire, type Scene } from "./scene";
import { pointIn } from "./places";
import { movedWith, shift } from "./shift";
import { halves } from "./shapes";
import { Tip } from "./tip";
import type { Selected, ViewHost } from "./viewhost";
import { paintWire } from "./wires";

/** Up to so many things a scene is drawn anew in each frame. */
const DIRECT = 450;
const WHEEL_ZOOM = 1.0015;
/** A hand that moves less has pressed, not dragged. */
const STILL = 4;

type Drag =
  | { what: "pan"; camera: Camera; x: number; y: number; moved: boolean }
  | { what: "box"; box: Box; x: number; y: number; moved: boolean }
  | { what: "band"; band: Band; x: number; y: number; moved: boolean }
  | { what: "wire"; from: number; x: number; y: number; moved: boolean }
  | { what: "map" };

export class View {
  readonly canvas = make("canvas", "nl-network-canvas", { "aria-hidden": "true" });
  readonly tip = new Tip();
  camera: Camera = { scale: 1, x: 0, y: 0 };
  scene: Scene | null = null;
  /** Whether all is shown, so that it is shown again when the view changes its size. */
  fitted = true;
  selected: Selected | null = null;
  /** What is selected where that is more than one thing. */
  several: ReadonlySet<number> = new Set();
  /** What is pointed at, here or on a plot. */
  marked = new Set<number>();
  /** How many neurons are picked, by object. */
  picked = new Map<number, number>();
  /** What the keyboard is at. */
  focused: number | null = null;
  /** From what a connection is being drawn: what is chosen next is its other end. */
  connecting: number | null = null;
  private over: number | null = null;
  private pointer: { x: number; y: number } | null = null;
  /** Where the pointer was last, on the screen. */
  private last: { x: number; y: number } | null = null;
  private wire: DrawnWire | null = null;
  private drag: Drag | null = null;
  private scheduled = 0;
  private readonly backdrop: Backdrop;
  private readonly minimap = new Minimap();

  constructor(
    private readonly host: ViewHost,
    public theme: Theme,
    private readonly signal: AbortSignal,
  ) {
    this.backdrop = new Backdrop((stage, small) => this.paint(stage, false, !small));
    const options = { signal };
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event), options);
    canvas.addEventListener("pointermove", (event) => this.move(event), options);
    canvas.addEventListener("pointerup", (event) => this.release(event), options);
    canvas.addEventListener("pointercancel", () => this.giveUp(), options);
    canvas.addEventListener("pointerleave", () => this.point(null), options);
    canvas.addEventListener("dblclick", (event) => this.open(event), options);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.scheduled));
  }

  get width(): number {
    return this.canvas.clientWidth;
  }

  get height(): number {
    return this.canvas.clientHeight;
  }

  // ---- what is shown ----------------------------------------------------------------------------

  /** Show another scene; `anchor` is what stays where it is on the screen. */
  show(scene: Scene, anchor: number | null): void {
    const before = anchor === null ? undefined : this.scene?.byObject.get(anchor);
    const after = anchor === null ? undefined : scene.byObject.get(anchor);
    const [last, now] = [this.scene?.origins.get(0), scene.origins.get(0)];
    this.scene = scene;
    this.wire = null;
    this.tip.hide(); // what it says is of the network before
    this.backdrop.invalidate();
    if (this.fitted) this.camera = fit(scene, this);
    else if (before !== undefined && after !== undefined) {
      this.camera = held(this.camera, [before.x, before.y], [after.x, after.y]);
    } else if (anchor === null && last !== undefined && now !== undefined) {
      // What was put in place by hand reaches out of the rest: all that is there stays put.
      this.camera = held(this.camera, last, now);
    }
    this.host.moved();
    this.redraw();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.backdrop.invalidate();
    this.redraw();
  }

  resize(): void {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.width, this.height];
    if (width === 0 || height === 0) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (this.scene !== null && this.fitted) this.camera = fit(this.scene, this);
    this.backdrop.invalidate(true);
    this.host.moved();
    // A canvas of another size is empty: it is drawn before that is seen.
    this.draw();
  }

  fit(): void {
    if (this.scene === null) return;
    this.fitted = true;
    this.look(fit(this.scene, this));
  }

  zoom(factor: number, at = { x: this.width / 2, y: this.height / 2 }): void {
    if (this.scene === null) return;
    this.fitted = false;
    // Not smaller than a quarter of what shows all.
    this.look(zoomed(this.camera, factor, at, Math.min(0.2, fit(this.scene, this).scale / 4)));
  }

  pan(x: number, y: number): void {
    this.fitted = false;
    this.look({ ...this.camera, x: this.camera.x + x, y: this.camera.y + y });
  }

  /** Have something on the screen, large enough to be read. */
  reveal(at: number): void {
    const box = this.scene?.byObject.get(at);
    if (box === undefined) return;
    const seen = windowOf(this.camera, this, -20);
    if (isIn(seen, middle(box)) && SHAPE * this.camera.scale >= 2 * SPECK) return this.redraw();
    this.fitted = false;
    this.look(centred(this.camera, box, this, 0.9));
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.host.moved();
    this.redraw();
  }

  /** Closed things that are on the screen: also those of which half is seen, or less. */
  onScreen(partly: boolean): number[] {
    if (this.scene === null) return [];
    const seen = windowOf(this.camera, this, partly ? (SHAPE / 2) * this.camera.scale : 0);
    const there = this.scene.boxes.filter((box) => !box.open && isIn(seen, middle(box)));
    return there.map(({ at }) => at);
  }

  // ---- drawing ----------------------------------------------------------------------------------

  redraw(): void {
    if (this.scheduled !== 0 || this.signal.aborted) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.draw();
    });
  }

  private lookOf(washed: boolean, text = true): Look {
    const { activity } = this.host;
    const wash = washed ? (at: number) => activity.color(at, this.theme) : () => null;
    return { theme: this.theme, wash, text };
  }

  private *paint(stage: Stage, washed: boolean, text = true): Generator<void, void> {
    const graph = this.host.graph();
    if (graph !== null && this.scene !== null)
      yield* paintScene(stage, graph, this.scene, this.lookOf(washed, text));
  }

  private draw(): void {
    const canvas = this.canvas.getContext("2d");
    const { scene } = this;
    if (canvas === null || scene === null || this.width === 0) return;
    const ratio = this.canvas.width / this.width;
    canvas.setTransform(ratio, 0, 0, ratio, 0, 0);
    canvas.clearRect(0, 0, this.width, this.height);
    const stage: Stage = { canvas, camera: this.camera, width: this.width, height: this.height };
    if (scene.boxes.length + scene.wires.length <= DIRECT) {
      for (const _ of this.paint(stage, true));
    } else {
      if (this.backdrop.draw(stage, scene, ratio)) this.redraw();
      this.paintActive(stage, scene);
    }
    this.paintOver(stage, scene);
    this.minimap.draw(stage, scene, this.backdrop.overview, this.theme);
  }

  /** What has colour now is drawn over the picture. */
  private paintActive(stage: Stage, scene: Scene): void {
    const graph = this.host.graph();
    if (graph === null) return;
    const look = this.lookOf(true);
    for (const at of this.host.activity.watched) {
      const box = scene.byObject.get(at);
      if (box !== undefined && !box.open) paintShape(stage, graph, box, look);
    }
  }

  private paintOver(stage: Stage, scene: Scene): void {
    const { theme } = this;
    const accent =
      getComputedStyle(this.canvas).getPropertyValue("--nl-accent").trim() || "#1976d2";
    if (this.wire !== null) paintWire(stage, scene, this.wire, theme, accent, 1.4);
    for (const at of this.marked) this.ring(stage, scene, at, theme.text, 1.5);
    for (const [at, count] of this.picked) {
      const box = scene.byObject.get(at);
      if (box !== undefined) paintBadge(stage, box, count, accent, theme);
    }
    if (this.selected?.of === "object") this.ring(stage, scene, this.selected.at, accent, 2.5);
    for (const at of this.several) this.ring(stage, scene, at, accent, 2.5);
    if (this.drag?.what === "band") paintBand(stage, this.drag.band, accent);
    this.paintConnecting(stage, scene, accent);
    if (this.focused !== null) {
      stage.canvas.setLineDash([3, 2]);
      this.ring(stage, scene, this.focused, theme.text, 1.5);
      stage.canvas.setLineDash([]);
    }
  }

  /** The handle of what is pointed at or selected, and the connection that is being drawn. */
  private paintConnecting(stage: Stage, scene: Scene, accent: string): void {
    const from = this.drag?.what === "wire" ? this.drag.from : this.connecting;
    const { pointer } = this;
    const start = from === null ? undefined : scene.byObject.get(from);
    if (start !== undefined && pointer !== null) {
      const to = boxAt(scene, this.camera, ...this.plane(pointer));
      const [x, y] = middle(start);
      const { scale } = this.camera;
      paintRubber(
        stage,
        [x * scale + this.camera.x, y * scale + this.camera.y],
        [pointer.x, pointer.y],
        accent,
      );
      if (to !== null) this.ring(stage, scene, to.at, accent, 2.5);
      return;
    }
    const box = this.handled(scene);
    if (box !== null) paintHandle(stage, this.handleOf(box), accent, this.theme.surface);
  }

  /** The thing that shows its handle. */
  private handled(scene: Scene): Box | null {
    const chosen = this.selected?.of === "object" ? this.selected.at : null;
    const at = this.over ?? this.focused ?? chosen;
    const box = at === null ? undefined : scene.byObject.get(at);
    return box === undefined || box.open || !this.host.connects(box.at) ? null : box;
  }

  /** Where the handle of a thing is on the screen: right of its shape. */
  handleOf(box: Box): [number, number] {
    const { scale, x, y } = this.camera;
    const [cx, cy] = middle(box);
    return [(cx + halves(box.kind)[0]) * scale + x + HANDLE + 3, cy * scale + y];
  }

  private onHandle(at: { x: number; y: number }): Box | null {
    const box = this.scene === null ? null : this.handled(this.scene);
    if (box === null) return null;
    const [x, y] = this.handleOf(box);
    return Math.hypot(at.x - x, at.y - y) <= HANDLE + 4 ? box : null;
  }

  /** Draw a connection from here: what is chosen next is where it leads. */
  startConnecting(from: number): void {
    this.connecting = from;
    this.pointer ??= { x: this.width / 2, y: this.height / 2 };
    this.redraw();
  }

  giveUp(): void {
    this.drag = null;
    this.connecting = null;
    this.redraw();
  }

  private ring(stage: Stage, scene: Scene, at: number, color: string, width: number): void {
    const box = scene.byObject.get(at);
    if (box !== undefined) paintRing(stage, box, color, width);
  }

  // ---- the pointer ------------------------------------------------------------------------------

  private where(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private plane({ x, y }: { x: number; y: number }): [number, number] {
    return [(x - this.camera.x) / this.camera.scale, (y - this.camera.y) / this.camera.scale];
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || this.scene === null) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    const { x, y } = this.where(event);
    const to = this.minimap.cameraAt(x, y, this.camera, this);
    if (to !== null) {
      this.drag = { what: "map" };
      this.fitted = false;
      return this.look(to);
    }
    const handle = this.onHandle({ x, y });
    const box = boxAt(this.scene, this.camera, ...this.plane({ x, y }));
    if (handle !== null) {
      this.tip.hide();
      this.pointer = { x, y };
      this.drag = { what: "wire", from: handle.at, x, y, moved: false };
      return;
    }
    if (box !== null) this.drag = { what: "box", box, x, y, moved: false };
    else if (event.shiftKey) {
      const corner: [number, number] = [x, y];
      this.drag = { what: "band", band: [corner, corner], x, y, moved: false };
    } else this.drag = { what: "pan", camera: { ...this.camera }, x, y, moved: false };
  }

  private move(event: PointerEvent): void {
    const at = this.where(event);
    const { drag } = this;
    this.last = at;
    if (this.connecting !== null || drag?.what === "wire") {
      this.pointer = at;
      this.redraw();
    }
    if (drag === null) return this.point(at);
    if (drag.what === "map") {
      const to = this.minimap.cameraAt(at.x, at.y, this.camera, this, true);
      return to === null ? undefined : this.look(to);
    }
    const [dx, dy] = [at.x - drag.x, at.y - drag.y];
    if (!drag.moved && Math.hypot(dx, dy) < STILL) return;
    drag.moved = true;
    this.tip.hide();
    if (drag.what === "wire") return;
    if (drag.what === "band") {
      drag.band[1] = [at.x, at.y];
      return this.redraw();
    }
    if (drag.what === "pan") {
      this.fitted = false;
      this.look({ ...drag.camera, x: drag.camera.x + dx, y: drag.camera.y + dy });
      return;
    }
    for (const box of this.movedWith(drag.box))
      this.shift(box, dx / this.camera.scale, dy / this.camera.scale);
    [drag.x, drag.y] = [at.x, at.y];
  }

  /** What moves with a thing: all that is selected with it, without what is inside of others. */
  private movedWith(box: Box): Box[] {
    const graph = this.host.graph();
    if (graph === null || this.scene === null) return [box];
    return movedWith(this.scene, graph, this.several, box);
  }

  shift(box: Box, dx: number, dy: number): void {
    const graph = this.host.graph();
    if (this.scene === null || graph === null) return;
    shift(this.scene, graph, box, dx, dy);
    this.backdrop.invalidate(true);
    this.redraw();
  }

  private release(event: PointerEvent): void {
    const { drag } = this;
    this.drag = null;
    if (drag === null || drag.what === "map") return;
    if (drag.what === "wire") return this.drop(drag.from, drag.moved, this.where(event));
    if (this.connecting !== null && !drag.moved) {
      const from = this.connecting;
      this.giveUp();
      if (drag.what === "box") this.host.connect(from, drag.box.at);
      return;
    }
    if (drag.what === "box") {
      if (drag.moved) return this.host.place(this.movedWith(drag.box));
      if (event.shiftKey) return this.host.selectMore([drag.box.at]);
      return this.host.select({ of: "object", at: drag.box.at });
    }
    if (drag.what === "band") {
      this.redraw();
      const [from, to] = drag.band.map(([x, y]) => this.plane({ x, y }));
      if (drag.moved && this.scene !== null) this.host.selectMore(inside(this.scene, [from, to]));
      return;
    }
    if (drag.moved || this.scene === null) return;
    const wire = wireAt(this.scene, this.camera, ...this.plane(this.where(event)));
    if (wire === null) this.host.select(null);
    else this.host.select({ of: "connection", at: wire.conns[0] }, wire);
  }

  /** A connection was drawn to a point; without a move the handle was pressed only. */
  private drop(from: number, moved: boolean, at: { x: number; y: number }): void {
    const { scene } = this;
    this.redraw();
    if (!moved) return this.startConnecting(from);
    const to = scene === null ? null : boxAt(scene, this.camera, ...this.plane(at));
    if (to !== null) this.host.connect(from, to.at);
  }

  /** Where the pointer was last, in an open network; null where it was not in it. */
  pointedIn(network: number): [number, number] | null {
    if (this.last === null || this.scene === null) return null;
    return pointIn(this.scene, network, this.plane(inView(this.last, this, SHAPE)));
  }

  /** Where something that is dropped is put: in the plane of the outermost network. */
  placeAt(event: MouseEvent): [number, number] | null {
    const origin = this.scene?.origins.get(0);
    if (origin === undefined) return null;
    const [x, y] = this.plane(this.where(event));
    return [x - origin[0], y - origin[1]];
  }

  /** Mark a wire as the one that the card is about. */
  choose(wire: DrawnWire | null): void {
    this.wire = wire;
    this.redraw();
  }

  private point(at: { x: number; y: number } | null): void {
    const { scene } = this;
    const graph = this.host.graph();
    if (scene === null || graph === null) return;
    const handle = at === null ? null : this.onHandle(at);
    const box =
      at === null || handle !== null ? null : boxAt(scene, this.camera, ...this.plane(at));
    this.host.hover((handle ?? box)?.at ?? null);
    const over = (handle ?? box)?.at ?? null;
    if (over !== this.over) {
      this.over = over;
      this.redraw();
    }
    this.canvas.style.cursor =
      handle !== null || this.connecting !== null ? "crosshair" : box === null ? "grab" : "pointer";
    if (box === null || at === null) return this.tip.hide();
    this.tip.show(graph, box, this.host.activity.text(box.at), at, this);
  }

  private open(event: MouseEvent): void {
    event.preventDefault();
    event.stopPropagation();
    if (this.scene === null) return;
    const box = boxAt(this.scene, this.camera, ...this.plane(this.where(event)));
    if (box === null) this.fit();
    else this.host.toggle(box.at);
  }

  /** With Ctrl, Alt or Shift, as on plots: without, the wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    const turned = event.deltaY === 0 ? event.deltaX : event.deltaY;
    this.tip.hide();
    this.zoom(WHEEL_ZOOM ** -turned, this.where(event));
  }
}
