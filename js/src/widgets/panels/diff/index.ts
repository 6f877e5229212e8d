/** Two networks side by side: what differs, object by object; each line leads to its object. */

import "./diff.css";

import { make, setText } from "../../dom";
import { ElementPicture } from "../../elementpicture";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import {
  isExplained,
  isPayload,
  isTold,
  type Cell,
  type Explained,
  type Line,
  type Part,
  type Payload,
  type Told,
} from "./payload";

type Side = "a" | "b";
const SIDES: Side[] = ["a", "b"];

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this panel in an unknown way");
  return layout.data;
}

function textOf(bytes: FrameArray | undefined): string | null {
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : null;
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** What stands above everything: how much differs. */
export function summary(told: Told): string {
  const lines = told.parts.reduce((sum, part) => sum + part.lines.length, 0);
  const alike = `${counted(told.same.length, "object")} alike`;
  if (lines === 0) return `No differences: ${alike}.`;
  return `${counted(lines, "difference")} in ${counted(told.parts.length, "object")}; ${alike}.`;
}

function bars(cell: Cell, line: Line): HTMLElement {
  const columns = cell.bars.map((height) => {
    const bar = make("i", height === 0 ? "nl-diff-none" : "");
    bar.style.height = `${Math.max(4, 100 * height)}%`;
    return bar;
  });
  const label = `histogram from ${line.low} to ${line.high}`;
  return make(
    "span",
    "nl-diff-histogram",
    {},
    make("span", "nl-diff-bars", { role: "img", "aria-label": label }, ...columns),
    make(
      "span",
      "nl-diff-ends",
      { "aria-hidden": "true" },
      make("span", "", {}, line.low),
      make("span", "", {}, line.high),
    ),
  );
}

class DiffPanel implements Panel {
  readonly speaks = true;
  private context!: PanelContext;
  private payload!: Payload;
  private readonly element = make("div", "nl-diff");
  private image!: ElementPicture;
  /** Where what is said of objects goes, by side and name. */
  private readonly places = new Map<string, HTMLElement>();

  mount(body: HTMLElement, context: PanelContext): void {
    this.context = context;
    this.payload = read(context.layout);
    body.append(this.element);
    this.image = new ElementPicture(this.element, context.signal);
    context.signal.addEventListener("abort", () => this.element.remove());
    this.element.append(make("p", "nl-diff-note", {}, "Comparing …"));
  }

  receive(arrays: Map<string, FrameArray>): void {
    const [told, problem] = ["told", "problem"].map((name) => textOf(arrays.get(name)));
    if (problem !== null) this.fail(problem);
    if (told === null) return;
    const found: unknown = JSON.parse(told);
    if (isTold(found)) this.show(found);
  }

  hear(content: Record<string, unknown>): void {
    if (!isExplained(content)) return;
    const place = this.places.get(`${content.side} ${content.name}`);
    if (place !== undefined) this.tell(place, content);
    // In a Lab the network view goes there.
    const { of, at } = content;
    if (of !== "" && content.side === "a" && this.context.plots)
      this.context.store.set({ sought: { of, at } });
  }

  clear(): void {
    // Nothing of it is of the past.
  }

  retheme(): void {
    this.image.later(); // on the page its colours are those of the style sheet
  }

  picture(): HTMLCanvasElement | null {
    return this.image.canvas;
  }

  // ---- what differs -------------------------------------------------------------------------------

  private show(told: Told): void {
    this.places.clear();
    const again = make(
      "button",
      "nl-button",
      { type: "button", title: "compare as they are now" },
      "Compare again",
    );
    again.addEventListener("click", () => this.context.send({ type: "again" }));
    const head = make("div", "nl-diff-head", {}, make("strong", "", {}, summary(told)), again);
    const { a, b } = this.payload;
    const columns = make(
      "div",
      "nl-diff-row nl-diff-columns",
      { "aria-hidden": "true" },
      ...["", a, b].map((text) => make("span", "", {}, text)),
    );
    const parts = told.parts.map((part) => this.part(part));
    this.element.replaceChildren(
      head,
      ...(parts.length > 0 ? [columns] : []),
      ...parts,
      this.same(told),
    );
  }

  private fail(problem: string): void {
    const text = `They cannot be compared: ${problem}`;
    this.element.replaceChildren(make("p", "nl-diff-error", { role: "alert" }, text));
  }

  private part(part: Part): HTMLElement {
    const { a, b } = this.payload;
    const only = part.b === "" ? `only in ${a}` : part.a === "" ? `only in ${b}` : "";
    const renamed = only === "" && part.a !== part.b;
    const title = renamed ? `${part.a}  |  ${part.b}` : part.a || part.b;
    const note = only === "" ? counted(part.lines.length, "difference") : only;
    const said = make("div", "nl-diff-said", { "aria-live": "polite", hidden: "" });
    const lead = (): void => this.lead(part, said);
    const lines = part.lines.map((line) => this.line(line, title, lead));
    return make(
      "details",
      "nl-diff-part",
      { open: "" },
      make(
        "summary",
        "",
        {},
        make("span", "nl-diff-name", {}, title),
        make("span", "nl-diff-note", {}, note),
      ),
      ...lines,
      said,
    );
  }

  private line(line: Line, of: string, lead: () => void): HTMLElement {
    const what = make(
      "button",
      "nl-diff-what",
      { type: "button", title: `what ${of} is, and where` },
      line.what,
    );
    what.addEventListener("click", lead);
    const cells = SIDES.map((side) => {
      const cell = make("span", "nl-diff-cell", {}, make("span", "", {}, line[side].text));
      if (line[side].bars.length > 0) cell.append(bars(line[side], line));
      return cell;
    });
    const row = make("div", "nl-diff-row", {}, what, ...cells);
    if (line.meaning !== "") row.append(make("span", "nl-diff-meaning", {}, line.meaning));
    return row;
  }

  private same(told: Told): HTMLElement {
    const names = told.same.map(([a, b]) => make("li", "", {}, a === b ? a : `${a}  |  ${b}`));
    const title = `Alike: ${counted(told.same.length, "object")}`;
    return make(
      "details",
      "nl-diff-same",
      {},
      make("summary", "", {}, title),
      make("ul", "", {}, ...names),
    );
  }

  // ---- where a line leads ---------------------------------------------------------------------------

  /** Say what an object is, in both; a second press takes it away. */
  private lead(part: Part, said: HTMLElement): void {
    if (!said.hidden) {
      said.hidden = true;
      return;
    }
    said.hidden = false;
    if (said.childElementCount > 0) return;
    for (const side of SIDES) {
      const name = part[side];
      if (name === "") continue;
      const place = make("p", "", {}, "…");
      this.places.set(`${side} ${name}`, place);
      said.append(make("strong", "", {}, `In “${this.payload[side]}”`), place);
      this.context.send({ type: "explain", side, name });
    }
  }

  private tell(place: HTMLElement, { text, is_error }: Explained): void {
    setText(place, text);
    place.classList.toggle("nl-diff-error", is_error);
  }
}

export default { name: "diff", make: () => new DiffPanel() } satisfies PanelKind;
