/** Edits by drawing: what a hand does becomes a wish to the kernel, which edits the code. */

import { isTyped, make, setText } from "../../dom";
import type { PanelContext } from "../../panel";
import type { Theme } from "../../theme";
import type { Card } from "./card";
import { confirmDelete, type EditHost } from "./cardedit";
import { ROOT, type Graph } from "./graph";
import { KeptFunction } from "./functionfield";
import { keptOf } from "./kept";
import { DRAGGED, Palette } from "./palette";
import {
  isDependingMessage,
  isEditedMessage,
  isPaletteMessage,
  isTriedMessage,
  type DependingMessage,
  type PaletteEntry,
  type Payload,
  type TriedTold,
} from "./payload";
import { boxesIn, middleOf, type ViewBox } from "./places";
import { Turns } from "./turns";
import type { View } from "./view";
import type { Selected } from "./viewhost";

export interface EditingHost {
  graph: () => Graph | null;
  /** The network by whose numbers things are called: until it is drawn anew the one before. */
  numbered: () => Graph | null;
  /** Whether the network is not drawn anew yet. */
  drawing: () => boolean;
  view: () => View;
  card: () => Card;
  payload: () => Payload;
  send: (content: Record<string, unknown>) => void;
  select: (selected: Selected | null) => void;
  /**
   * What is selected is to be selected again once the network is drawn anew; or another thing; with
   * null, what is selected by then.
   */
  keep: (name?: string | null) => void;
  /** Have the keyboard at a thing. */
  focus: (at: number) => void;
  /** Things that an edit brought are to be selected as soon as they are drawn. */
  choose: (names: string[]) => void;
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
  coming: "The code runs …",
  failed: "The code does not run: what is wrong stands in the code. Mend it, then press Run.",
  yes: FIRST,
};

export class Editing {
  readonly palette: Palette;
  readonly said = make("p", "nl-edit-said", { role: "status", hidden: "" });
  readonly hint = make("p", "nl-network-waiting nl-edit-hint", { hidden: "" });
  readonly start = make(
    "button",
    "nl-button nl-network-tool",
    { type: "button", hidden: "", title: "write the code of this network, and edit it by drawing" },
    "continue in code",
  );
  private readonly answers = new Map<string, Answer>();
  private readonly tried = new Map<string, (told: TriedTold) => void>();
  private readonly function = new KeptFunction();
  /** What is done from a card, which waits for the edit before it. */
  readonly turns: Turns;
  private asked = "";
  private deleting: Selected[] = [];
  /** The entry that is added to what is chosen next. */
  private entry = CONNECTION;

  constructor(private readonly host: EditingHost) {
    this.palette = new Palette({
      ask: () => host.send({ type: "palette" }),
      add: (entry) => this.add(entry, null),
    });
    this.start.addEventListener("click", () => host.send({ type: "continue_in_code" }));
    this.turns = new Turns({
      graph: host.numbered,
      busy: () => this.answers.size > 0 || host.drawing(),
      gone: () => this.say("It was not done: what it was for is not there any more.", true),
    });
  }

  get on(): boolean {
    return this.host.payload().drawn === "yes";
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
    for (const each of ["keydown", "pointerdown"])
      root.addEventListener(each, () => this.wrong && this.say(""), { signal, capture: true });
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

  hear(content: Record<string, unknown>): boolean {
    if (isPaletteMessage(content)) this.palette.show(content.entries);
    else if (isEditedMessage(content)) {
      const answer = this.answers.get(content.ask);
      this.answers.delete(content.ask);
      if (this.answers.size === 0) this.say("");
      answer?.(content.problem);
      this.turns.next();
      if (content.came.length > 0) this.host.choose(content.came);
    } else if (isTriedMessage(content)) {
      const answer = this.tried.get(content.ask);
      this.tried.delete(content.ask);
      answer?.(content.told);
    } else if (isDependingMessage(content)) this.confirm(content);
    else return false;
    return true;
  }

  private wrong = false;

  private say(text: string, trouble = false): void {
    this.wrong = trouble;
    this.said.hidden = text === "";
    this.said.classList.toggle("nl-edit-wrong", trouble);
    setText(this.said, text);
  }

  /** What went wrong was about something else, or the network before. */
  forget(): void {
    if (this.said.classList.contains("nl-edit-wrong")) this.say("");
  }

  private edit(content: Record<string, unknown>, answer?: Answer): void {
    const ask = crypto.randomUUID();
    const tell = (problem: string): void => {
      if (problem !== "") this.say(problem, true);
    };
    this.answers.set(ask, answer ?? tell);
    this.say(content.do === "copy" ? "" : "changing the code …");
    this.host.send({ type: "edit", ask, ...content });
  }

  // ---- what a hand does ---------------------------------------------------------------------------

  private add(entry: PaletteEntry, place: [number, number] | null): void {
    const { selected } = this.host.view();
    const at = selected?.of === "object" ? selected.at : null;
    if (entry.needs.includes("pre")) {
      if (at === null) return this.say(`Select what ${entry.title} comes from first.`, true);
      this.entry = entry.key;
      // From the keyboard it goes on where things are chosen.
      this.host.focus(at);
      return this.begin(at);
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

  begin(from: number): void {
    this.host.view().startConnecting(from);
    this.say("Choose where it leads to; Escape gives up.");
  }

  connect(from: number, to: number): void {
    const { entry } = this;
    this.entry = CONNECTION;
    this.edit({ do: "add", entry, place: null, pre: from, post: to });
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
    const at = view.focused ?? (view.selected?.of === "object" ? view.selected.at : null);
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
    } else if (key === "c" && at !== null && at !== ROOT) this.begin(at);
    else if ((key === "Delete" || key === "Backspace") && this.selection(at).length > 0)
      this.ask(this.selection(at));
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
    const { several } = this.host.view();
    if (several.size > 0) return [...several];
    return at === null || at === ROOT ? [] : [at];
  }

  private selection(at: number | null): Selected[] {
    const { selected } = this.host.view();
    if (selected !== null && selected.of !== "object") return [selected];
    return this.objects(at).map((each) => ({ of: "object", at: each }));
  }

  // ---- several at once --------------------------------------------------------------------------

  private all(what: string, objects: number[], more: Record<string, unknown>, answer?: Answer) {
    const wanted = objects.map((at) => ({ of: "object", at }));
    this.edit({ do: what, objects: wanted, ...more }, answer);
  }

  copy(objects: number[]): void {
    const boxes = this.boxesIn(ROOT, objects);
    this.all("copy", objects, { boxes }, (problem) => {
      const many = objects.length === 1 ? "It is" : `${objects.length} things are`;
      if (problem !== "") this.say(problem, true);
      else this.say(`${many} copied. Ctrl+V puts a copy into this or another drawing.`);
    });
  }

  /** The same once more, in the network that the first of them is in. */
  duplicate(objects: number[]): void {
    const parent = this.host.graph()?.objects.parent[objects[0]] ?? ROOT;
    const boxes = this.boxesIn(parent, objects);
    const place = middleOf(boxes);
    const into = parent === ROOT ? null : parent;
    this.all("duplicate", objects, { into, boxes, place, taken: this.taken(parent) });
  }

  /** Put what was copied where the pointer was last, if that is in the network that it goes into. */
  private paste(into: number | null): void {
    const view = this.host.view();
    const network = into ?? ROOT;
    const place = view.pointedIn(network);
    // What comes is seen there.
    if (place !== null) view.fitted = false;
    this.edit({ do: "paste", into, place, taken: this.taken(network) });
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
    this.host.select(null);
    this.all("group", objects, {});
  }

  moveInto(objects: number[], network: number): void {
    this.host.select(null);
    this.all("move", objects, { into: network === ROOT ? null : network });
  }

  remove(objects: number[]): void {
    this.ask(objects.map((at) => ({ of: "object", at })));
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
      remove: () => this.turns.take(selected, (now) => this.ask([now])),
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
    const whole = now.of === "object" ? this.host.graph()?.name(now.at) : undefined;
    const { selected } = this.host.view();
    const chosen = selected?.of === now.of && selected.at === now.at;
    if (whole === undefined) return this.host.keep();
    const after = whole.replace(/[^/]*$/, "") + name;
    this.host.keep(chosen ? after : undefined);
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

  private ask(objects: Selected[]): void {
    this.deleting = objects;
    this.asked = crypto.randomUUID();
    this.host.send({ type: "depending", ask: this.asked, objects });
  }

  private confirm({ ask, names, problem, changed }: DependingMessage): void {
    if (ask !== this.asked) return;
    this.asked = "";
    this.say(problem, true);
    if (problem !== "") return;
    const [own] = this.deleting;
    const graph = this.host.graph();
    const meant = this.deleting.map(({ of, at }) => (of === "object" ? graph?.name(at) : ""));
    const first = names.filter((each) => meant.includes(each));
    const owned = first.length === 0 ? names.slice(0, 1) : first;
    const question = confirmDelete(
      owned,
      names.filter((each) => !owned.includes(each)),
      changed,
      () => this.host.select(this.deleting.length === 1 ? own : null),
      () => {
        this.host.select(null);
        this.edit({ do: "delete", objects: this.deleting });
      },
    );
    this.host.card().ask(question);
  }
}
