/** Drive a Node: by numbers, a pad, a curve, a recording, a semantic pointer; and give it back. */

import "./drive.css";

import { iconButton, make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import { Pad } from "../../pad";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import { GIVE_BACK, NodeSliders } from "../../sliders";
import type { Theme } from "../../theme";
import { typedNumber } from "../../settings";
import { CurveEditor, SHAPES } from "./curve";
import { PointerForm, RecordingForm } from "./forms";
import { isDriven, isPayload, isRefused, type Curve, type Payload } from "./payload";
import { NOTHING, readTold, words, type Told } from "./told";

const NAMES: Record<string, string> = {
  numbers: "numbers",
  pad: "pad",
  curve: "draw",
  recording: "recording",
  pointer: "pointer",
};
const SAID_EVERY_MS = 100;

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

class DrivePanel implements Panel {
  private context!: PanelContext;
  private payload!: Payload;
  private told: Told = NOTHING;
  private readonly now = make("span", "nl-drive-now", { role: "status" });
  private readonly undo = make("button", "nl-button", { type: "button" }, "Undo");
  private giveBack!: HTMLButtonElement;
  private readonly tabs = make("div", "nl-drive-tabs", { role: "tablist" });
  private readonly place = make("div", "nl-drive-place", { role: "tabpanel" });
  private shown = "";
  private pad: Pad | null = null;
  private sliders: NodeSliders | null = null;
  private curve: CurveEditor | null = null;
  private form: RecordingForm | PointerForm | null = null;
  private seconds: HTMLInputElement | null = null;
  private loop: HTMLInputElement | null = null;
  private waiting: { values: number[]; gesture: string } | null = null;
  private said = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    this.payload = read(context.layout);
    const { label } = this.payload;
    this.giveBack = iconButton(GIVE_BACK, `give «${label}» back its own output`, "");
    this.giveBack.addEventListener("click", () => context.send({ type: "release" }));
    this.undo.addEventListener("click", () => context.send({ type: "undo" }));
    const head = make("div", "nl-drive-head", {}, this.now, this.undo, this.giveBack);
    this.tabs.setAttribute("aria-label", `drive ${label} by`);
    const element = make("div", "nl-drive", {}, head, this.tabs, this.place);
    body.append(element);
    context.signal.addEventListener("abort", () => element.remove());
    context.store.subscribe(
      (s) => s.playhead.now,
      context.signal,
      () => this.sayAtTimes(),
    );
    this.arrange();
  }

  receive(arrays: Map<string, FrameArray>): void {
    const told = readTold(arrays);
    if (told === null) return;
    this.told = told;
    this.tell();
  }

  hear(content: Record<string, unknown>): void {
    const refused = isRefused(content);
    if (!refused && !isDriven(content)) return;
    if (content.form === this.payload.form) this.form?.refuse(refused ? content.text : "");
  }

  relayout(layout: PanelLayout): void {
    const before = this.payload;
    this.payload = read(layout);
    const { min, max, curve, form } = this.payload;
    if (before.min !== min || before.max !== max || form !== this.shown) this.shown = "";
    if (this.shown === "") return this.arrange();
    this.curve?.show(curve, this.payload);
    this.showCurve();
  }

  clear(): void {
    // What drives the Node is no past.
  }

  retheme(theme: Theme): void {
    this.curve?.retheme(theme);
  }

  // ---- what is on it ------------------------------------------------------------------------------

  private arrange(): void {
    const { payload } = this;
    this.shown = payload.form;
    this.tabs.hidden = payload.forms.length < 2;
    const tabs = payload.forms.map((form) => {
      const chosen = form === payload.form;
      const tab = make(
        "button",
        "",
        { type: "button", role: "tab", "aria-selected": String(chosen) },
        NAMES[form] ?? form,
      );
      tab.tabIndex = chosen ? 0 : -1;
      tab.addEventListener("click", () => this.context.change({ form }));
      return tab;
    });
    tabs.forEach((tab, i) =>
      tab.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (way === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const next = tabs[(i + way + tabs.length) % tabs.length];
        next.focus();
        next.click();
      }),
    );
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...tabs);
    if (focused) tabs[payload.forms.indexOf(payload.form)]?.focus();
    [this.pad, this.sliders, this.curve, this.form, this.seconds, this.loop] = Array(6).fill(null);
    this.place.replaceChildren(...this.parts());
    this.tell();
  }

  private parts(): HTMLElement[] {
    const { payload, context } = this;
    const { form, label, min, max, step, size, keys } = payload;
    if (form === "pad") {
      const moved = (values: [number, number], gesture: string): void => this.move(values, gesture);
      this.pad = new Pad({ name: label, min, max, step, moved });
      return [this.pad.element];
    }
    if (form === "numbers") {
      this.sliders = new NodeSliders(this.input(), ({ dim, value, gesture }) => {
        if (dim === undefined || value === null) return context.send({ type: "release" });
        const values = this.values.slice();
        values[dim] = value;
        this.told = { ...this.told, kind: "values", values };
        this.move(values, gesture ?? "");
      });
      return [...this.sliders.rows];
    }
    if (form === "curve") return this.curveParts();
    this.form =
      form === "pointer"
        ? new PointerForm(keys, context.send)
        : new RecordingForm(size, context.send);
    return [this.form.element];
  }

  private curveParts(): HTMLElement[] {
    const { payload, context } = this;
    const { curve, label } = payload;
    this.curve = new CurveEditor(
      curve,
      payload,
      context.theme,
      label,
      (drawn) => this.keep(drawn),
      context.signal,
    );
    const seconds = make("input", "nl-field nl-short", {
      type: "text",
      inputmode: "decimal",
      "aria-label": "length of the curve (s)",
    });
    seconds.addEventListener("change", () => {
      const typed = typedNumber(seconds.value);
      const wrong = typed === null || !(typed > 0 && typed <= 3600);
      seconds.setAttribute("aria-invalid", String(wrong));
      if (!wrong) this.keep({ ...this.payload.curve, seconds: typed });
    });
    const loop = make("input", "", { type: "checkbox", "aria-label": "loop" });
    loop.addEventListener("change", () => this.keep({ ...this.payload.curve, loop: loop.checked }));
    [this.seconds, this.loop] = [seconds, loop];
    const play = make("button", "nl-button", { type: "button" }, "Play from now");
    play.addEventListener("click", () => context.send({ type: "curve" }));
    const shapes = Object.keys(SHAPES).map((name) => make("option", "", { value: name }, name));
    const first = make("option", "", { value: "" }, "a shape …");
    const shape = make(
      "select",
      "nl-field",
      { "aria-label": "begin with a shape" },
      first,
      ...shapes,
    );
    shape.addEventListener("change", () => {
      if (shape.value !== "") this.curve?.shape(shape.value);
      shape.value = "";
    });
    const row = make("div", "nl-drive-row", {}, play, make("label", "", {}, loop, " loop"));
    row.append(make("label", "", {}, seconds, " s"), shape);
    if (payload.size > 1) row.append(this.dimensions(this.curve));
    this.showCurve();
    return [this.curve.element, row];
  }

  private dimensions(curve: CurveEditor): HTMLElement {
    const options = this.payload.rest.map((_, dim) =>
      make("option", "", { value: String(dim) }, `[${dim}]`),
    );
    const which = make("select", "nl-field", { "aria-label": "dimension to draw" }, ...options);
    which.addEventListener("change", () => curve.choose(Number(which.value)));
    return which;
  }

  private showCurve(): void {
    const { curve } = this.payload;
    if (this.seconds !== null && document.activeElement !== this.seconds)
      this.seconds.value = String(curve.seconds);
    if (this.loop !== null) this.loop.checked = curve.loop;
  }

  /** It is kept with the panel, so it can be undone; where it plays, the new one plays on. */
  private keep(curve: Curve): void {
    this.payload = { ...this.payload, curve };
    this.context.change({ curve });
  }

  // ---- what drives ----------------------------------------------------------------------------

  private get values(): number[] {
    return this.told.kind === "values" ? this.told.values : this.payload.rest;
  }

  private input() {
    const { label, own, min, max, step } = this.payload;
    const { kind, name } = this.told;
    const playing = kind === "recording" ? name : "";
    const values = this.values.slice();
    return { id: "", label, own, taken: kind !== "own", playing, values, min, max, step };
  }

  /** The newest place of a hand, once in a picture. */
  private move(values: number[], gesture: string): void {
    const quiet = this.waiting === null;
    this.waiting = { values, gesture };
    if (!quiet) return;
    requestAnimationFrame(() => {
      const { waiting } = this;
      this.waiting = null;
      if (waiting !== null && !this.context.signal.aborted)
        this.context.send({ type: "values", ...waiting });
    });
  }

  private tell(): void {
    const { told } = this;
    this.undo.disabled = told.undoes === "";
    this.undo.title = told.undoes === "" ? "nothing to undo" : `undo ${told.undoes}`;
    this.giveBack.style.visibility = told.kind === "own" ? "hidden" : "visible";
    if (told.kind !== "recording") this.pad?.show(this.values, told.kind === "values");
    this.sliders?.update(this.input());
    this.say();
  }

  private sayAtTimes(): void {
    if (performance.now() - this.said >= SAID_EVERY_MS) this.say();
  }

  private say(): void {
    this.said = performance.now();
    const { told, payload } = this;
    const { now } = this.context.store.get().playhead;
    setText(this.now, words(told, now, payload.own));
    const since = now - told.from;
    const plays = told.kind === "recording" && told.name === "drawn curve" && told.seconds > 0;
    if (!plays) return this.curve?.at(null);
    this.curve?.at(told.loop ? (since / told.seconds) % 1 : Math.min(1, since / told.seconds));
  }
}

export default { name: "drive", make: () => new DrivePanel() } satisfies PanelKind;
