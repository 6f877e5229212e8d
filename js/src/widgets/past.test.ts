import { describe, expect, it } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import type { PageMessage, Past } from "./messages";
import { Travel } from "./past";
import { Store, type LabState } from "./store";

function setUp(): { store: Store<LabState>; travel: Travel; sent: PageMessage[] } {
  const store = new Store<LabState>({
    status: {
      state: "paused",
      time: 4,
      n_steps: 4000,
      rtf: null,
      returning: null,
      note: "",
      speed: 1,
      error: null,
    },
    life: "alive",
    layout: null,
    theme: {} as LabState["theme"],
    sight: { visible: true, width: 800 },
    selection: null,
    picked: {},
    playhead: { now: 4, window: 2, held: null, hover: null },
  });
  const sent: PageMessage[] = [];
  const travel = new Travel(store, (message) => sent.push(message), lifeOfTest().signal);
  return { store, travel, sent };
}

const PAST: Past = {
  type: "past",
  branch: "main",
  branches: ["main"],
  doubts: [],
  memory: "",
  marks: [],
};

function hold(store: Store<LabState>, to: number | null): void {
  const held = to === null ? null : { from: to - 2, to };
  store.set({ playhead: { ...store.get().playhead, held } });
}

describe("going back", () => {
  it("is offered where the past is looked at, and nowhere else", () => {
    const { store, travel, sent } = setUp();
    const [go] = travel.elements;
    expect(go.hidden).toBe(true);
    hold(store, 2.5);
    expect(go.hidden).toBe(false);
    expect(go.title).toContain("2.500 s, exactly");
    go.click();
    expect(sent).toEqual([{ type: "go_on_from", time: 2.5 }]);
    hold(store, 4);
    expect(go.hidden).toBe(true);
    hold(store, null);
    expect(go.hidden).toBe(true);
  });

  it("shows at once that a click was heard, then how far it is, and can be stopped", () => {
    const { store, travel, sent } = setUp();
    const [go, , , way] = travel.elements;
    const [bar, halt] = [way.querySelector("progress"), way.querySelector("button")];
    hold(store, 2.5);
    expect(way.hidden).toBe(true);
    go.click();
    expect([way.hidden, bar?.hasAttribute("value")]).toEqual([false, false]);
    const { status } = store.get();
    store.set({ status: { ...status, returning: 0.4 } });
    expect([way.hidden, bar?.value]).toEqual([false, 0.4]);
    // On the way another instant is chosen: that way is given up.
    hold(store, 3);
    go.click();
    halt?.click();
    expect(sent.slice(1)).toEqual([
      { type: "stay" },
      { type: "go_on_from", time: 3 },
      { type: "stay" },
    ]);
    store.set({ status: { ...status, returning: null } });
    expect(way.hidden).toBe(true);
  });

  it("says beforehand what may not be as it was", () => {
    const { store, travel } = setUp();
    travel.update({ ...PAST, doubts: ["env"] });
    hold(store, 2.5);
    expect(travel.elements[0].textContent).toBe("go on from here (nearly)");
    expect(travel.elements[0].title).toContain("Python code may remember: env");
  });

  it("has a choice where there is one", () => {
    const { travel, sent } = setUp();
    const branches = travel.elements[1] as HTMLSelectElement;
    travel.update(PAST);
    expect(branches.hidden).toBe(true);
    travel.update({ ...PAST, branch: "b", branches: ["main", "b"] });
    expect([branches.hidden, branches.value]).toEqual([false, "b"]);
    branches.value = "main";
    branches.dispatchEvent(new Event("change"));
    expect(sent).toEqual([{ type: "switch_branch", branch: "main" }]);
  });

  it("is over with the kernel", () => {
    const { store, travel } = setUp();
    store.set({ life: "gone" });
    expect(travel.elements.slice(0, 3).map((e) => (e as HTMLButtonElement).disabled)).toEqual([
      true,
      true,
      true,
    ]);
  });
});
