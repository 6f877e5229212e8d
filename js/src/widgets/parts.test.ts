import { describe, expect, it, vi } from "vitest";

import { Liveness, type Life } from "./liveness";
import { asKernelMessage, type Command, type InputLayout, type Status } from "./messages";
import { Problem } from "./problem";
import { Sliders, decimals } from "./sliders";
import { readTheme } from "./theme";
import { tickPath } from "./ticks";
import { Transport, stateWords } from "./transport";

const STATUS: Status = {
  state: "ready",
  time: 0,
  n_steps: 0,
  rtf: null,
  speed: 1,
  error: null,
};

const INPUT: InputLayout = {
  id: "input-0",
  label: "<img src=x>",
  own: "function",
  taken: false,
  values: [0],
  min: -1,
  max: 1,
  step: 0.01,
};

describe("asKernelMessage", () => {
  it("knows its own messages and nothing else", () => {
    expect(asKernelMessage({ type: "ping" })).not.toBeNull();
    for (const other of [null, 3, "frame", {}, { type: "draw" }]) {
      expect(asKernelMessage(other)).toBeNull();
    }
  });
});

describe("Transport", () => {
  it("says the state in words, and which object an error is about", () => {
    const error = { object: "ens", message: "", traceback: "" };
    expect(stateWords({ ...STATUS, state: "loading" })).toBe("loading TensorFlow …");
    expect(stateWords({ ...STATUS, state: "error", error })).toBe("stopped by an error in «ens»");
  });

  it("plays when paused, pauses when running, and offers nothing when the kernel is gone", () => {
    const commands: Command[] = [];
    const transport = new Transport(STATUS, (c) => commands.push(c), document.createElement("i"));
    transport.toggle();
    transport.update({ ...STATUS, state: "running" });
    transport.toggle();
    expect(commands.map((c) => c.name)).toEqual(["play", "pause"]);
    transport.update({ ...STATUS, state: "gone" });
    const buttons = [...transport.element.querySelectorAll<HTMLButtonElement>(".nl-button")];
    expect(buttons.every((button) => button.disabled)).toBe(true);
  });

  it("shows numbers four times a second", () => {
    vi.useFakeTimers();
    const transport = new Transport(STATUS, () => undefined, document.createElement("i"));
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
  it("takes a function Node over when dragged, and gives it back", async () => {
    const commands: Command[] = [];
    const sliders = new Sliders((c) => commands.push(c));
    sliders.update([INPUT]);
    const text = (): string => sliders.element.textContent ?? "";
    expect(text()).toContain("own output");
    expect(text()).toContain("<img src=x>");
    expect(sliders.element.querySelector("img")).toBeNull();

    const slider = sliders.element.querySelector<HTMLInputElement>("input");
    if (slider === null) throw new Error("no slider");
    slider.value = "0.25";
    slider.dispatchEvent(new Event("input"));
    slider.value = "0.5";
    slider.dispatchEvent(new Event("input"));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    expect(commands).toEqual([{ name: "input", node: "input-0", values: [0.5] }]);
    expect(text()).toContain("0.50");

    sliders.element.querySelector("button")?.click();
    expect(commands[1]).toEqual({ name: "input", node: "input-0", values: null });
    expect(text()).toContain("own output");
  });

  it("says what to do where there is nothing to drive, and hides when none is wanted", () => {
    const sliders = new Sliders(() => undefined);
    sliders.update([]);
    expect(sliders.element.textContent).toContain("Add a nengo.Node");
    sliders.update(null);
    expect(sliders.element.hidden).toBe(true);
  });

  it("shows as many decimals as a step has", () => {
    expect([0.01, 0.5, 1, 5].map(decimals)).toEqual([2, 1, 0, 0]);
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
    const controller = new AbortController();
    const liveness = new Liveness((l) => life.push(l), controller.signal, () => now);
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

describe("tickPath", () => {
  it("draws a tick for each spike, with a gap after it", () => {
    const path = tickPath([0.1, 0.3], [4, 7], 0.4);
    expect(Array.from(path.t)).toEqual([0.1, 0.1, 0.1, 0.3, 0.3, 0.3]);
    expect(Array.from(path.y)).toEqual([3.6, 4.4, NaN, 6.6, 7.4, NaN]);
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
