/** Edits by drawing: what a hand does becomes a wish to the kernel, which edits the code. */

import { isTyped, make, setText } from "../../dom";
import type { PanelContext } from "../../panel";
import type { Theme } from "../../theme";
import type { Card } from "./card";
import type { EditHost } from "./cardedit";
import { Deleting } from "./deleting";
import { ROOT, type Graph } from "./graph";
import { KeptFunction } from "./functionfield";
import { keptOf, type Kept } from "./kept";
import { DRAGGED, Palette } from "./palette";
import {
  isDependingMessage,
  isEditedMessage,
  isPaletteMessage,
  isTriedMessage,
  type PaletteEntry,
  type Payload,
  type TriedTold,
} from "./payload";
import { boxesIn, middleOf, type ViewBox } from "./places";
import { Saying } from "./saying";
import { Turns, type Turn } from "./turns";
import type { View } from "./view";
import type { Selected } from "./viewhost";

export interface EditingHost {
  graph: () => Graph | null;
  /** The network that is on the screen, by whose numbers things are called. */
  shown: () => Graph | null;
  /** Whether another network is to be drawn. */
  drawing: () => boolean;
  /** What is selected, by those numbers. */
  chosen: () => Selected[];
  view: () => View;
  card: () => Card;
  payload: () => Payload;
  send: (content: Record<string, unknown>) => void;
  select: (selected: Selected | null) => void;
  /**
   * What is selected is to be selected again once the network is drawn anew; or another thing; with
   * null, what is selected by then.
   */
  keep: (kept?: Partial<Kept> | null) => void;
  /** Have the keyboard at a thing. */
  focus: (at: number) => void;
  /** Things that an edit brought are to be selected as soon as they are drawn. */
  choose: (names: string[]) => void;
  /** What goes to a line of the code, where that is shown. */
  goToLine: () => ((line: number) => void) | null;
  editor: PanelContext["editor"];
  theme: () => Theme;
}

type Answer = (problem: string) => void;

const CONNECTION = "Connections: Connection";
const FIRST =
  "Add an input and an ensemble; then drag from one's arrow to the other to connect them.";
/** What is said where nothing is drawn, by how the drawing stands. */
const EMPTY: Record<string, string> = {
  "not yet": "No code has run yet. Press Run in the code, or ▶, to see its network.",
  coming: "The code runs, and then its network is built …",
  failed: "The code does not run: what is wrong stands in the code. Mend it, then press Run.",
  yes: FIRST,
};

export class Editing {
  readonly palette: Palette;
  private readonly saying: Saying;
  readonly hint = make("p", "nl-network-waiting nl-edit-hint", { hidden: "" });
  readonly start = make(
    "button",
    "nl-button nl-network-tool",
    { type: "button", hidden: "", title: "write the code of this network, and edit it by drawing" },
    "continue in code",
  );
  private readonly answers = new Map<string, { answer: Answer; turn: Turn | null }>();
  private readonly tried = new Map<string, (told: TriedTold) => void>();
  private readonly function = new KeptFunction();
  /** What is done from a card, which waits for the edit before it. */
  readonly turns: Turns;
  private readonly deleting: Deleting;
  /** The entry that is added to what is chosen next. */
  private entry = CONNECTION;

  constructor(private readonly host: EditingHost) {
    this.saying = new Saying(host.goToLine);
    this.palette = new Palette({
      ask: () => host.send({ type: "palette" }),
      add: (entry) => this.add(entry, null),
    });
    this.start.addEventListener("click", () => host.send({ type: "continue_in_code" }));
    this.turns = new Turns({
      graph: host.shown,
      busy: () => this.answers.size > 0 || host.drawing(),
      gone: () => this.say("It was not done: what it was for is not there any more.", true),
    });
    this.deleting = new Deleting({
      ...host,
      turns: this.turns,
      say: (problem, offer) => this.saying.say(problem, true, offer),
      remove: (objects) => this.edit({ do: "delete", objects }),
    });
  }

  get said(): HTMLElement {
    return this.saying.element;
  }

  get on(): boolean {
    return this.host.payload().drawn === "yes" && this.ended === "";
  }

  /** Take what is dropped on the drawing, and the keys that edit it. */
  listen(root: HTMLElement, place: HTMLElement, signal: AbortSignal): void {
    place.addEventListener(
      "dragover",
      (event) => {
        if (this.on && event.dataTransfer?.types.includes(DRAGGED)) event.preventDefault();
      },
      { signal },
    );
    place.addEventListener(
      "drop",
      (event) => {
        const entry = this.palette.find(event.dataTransfer?.getData(DRAGGED) ?? "");
        if (entry === undefined) return;
        event.preventDefault();
        this.add(entry, this.host.view().placeAt(event));
      },
      { signal },
    );
    // What was refused is said until a hand does the next thing.
    const next = ({ target }: Event): void => this.saying.forget(target);
    for (const each of ["keydown", "pointerdown"])
      root.addEventListener(each, next, { signal, capture: true });
    root.addEventListener("keydown", (event) => this.key(event), { signal });
    place.addEventListener("pointerdown", () => this.takeKeys(root), { signal });
  }

  /** What is pressed from now on is meant for the drawing. */
  takeKeys(root: HTMLElement): void {
    if (this.on && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
  }

  /** Follow how the drawing stands. */
  update(): void {
    const { drawn, stale } = this.host.payload();
    const graph = this.host.graph();
    this.palette.button.hidden = drawn !== "yes";
    this.start.hidden = drawn !== "can be";
    if (drawn !== "yes") this.palette.toggle(false);
    const empty = graph !== null && graph.size <= 1;
    const text = empty ? (EMPTY[drawn] ?? "") : "";
    this.hint.hidden = text === "";
    setText(this.hint, text);
    if (empty && drawn === "yes" && !stale && this.palette.element.hidden && !this.opened) {
      this.opened = true;
      this.palette.toggle(true);
    }
  }

  private opened = false;
  /** Why nothing is done any more, or "". */
  private ended = "";

  /** Nothing is done any more, and why: it is said all the time; or with "" it is. */
  end(why: string): void {
    if (this.ended === why) return;
    this.ended = why;
    this.palette.end(why);
    this.start.disabled = why !== "";
    this.answers.clear();
    this.turns.drop();
    this.host.view().giveUp();
    this.saying.keep(why);
  }

  hear(content: Record<string, unknown>): boolean {
    if (isPaletteMessage(content)) this.palette.show(content.entries);
    else if (isEditedMessage(content)) {
      const asked = this.answers.get(content.ask);
      this.answers.delete(content.ask);
      if (this.answers.size === 0) this.say("");
      const again = content.late && this.turns.again(asked?.turn ?? null);
      if (!again) asked?.answer(content.problem);
      this.turns.next();
      if (content.came.length > 0) this.host.choose(content.came);
    } else if (isTriedMessage(content)) {
      const answer = this.tried.get(content.ask);
      this.tried.delete(content.ask);
      answer?.(content.told);
    } else if (isDependingMessage(content)) this.deleting.confirm(content);
    else return false;
    return true;
  }

  private say(text: string, trouble = false): void {
    this.saying.say(text, trouble);
  }

  /** Another network is to be drawn: what would be deleted is asked anew. */
  leave(): void {
    this.deleting.leave();
    this.forget();
  }

  /** What went wrong was about something else, or the network before. */
  forget(): void {
    this.saying.forget();
  }

  private edit(content: Record<string, unknown>, answer?: Answer): void {
    if (this.ended !== "") return;
    const ask = crypto.randomUUID();
    const tell = (problem: string): void => {
      if (problem !== "") this.say(problem, true);
    };
    this.answers.set(ask, { answer: answer ?? tell, turn: this.turns.now });
    this.say(content.do === "copy" ? "" : "making the change …");
    this.host.send({ type: "edit", ask, ...content });
  }

  // ---- what a hand does ---------------------------------------------------------------------------

  /** To what is selected now, or where that is nothing, by the time that it is done. */
  private add(entry: PaletteEntry, place: [number, number] | null): void {
    const at = this.chosenObject();
    const things: Selected[] = at === null ? [] : [{ of: "object", at }];
    this.turns.takeAll(things, ([now]) => this.addTo(entry, place, now?.at ?? this.chosenObject()));
  }

  /** The one object that is selected. */
  private chosenObject(): number | null {
    const [only, more] = this.host.chosen();
    return only?.of === "object" && more === undefined ? only.at : null;
  }

  private addTo(entry: PaletteEntry, place: [number, number] | null, at: number | null): void {
    if (entry.needs.includes("pre")) {
      if (at === null) return this.say(`Select what ${entry.title} comes from first.`, true);
      // From the keyboard it goes on where things are chosen.
      this.host.focus(at);
      this.begin(at);
      this.entry = entry.key;
      return;
    }
    if (entry.needs.length > 0 && at === null)
      return this.say(`Select what ${entry.title} is to look at first.`, true);
    const into = entry.needs.length === 0 ? this.into(at) : null;
    const pre = entry.needs.length > 0 ? { pre: at } : {};
    this.edit({ do: "add", entry: entry.key, place, into, ...pre });
  }

  /** An open network that is selected is what is added to. */
  private into(at: number | null): number | null {
    if (at === null || at === ROOT) return null;
    return this.host.view().scene?.byObject.get(at)?.open === true ? at : null;
  }

  private begin(from: number): void {
    this.entry = CONNECTION;
    this.host.view().startConnecting(from);
    this.say("Choose where it leads to; Escape gives up.");
  }

  connect(from: number, to: number): void {
    const { entry } = this;
    this.entry = CONNECTION;
    const ends = [from, to].map((at): Selected => ({ of: "object", at }));
    this.turns.takeAll(ends, ([pre, post]) =>
      this.edit({ do: "add", entry, place: null, pre: pre.at, post: post.at }),
    );
  }

  /** An object was chosen by keyboard: is it the end of a connection? */
  chosen(at: number): boolean {
    const view = this.host.view();
    const from = view.connecting;
    if (from === null) return false;
    view.giveUp();
    this.connect(from, at);
    return true;
  }

  private key(event: KeyboardEvent): void {
    const view = this.host.view();
    if (!this.on || event.altKey || isTyped(event)) return;
    const at = view.focused ?? this.chosenObject();
    const { key } = event;
    if (event.ctrlKey || event.metaKey) {
      if (event.shiftKey || !this.chord(key, this.objects(at), at)) return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (key === "Escape" && view.connecting !== null) {
      view.giveUp();
      this.say("");
    } else if (key === "c" && at !== null && at !== ROOT)
      this.turns.take({ of: "object", at }, (now) => this.begin(now.at));
    else if ((key === "Delete" || key === "Backspace") && this.selection(at).length > 0)
      this.deleting.ask(this.selection(at));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What Ctrl and a letter do; false where they do nothing here. */
  private chord(key: string, objects: number[], at: number | null): boolean {
    if (key === "v") this.paste(this.into(at));
    else if (objects.length === 0) return false;
    else if (key === "c") this.copy(objects);
    else if (key === "d") this.duplicate(objects);
    else if (key === "g") this.group(objects);
    else return false;
    return true;
  }

  private objects(at: number | null): number[] {
    const several = this.host.chosen().filter(({ of }) => of === "object");
    if (several.length > 1) return several.map((each) => each.at);
    return at === null || at === ROOT ? [] : [at];
  }

  private selection(at: number | null): Selected[] {
    const [selected] = this.host.chosen();
    if (selected !== undefined && selected.of !== "object") return [selected];
    return this.objects(at).map((each) => ({ of: "object", at: each }));
  }

  // ---- several at once --------------------------------------------------------------------------

  /** Do something with all of these, as they are called when it is their turn. */
  private withAll(objects: readonly number[], act: (now: number[]) => void): void {
    const things = objects.map((at): Selected => ({ of: "object", at }));
    this.turns.takeAll(things, (now) => act(now.map(({ at }) => at)));
  }

  private all(what: string, objects: number[], more: Record<string, unknown>, answer?: Answer) {
    const wanted = objects.map((at) => ({ of: "object", at }));
    this.edit({ do: what, objects: wanted, ...more }, answer);
  }

  copy(objects: number[]): void {
    this.withAll(objects, (now) =>
      this.all("copy", now, { boxes: this.boxesIn(ROOT, now) }, (problem) => {
        const many = now.length === 1 ? "It is" : `${now.length} things are`;
        if (problem !== "") this.say(problem, true);
        else this.say(`${many} copied. Ctrl+V puts a copy into this or another drawing.`);
      }),
    );
  }

  /** The same once more, in the network that the first of them is in. */
  duplicate(objects: number[]): void {
    this.withAll(objects, (now) => {
      const parent = this.host.graph()?.objects.parent[now[0]] ?? ROOT;
      const boxes = this.boxesIn(parent, now);
      const place = middleOf(boxes);
      const into = parent === ROOT ? null : parent;
      this.all("duplicate", now, { into, boxes, place, taken: this.taken(parent) });
    });
  }

  /** Put what was copied where the pointer was last, if that is in the network that it goes into. */
  private paste(into: number | null): void {
    this.withAll(into === null ? [] : [into], ([network]) => {
      const view = this.host.view();
      const place = view.pointedIn(network ?? ROOT);
      // What comes is seen there.
      if (place !== null) view.fitted = false;
      const taken = this.taken(network ?? ROOT);
      this.edit({ do: "paste", into: network ?? null, place, taken });
    });
  }

  /** What stands in a network already. */
  private taken(network: number): (ViewBox | null)[] {
    return this.boxesIn(network, this.host.graph()?.children[network] ?? []);
  }

  private boxesIn(network: number, objects: readonly number[]): (ViewBox | null)[] {
    const { scene } = this.host.view();
    return scene === null ? [] : boxesIn(scene, objects, network);
  }

  group(objects: number[]): void {
    this.withAll(objects, (now) => {
      this.host.select(null);
      this.all("group", now, {});
    });
  }

  moveInto(objects: number[], network: number): void {
    this.withAll([network, ...objects], ([into, ...now]) => {
      this.host.select(null);
      this.all("move", now, { into: into === ROOT ? null : into });
    });
  }

  remove(objects: number[]): void {
    this.deleting.ask(objects.map((at) => ({ of: "object", at })));
  }

  // ---- the card -------------------------------------------------------------------------------------

  /** What edits the object of a card. */
  of(selected: Selected): EditHost {
    const turn = (what: string, content: Record<string, unknown>, answer: Answer): void =>
      this.turns.take(selected, (now) => {
        this.host.keep();
        this.edit({ do: what, ...now, ...content }, this.forgetting(answer));
      });
    return {
      set: (name, value, answer) => turn("set", { name, value }, answer),
      rename: (name, answer) =>
        this.turns.take(selected, (now) => {
          this.rename(now, name);
          this.edit({ do: "rename", ...now, name }, this.forgetting(answer));
        }),
      connect:
        selected.of === "object"
          ? () => this.turns.take(selected, ({ at }) => this.begin(at))
          : null,
      remove: () => this.deleting.ask([selected]),
      functions: {
        editor: this.host.editor,
        theme: this.host.theme,
        kept: this.function,
        object: this.nameOf(selected),
        try: (name, text, element, answer) => {
          const ask = crypto.randomUUID();
          this.tried.set(ask, answer);
          this.turns.take(selected, (now) =>
            this.host.send({ type: "try", ask, ...now, name, text, element }),
          );
        },
        write: (name, text, answer) => turn("function", { name, text }, answer),
        say: (problem) => {
          if (problem !== "") this.say(problem, true);
        },
      },
    };
  }

  /** What was not done has nothing to be selected after it. */
  private forgetting(answer: Answer): Answer {
    return (problem) => {
      if (problem !== "") this.host.keep(null);
      answer(problem);
    };
  }

  /** What is renamed is selected by its new name, and what waits for it goes by that. */
  private rename(now: Selected, name: string): void {
    const graph = this.host.graph();
    const whole = now.of === "object" ? graph?.name(now.at) : graph?.probes[now.at];
    const { selected } = this.host.view();
    const chosen = selected?.of === now.of && selected.at === now.at;
    if (whole === undefined || now.of === "connection") return this.host.keep();
    const after = whole.replace(/[^/]*$/, "") + name;
    const kept = now.of === "object" ? { objects: [after] } : { probe: after };
    this.host.keep(chosen ? kept : undefined);
    this.turns.renamed(whole, after);
  }

  /** What an object is told apart by, in this network and in the next. */
  nameOf(selected: Selected): string {
    const graph = this.host.graph();
    return graph === null ? "" : JSON.stringify(keptOf(graph, selected, []));
  }

  retheme(): void {
    this.function.redraw();
  }
}
