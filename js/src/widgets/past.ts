/** Going back in the run: on from an instant that is looked at, and from branch to branch. */

import { make, setText } from "./dom";
import type { PageMessage, Past } from "./messages";
import type { LabStore } from "./store";
import { timeText } from "./transport";

const GO = "go on from here";
/** A kernel that has not said how far it is by then has arrived, or has refused. */
const UNHEARD_MS = 600;

export class Travel {
  private readonly go = make("button", "nl-button nl-go-on", { type: "button", hidden: "" }, GO);
  private readonly branches = make("select", "nl-branches", {
    "aria-label": "branch of the run",
    title: "branches of the run: another one goes on at its end",
    hidden: "",
  });
  private readonly other = make("select", "nl-branches nl-beside", {
    "aria-label": "branch beside it",
    title: "show another branch beside this one, lighter and dashed, in all plots of lines",
    hidden: "",
  });
  /** How far it is on the way back, and what stops it. */
  private readonly way = make("progress", "nl-returning", { max: "1", "aria-label": "going back" });
  private readonly halt = make(
    "button",
    "nl-button",
    { type: "button", title: "go back no further: stand where the run stood" },
    "stop",
  );
  private readonly returning = make("span", "nl-way", { hidden: "" }, this.way, this.halt);
  private asked = 0;
  private doubts: string[] = [];
  private shownBeside = "";

  constructor(
    private readonly store: LabStore,
    send: (message: PageMessage) => void,
    signal: AbortSignal,
  ) {
    this.go.addEventListener("click", () => {
      const { held } = store.get().playhead;
      if (held === null) return;
      // Somewhere else than where it is on the way to.
      if (store.get().status.returning !== null) send({ type: "stay" });
      send({ type: "go_on_from", time: held.to });
      this.setOff();
    });
    this.halt.addEventListener("click", () => send({ type: "stay" }));
    signal.addEventListener("abort", () => clearTimeout(this.asked));
    store.subscribe(
      (s) => s.status.returning,
      signal,
      (share) => this.showWay(share),
    );
    this.branches.addEventListener("change", () =>
      send({ type: "switch_branch", branch: this.branches.value }),
    );
    this.other.addEventListener("change", () =>
      send({ type: "show_beside", branch: this.other.value }),
    );
    store.subscribe(
      (s) => s.playhead.held,
      signal,
      () => this.show(),
    );
    store.subscribe(
      (s) => s.life !== "gone" && s.status.state !== "closed",
      signal,
      (alive) => {
        this.go.disabled = !alive;
        this.branches.disabled = !alive;
        this.other.disabled = !alive;
      },
    );
  }

  get elements(): HTMLElement[] {
    return [this.go, this.branches, this.other, this.returning];
  }

  /** A click shows at once that it was one; a short way is over before the kernel says how far. */
  private setOff(): void {
    this.way.removeAttribute("value");
    this.returning.hidden = false;
    clearTimeout(this.asked);
    this.asked = window.setTimeout(
      () => this.showWay(this.store.get().status.returning),
      UNHEARD_MS,
    );
  }

  private showWay(share: number | null): void {
    clearTimeout(this.asked);
    this.returning.hidden = share === null;
    if (share !== null) this.way.value = share;
  }

  /** Take over what the kernel says of the branches. */
  update({ branch, branches, doubts }: Past): void {
    this.doubts = doubts;
    this.branches.replaceChildren(
      ...branches.map((name) => make("option", "", { value: name }, name)),
    );
    this.branches.value = branch;
    this.branches.hidden = this.other.hidden = branches.length < 2;
    const others = branches.filter((name) => name !== branch);
    this.other.replaceChildren(
      make("option", "", { value: "" }, "alone"),
      ...others.map((name) => make("option", "", { value: name }, `beside ${name}`)),
    );
    this.other.value = this.shownBeside;
    this.show();
  }

  /** Which branch is shown beside the one that goes on. */
  besides(branch: string): void {
    this.shownBeside = branch;
    this.other.value = branch;
  }

  /** What is said beforehand: whether it will be exactly as it was. */
  private show(): void {
    const { held, now } = this.store.get().playhead;
    const away = held !== null && held.to < now - 1e-9;
    this.go.hidden = !away;
    if (!away) return;
    const doubtful = this.doubts.length > 0;
    setText(this.go, doubtful ? `${GO} (nearly)` : GO);
    const exactly = doubtful
      ? `but for what Python code may remember: ${this.doubts.join(", ")}`
      : "exactly";
    this.go.title =
      `stand where the run stood at ${timeText(held.to)}, ${exactly}; ` +
      "what comes next is a new branch";
  }
}
