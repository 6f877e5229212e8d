import { describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { Liveness, type Life } from "./liveness";
import { decodeMessage, type InputLayout, type PageMessage } from "./messages";
import { NoticeLine, Problem } from "./problem";
import { Sliders, decimals, exact } from "./sliders";
import type { Status } from "./store";
import { readTheme } from "./theme";
import { Transport, stateWords } from "./transport";

const STATUS: Status = {
  state: "ready",
  time: 0,
  n_steps: 0,
  rtf: null,
  returning: null,
  note: "",
  speed: 1,
  error: null,
};

const INPUT: InputLayout = {
  id: "input-0",
  label: "<img src=x>",
  own: "function",
  taken: false,
  playing: "",
  values: [0],
  min: -1,
  max: 1,
  step: 0.01,
};

describe("decodeMessage", () => {
  it("knows whole messages of the kernel and nothing else", () => {
    expect(decodeMessage({ type: "ping", drawn: 3, views: [], ...STATUS })).not.toBeNull();
    expect(decodeMessage({ type: "notice", text: "x", details: [], offer: "" })).not.toBeNull();
    const others = [
      null,
      3,
      "frame",
      {},
      { type: "draw" },
      { type: "ping" },
      { type: "notice", text: 3 },
    ];
    for (const other of others) expect(decodeMessage(other)).toBeNull();
  });
});

describe("Transport", () => {
  const parts = (): [HTMLElement, HTMLElement] => [
    document.createElement("i"),
    document.createElement("i"),
  ];

  it("says the state in words, and which object an error is about", () => {
    const error = { object: "ens", message: "", traceback: "" };
    expect(stateWords({ ...STATUS, state: "loading" })).toBe("loading TensorFlow …");
    expect(stateWords({ ...STATUS, state: "error", error })).toBe("stopped by an error in «ens»");
  });

  it("plays when paused, pauses when running, and offers nothing when the kernel is gone", () => {
    const commands: PageMessage[] = [];
    const transport = new Transport(STATUS, (c) => commands.push(c), ...parts());
    transport.toggle();
    transport.update({ ...STATUS, state: "running" });
    transport.toggle();
    expect(commands.map((c) => c.type)).toEqual(["play", "pause"]);
    transport.update({ ...STATUS, state: "gone" });
    const buttons = [...transport.element.querySelectorAll<HTMLButtonElement>(".nl-button")];
    expect(buttons.every((button) => button.disabled)).toBe(true);
  });

  it("stops a build, while there is one", () => {
    const commands: PageMessage[] = [];
    const transport = new Transport(STATUS, (c) => commands.push(c), ...parts());
    const stop = [...transport.element.querySelectorAll("button")].find(
      (button) => button.textContent === "stop",
    );
    expect(stop?.hidden).toBe(true);
    for (const state of ["loading", "building", "compiling"] as const) {
      transport.update({ ...STATUS, state });
      expect(stop?.hidden).toBe(false);
    }
    stop?.click();
    transport.update({ ...STATUS, state: "asleep", note: "the build was stopped" });
    expect(stop?.hidden).toBe(true);
    expect(transport.element.textContent).toContain("not built yet: the build was stopped");
    expect(commands).toEqual([{ type: "stop_building" }]);
  });

  it("shows numbers four times a second", () => {
    vi.useFakeTimers();
    const transport = new Transport(STATUS, () => undefined, ...parts());
    const clock = transport.element.querySelector(".nl-clock");
    const seen = new Set<string | null | undefined>();
    for (let step = 0; step < 100; step++) {
      transport.update({ ...STATUS, state: "running", time: step / 100 });
      vi.advanceTimersByTime(10);
      seen.add(clock?.textContent);
    }
    vi.useRealTimers();
    expect(seen.size).toBeGreaterThan(2);
    expect(seen.size).toBeLessThan(7);
  });
});

describe("Sliders", () => {
  function sliders(input: InputLayout): {
    element: HTMLElement;
    sent: PageMessage[];
    made: Sliders;
  } {
    const sent: PageMessage[] = [];
    const made = new Sliders((message) => sent.push(message));
    made.update([input], "", 0);
    return { element: made.element, sent, made };
  }

  function fields(element: HTMLElement, selector: string): HTMLInputElement[] {
    return [...element.querySelectorAll<HTMLInputElement>(selector)];
  }

  it("takes a function Node over when dragged, and gives it back", () => {
    const { element, sent, made } = sliders(INPUT);
    expect(element.textContent).toContain("own output");
    expect(element.textContent).toContain("<img src=x>");
    expect(element.querySelector("img")).toBeNull();

    const [slider] = fields(element, "[type=range]");
    slider.value = "0.25";
    slider.dispatchEvent(new Event("input"));
    expect(sent).toMatchObject([{ type: "input", node: "input-0", dim: 0, value: 0.25 }]);

    // While that is on its way, the newest of further moves waits.
    for (const value of ["0.3", "0.4", "0.5"]) {
      slider.value = value;
      slider.dispatchEvent(new Event("input"));
    }
    expect(sent).toHaveLength(1);
    const number = (sent[0] as { number: number }).number;
    made.heard(number - 1);
    expect(sent).toHaveLength(1);
    made.heard(number);
    expect(sent).toMatchObject([{}, { dim: 0, value: 0.5 }]);
    made.heard(number + 1);

    element.querySelector("button")?.click();
    expect(sent[2]).toMatchObject({ node: "input-0", value: null });
    expect(sent[2]).not.toHaveProperty("dim");
    expect(element.textContent).toContain("own output");
  });

  it("keeps a move that the kernel had not heard of when it spoke", () => {
    const before = { ...INPUT, own: "constant" as const, taken: true, values: [0.34] };
    const { element, sent, made } = sliders(before);
    const [slider] = fields(element, "[type=range]");
    const value = (): string => fields(element, ".nl-value")[0].value;
    slider.value = "0.56";
    slider.dispatchEvent(new Event("input"));
    const { number } = sent[0] as { number: number };
    // A layout that was under way, and the sliders of another page's move.
    expect(made.update([before], "", number - 1)).toMatchObject([{ values: [0.56] }]);
    expect(value()).toBe("0.56");
    // Another that waits counts, too.
    slider.value = "0.6";
    slider.dispatchEvent(new Event("input"));
    made.update([before], "", number);
    expect(value()).toBe("0.60");
    made.heard(number);
    made.update([before], "", number);
    expect(value()).toBe("0.60");
    made.update([{ ...before, values: [0.1] }], "", number + 1);
    expect(value()).toBe("0.10");
  });

  it("tells only what was moved, and shows values that no slider can make", () => {
    const values = [5, 0.123456];
    const { element, sent } = sliders({ ...INPUT, own: "constant", values });
    expect(fields(element, ".nl-value").map((f) => f.value)).toEqual(["5.00", "0.123456"]);
    const [, second] = fields(element, "[type=range]");
    second.value = "0.3";
    second.dispatchEvent(new Event("input"));
    expect(sent).toMatchObject([{ dim: 1, value: 0.3 }]);
    expect(fields(element, ".nl-value")[0].value).toBe("5.00");
  });

  it("takes a typed value, also one beyond the slider, and no nonsense", () => {
    const { element, sent } = sliders({ ...INPUT, own: "constant" });
    const [field] = fields(element, ".nl-value");
    field.value = "2.5";
    field.dispatchEvent(new Event("change"));
    expect(sent).toMatchObject([{ dim: 0, value: 2.5 }]);
    field.value = "much";
    field.dispatchEvent(new Event("change"));
    expect(sent).toHaveLength(1);
    expect(field.value).toBe("2.50");
  });

  it("says why there is nothing to drive, hides when none is wanted, rests when all is over", () => {
    const { element, made } = sliders(INPUT);
    made.enable(false);
    expect(fields(element, "input").every((input) => input.disabled)).toBe(true);
    made.update([], "No Node to drive.", 0);
    expect(element.textContent).toContain("No Node to drive.");
    made.update(null, "", 0);
    expect(element.hidden).toBe(true);
  });

  it("writes values as they are", () => {
    expect([0.1 + 0.2, 1000, -3.25].map((v) => exact(v, 0.01))).toEqual([
      "0.3",
      "1000.00",
      "-3.25",
    ]);
  });

  it("shows as many decimals as a step has", () => {
    expect([0.01, 0.5, 1, 5].map(decimals)).toEqual([2, 1, 0, 0]);
  });
});

describe("A notice", () => {
  it("is a line, with its details folded", () => {
    const notice = new NoticeLine();
    const gone = ["plot 1: gone", "plot 2: gone"];
    notice.tell({ text: "Not all of it can be shown.", details: gone, offer: "" });
    const details = notice.element.querySelector("details")!;
    expect(details.open).toBe(false);
    expect(details.querySelector("summary")?.textContent).toBe("Show all 2 reasons");
    const items = [...details.querySelectorAll("li")].map(({ textContent }) => textContent);
    expect(items).toEqual(gone);
    notice.show("Opening it …");
    expect(notice.element.querySelector("details")).toBeNull();
    notice.element.querySelector("button")?.click();
    expect(notice.element.hidden).toBe(true);
  });
});

describe("Problem", () => {
  it("shows labels and messages as text", () => {
    const problem = new Problem();
    problem.show({ object: "<b>x</b>", message: "<i>y</i>", traceback: "line" }, "");
    expect(problem.element.textContent).toContain("Error in «<b>x</b>»");
    expect(problem.element.querySelector("b, i")).toBeNull();
    expect(problem.element.querySelector("details")?.open).toBe(false);
    problem.show(null, "");
    expect(problem.element.hidden).toBe(true);
  });
});

describe("Liveness", () => {
  function watched(): { life: Life[]; liveness: Liveness; pass: (ms: number) => void } {
    let now = 0;
    const life: Life[] = [];
    const controller = lifeOfTest();
    const liveness = new Liveness(
      (l) => life.push(l),
      controller.signal,
      () => now,
    );
    controller.abort();
    return { life, liveness, pass: (ms) => ((now += ms), liveness.look()) };
  }

  it("minds silence only while the kernel has reason to speak", () => {
    const { life, liveness, pass } = watched();
    pass(60_000);
    liveness.setVisible(true);
    pass(5000);
    expect(life).toEqual([]);
    pass(2000);
    liveness.heard();
    expect(life).toEqual(["silent", "alive"]);
  });

  it("takes the front end's word that a kernel is gone, until something is heard", () => {
    const { life, liveness, pass } = watched();
    liveness.setVisible(true);
    liveness.ended();
    pass(60_000);
    expect(life).toEqual(["gone"]);
  });
});

describe("readTheme", () => {
  it("has colours for an element that is off the page", () => {
    const theme = readTheme(document.createElement("div"));
    for (const color of [theme.surface, theme.text, theme.muted, theme.grid, theme.frame]) {
      expect(color).toMatch(/^#/);
    }
  });
});
