/** Sweeps: settings with several values, what that comes to, the runs of it, which setting mattered. */

import { make, setHidden, setText } from "../../dom";
import type { Bokeh } from "../../inspecting/bokeh";
import type { PanelContext } from "../../panel";
import type { Theme } from "../../theme";
import { fieldOf } from "./fields";
import { percent } from "./firing";
import { Parallel, resultColor, resultName, worded } from "./parallel";
import { button, Part, short, type Send } from "./parts";
import type { Sweeps, SweptRun, Varied } from "./payload";

const GOING = ["waiting", "starting", "running", "paused"];

/** Runs in the order in which a person looks for them: as they were made, or the best first. */
export function ordered(runs: readonly SweptRun[], best: boolean): SweptRun[] {
  if (!best) return [...runs];
  const of = ({ result }: SweptRun): number => result ?? Infinity;
  return [...runs].sort((a, b) => (of(a) === of(b) ? 0 : of(a) - of(b)));
}

/** In a line what is, or was, swept. */
export function inALine(sweeps: Sweeps): string {
  if (sweeps.going || sweeps.runs.length > 0) return `${sweeps.shown}: ${sweeps.said}`;
  return "many runs at once, each with other settings";
}

/** Which setting mattered, in words; nothing where too little is known. */
export function mattering(sweeps: Pick<Sweeps, "mattered" | "result">): string {
  if (sweeps.mattered.length === 0) return "";
  const parts = sweeps.mattered.map(([name, share]) => `${name} ${percent(share)}`);
  const of = resultName(sweeps.result);
  return `Of the spread of the ${of}, so much goes with: ${parts.join(", ")}.`;
}

interface Table {
  sweeps: Pick<Sweeps, "settings" | "result" | "runs" | "going">;
  picked: string;
  best: boolean;
}

export class SweepPart {
  readonly element: HTMLDetailsElement;
  private readonly line = make("span", "nl-fit-line");
  private readonly setup: Part<Omit<Sweeps, "runs" | "said" | "mattered">>;
  private readonly head: Part<Pick<Sweeps, "known" | "shown" | "said">>;
  private readonly table: Part<Table>;
  private readonly place = make("div", "nl-fit-parallel", { hidden: "" });
  private readonly words: Part<{ words: string; dark: boolean; ends: [string, string] | null }>;
  private sweeps: Sweeps | null = null;
  private figure: Parallel | null = null;
  private asked = false;
  private picked = "";
  private best = false;
  private openCode = false;

  constructor(
    private readonly send: Send,
    private readonly open: (run: string) => void,
    private readonly started: () => void,
    private readonly context: Pick<PanelContext, "bokeh" | "signal">,
    private theme: Theme,
  ) {
    this.setup = new Part(make("div", "nl-fit-sweep"), (told) => this.form(told));
    this.head = new Part(make("div", "nl-fit-sweep-head"), (told) => this.title(told));
    this.words = new Part(make("p", "nl-inspect-words nl-fit-legend"), (told) => this.legend(told));
    this.table = new Part(make("div", "nl-fit-table nl-fit-swept"), (told) => this.rows(told));
    this.element = make(
      "details",
      "nl-fit-setup nl-fit-sweeps",
      {},
      make("summary", "", {}, make("strong", "", {}, "Sweep"), this.line),
      this.setup.element,
      this.head.element,
      this.place,
      this.words.element,
      this.table.element,
    );
    // A figure has no size while it is folded away.
    this.element.addEventListener("toggle", () => void this.draw());
  }

  show(sweeps: Sweeps, theme: Theme): void {
    const begins = sweeps.going && this.sweeps !== null && !this.sweeps.going;
    [this.sweeps, this.theme] = [sweeps, theme];
    if (begins) {
      this.element.open = true;
      this.started();
    }
    setText(this.line, inALine(sweeps));
    const { runs, said, mattered: _, ...rest } = sweeps;
    this.setup.show(rest);
    this.head.show({ known: sweeps.known, shown: sweeps.shown, said });
    setHidden(this.head.element, runs.length === 0);
    setHidden(this.table.element, runs.length === 0);
    this.again();
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.figure?.figure.retheme(theme);
    if (this.sweeps !== null) this.again();
  }

  private again(): void {
    if (this.sweeps === null) return;
    const { settings, result, runs, going } = this.sweeps;
    const { picked, best } = this;
    this.table.show({ sweeps: { settings, result, runs, going }, picked, best });
    const results = runs.map((run) => run.result).filter((one) => one !== null);
    const ends: [string, string] | null =
      results.length < 2 ? null : [short(Math.min(...results)), short(Math.max(...results))];
    this.words.show({ words: mattering(this.sweeps), dark: this.theme.dark, ends });
    void this.draw();
  }

  // ---- the form ---------------------------------------------------------------------------------

  private form(told: Omit<Sweeps, "runs" | "said" | "mattered">): HTMLElement[] {
    if (told.missing !== "")
      return [make("p", "nl-fit-wrong nl-fit-missing", { role: "note" }, told.missing)];
    const varied = told.varied.map((one) => this.varied(one));
    const others = make(
      "div",
      "nl-fit-fields",
      {},
      ...told.fields.map((field) =>
        fieldOf(field, (value) => this.say("set", { name: field.name, value })),
      ),
    );
    return [
      make("div", "nl-fit-vary", {}, ...varied, this.add(told)),
      ...(told.varied.length > 0 ? [others, this.comes(told), ...this.code(told)] : []),
      ...(told.varied.length === 0 && told.going ? [this.comes(told)] : []),
    ];
  }

  private say(what: string, content: Record<string, unknown>): void {
    this.send({ type: "sweep", do: what, ...content });
  }

  private add({ can, varied }: Pick<Sweeps, "can" | "varied">): HTMLElement {
    const first = varied.length === 0 ? "vary a setting …" : "vary another setting …";
    const select = make(
      "select",
      "nl-field",
      { "aria-label": "vary a setting" },
      make("option", "", { value: "", selected: "" }, first),
      ...can.map(({ name, note }) => make("option", "", { value: name }, note)),
    );
    select.addEventListener("change", () => {
      if (select.value !== "") this.say("vary", { name: select.value });
      select.value = "";
    });
    return select;
  }

  private varied({ name, label, options, fields, error }: Varied): HTMLElement {
    const boxes = options.map(([choice, on]) => {
      const input = make("input", "", { type: "checkbox", "aria-label": `${label} ${choice}` });
      input.checked = on;
      input.addEventListener("change", () =>
        this.say("choose", { name, value: choice, on: input.checked }),
      );
      return make("label", "nl-fit-option", { "data-key": choice }, input, choice);
    });
    const entries = fields.map((field) =>
      fieldOf(field, (value) => this.say("set", { name: field.name, value })),
    );
    const wrong = make("small", "nl-fit-wrong", { role: "alert" }, error);
    const leave = button("Leave out", `${label} as above, in all runs`, () =>
      this.say("leave", { name }),
    );
    leave.classList.add("nl-fit-small");
    leave.dataset.key = `leave ${name}`;
    return make(
      "fieldset",
      "nl-fit-varied",
      { "data-key": name },
      make("legend", "", {}, label),
      ...boxes,
      ...entries,
      ...(error === "" ? [] : [wrong]),
      leave,
    );
  }

  private comes(told: Omit<Sweeps, "runs" | "said" | "mattered">): HTMLElement {
    const lines = told.lines.map((line) => make("span", "", {}, line));
    const long = button("How long?", "train four batches, and see how long they take", () =>
      this.send({ type: "measure" }),
    );
    const start = button("Start sweep", "in other processes; the kernel stays free", () =>
      this.say("start", {}),
    );
    start.classList.add("nl-fit-main");
    start.disabled = !told.ready;
    const stop = button("Stop all", "runs that go on end after their batch; no other begins", () =>
      this.say("stop", { name: "" }),
    );
    const problem = make("small", "nl-fit-wrong", { role: "alert" }, told.problem);
    return make(
      "div",
      "nl-fit-comes",
      {},
      told.going ? stop : start,
      make("div", "nl-fit-summary", {}, ...lines, ...(told.problem === "" ? [] : [problem])),
      ...(told.ready && !told.measured && !told.going ? [long] : []),
    );
  }

  private code({ code }: Pick<Sweeps, "code">): HTMLElement[] {
    if (code === "") return [];
    const made = make(
      "details",
      "nl-fit-tree",
      { "data-key": "as Python", ...(this.openCode ? { open: "" } : {}) },
      make("summary", "", {}, "As Python"),
      make("pre", "nl-fit-code", { tabindex: "0" }, code),
    );
    made.addEventListener("toggle", () => (this.openCode = made.open));
    return [made];
  }

  // ---- the sweep that is shown --------------------------------------------------------------------

  private title({ known, shown, said }: Pick<Sweeps, "known" | "shown" | "said">): HTMLElement[] {
    const select = make(
      "select",
      "nl-field",
      { "aria-label": "sweep that is shown" },
      ...known.map((name) =>
        make("option", "", { value: name, ...(name === shown ? { selected: "" } : {}) }, name),
      ),
    );
    select.addEventListener("change", () => this.say("show", { name: select.value }));
    const name = known.length > 1 ? select : make("span", "", {}, shown);
    return [make("h3", "nl-fit-title", {}, name, make("small", "", { role: "status" }, said))];
  }

  private legend({ words, ends }: { words: string; ends: [string, string] | null }): HTMLElement[] {
    const found = words === "" ? [] : [make("span", "", {}, words)];
    if (ends === null) return found;
    const bar = make("i", "nl-fit-results");
    const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => resultColor(this.theme, part));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const scale = make("span", "nl-fit-scale", {}, `best ${ends[0]}`, bar, `worst ${ends[1]}`);
    return [scale, ...found];
  }

  private rows({ sweeps, picked, best }: Table): HTMLElement[] {
    const { settings, result, runs, going } = sweeps;
    const called = result === "val_loss" ? "validated" : "best loss";
    const sort = button(best ? `${called} ↑` : called, "the best first", () => {
      this.best = !this.best;
      this.again();
    });
    sort.setAttribute("aria-label", "sort by result");
    const cells = ["run", ...settings, "state", "epoch", "loss"].map((text) =>
      make("th", "", { scope: "col" }, text),
    );
    const head = make("tr", "", {}, ...cells, make("th", "", { scope: "col" }, sort));
    const rows = ordered(runs, best).map((run) => this.row(run, picked, going));
    return [make("table", "", {}, make("thead", "", {}, head), make("tbody", "", {}, ...rows))];
  }

  private row(run: SweptRun, picked: string, going: boolean): HTMLElement {
    const number = (value: number | null): string => (value === null ? "–" : short(value));
    const there = run.epochs > 0;
    const name = button(run.run, "show it among all runs: restore, compare, its script", () =>
      this.open(run.run),
    );
    name.className = "nl-inspect-link";
    const stop = button("stop", "after its batch; or begin it no more", () =>
      this.say("stop", { name: run.run }),
    );
    stop.classList.add("nl-fit-small");
    stop.dataset.key = `stop ${run.run}`;
    const bar = make("i", "nl-fit-part");
    bar.style.width = `${Math.round(100 * run.part)}%`;
    const state = make("span", run.state === "failed" ? "nl-inspect-bad" : "", {}, run.state);
    const stops = going && GOING.includes(run.state) ? [stop] : [];
    const epoch = there ? `${run.epoch} of ${run.epochs}` : "–";
    const made = make(
      "tr",
      run.run === picked ? "nl-fit-picked" : "",
      { "data-key": run.run },
      make("td", "", {}, there ? name : run.run),
      ...run.values.map((value) => make("td", "", {}, worded(value))),
      make("td", "", {}, state, ...stops, ...this.failure(run)),
      make("td", "", {}, epoch, make("span", "nl-fit-parts", {}, bar)),
      make("td", "", {}, number(run.loss)),
      make("td", "", {}, number(run.result)),
    );
    made.addEventListener("mouseenter", () => this.point(run.run));
    made.addEventListener("mouseleave", () => this.point(this.picked));
    return made;
  }

  private failure({ error, traceback }: SweptRun): HTMLElement[] {
    if (error === "") return [];
    const text = make("span", "nl-inspect-bad", {}, error);
    if (traceback === "") return [make("div", "", {}, text)];
    const pre = make("pre", "nl-fit-code", { tabindex: "0" }, traceback);
    return [make("details", "nl-fit-error", {}, make("summary", "", {}, text), pre)];
  }

  // ---- the picture --------------------------------------------------------------------------------

  private point(run: string): void {
    if (this.figure !== null && this.sweeps !== null)
      this.figure.show(this.sweeps, run, this.theme);
  }

  private pick(run: string): void {
    this.picked = run;
    this.again();
    const rows = [...this.table.element.querySelectorAll("tr")];
    rows.find((row) => row.dataset.key === run)?.scrollIntoView({ block: "nearest" });
  }

  private async draw(): Promise<void> {
    const sweeps = this.sweeps;
    const drawn = sweeps !== null && sweeps.runs.some(({ result }) => result !== null);
    this.place.hidden = !drawn;
    if (!drawn || !this.element.open) return;
    if (this.figure === null) {
      if (this.asked) return;
      this.asked = true;
      const bokeh: Bokeh = await this.context.bokeh();
      if (this.context.signal.aborted) return;
      const figure = new Parallel(bokeh, this.theme, (run) => this.pick(run));
      this.place.replaceChildren(figure.figure.element);
      await figure.figure.mount(this.context.signal);
      this.figure = figure;
    }
    if (this.sweeps !== null) this.figure.show(this.sweeps, this.picked, this.theme);
  }
}
