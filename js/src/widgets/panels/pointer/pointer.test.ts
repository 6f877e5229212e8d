import { expect, it } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import pointer from ".";
import { placed, sizeOf, type Word } from "./words";

const PAYLOAD = {
  axis: "similarity",
  lines: ["A", "B"],
  of: [0, 1],
  names: ["A", "B", "<b>", "A*B"],
  show: "both",
  least: 0.1,
  range: null,
} as const;

const measure = (text: string, size: number): number => 0.6 * size * text.length;
const word = (text: string, amount: number): Word => ({ text, amount, color: "" });

it("writes what is likest at the instant that is looked at, larger where it is likelier", () => {
  const drawn = fakeCanvas();
  const { panel, give } = openPanel(pointer.make(), PAYLOAD);
  give({
    t: Float64Array.of(0.1, 0.2),
    y: Float32Array.of(0.9, 0, 0, 0.8),
    at: Float64Array.of(0.1, 0.2),
    // Three of each: indices, then similarities.
    words: Float32Array.of(0, 3, 1, 0.9, 0.3, 0.05, 3, 1, 2, 0.8, 0.5, 0.2),
  });
  const seen = (to: number, at = to): unknown[] => {
    drawn.length = 0;
    panel.draw?.(0, to, at);
    return drawn
      .filter(
        ({ method, args }) => method === "fillText" && PAYLOAD.names.includes(args[0] as never),
      )
      .map(({ args }) => args[0]);
  };
  expect(seen(0.05)).toEqual([]);
  expect(seen(0.15)).toEqual(["A", "A*B"]);
  expect(seen(0.2)).toEqual(["B", "<b>", "A*B"]);
  // Words are those of the instant that is pointed at; lines stay.
  expect(seen(0.2, 0.12)).toEqual(["A", "A*B"]);
  expect(panel.columns?.()).toMatchObject({
    at: [0.1, 0.2],
    best: [0, 3],
    y0: [expect.closeTo(0.9), 0],
  });
  expect(panel.legend?.({ dimensions: ["x", "y"] } as never).map(({ name }) => name)).toEqual([
    "A",
    "B",
  ]);
});

it("keeps lines for export where only words are shown, and reads them", () => {
  fakeCanvas();
  const { panel, body, give } = openPanel(pointer.make(), { ...PAYLOAD, show: "words" });
  expect(body.querySelector(".nl-strip")).toBeNull();
  give({
    t: Float64Array.of(0.1),
    y: Float32Array.of(0.5, 0),
    at: Float64Array.of(0.1),
    words: Float32Array.of(2, 0.75),
  });
  expect(panel.columns?.().y0).toEqual([0.5]);
  expect(panel.readings?.(0.1)).toMatchObject([{ name: "<b>", text: "0.750" }]);
});

it("starts again where time has restarted", () => {
  fakeCanvas();
  const { panel, give } = openPanel(pointer.make(), PAYLOAD);
  const at = (t: number, best: number): void =>
    give({
      t: Float64Array.of(t),
      y: Float32Array.of(0, 0),
      at: Float64Array.of(t),
      words: Float32Array.of(best, 1),
    });
  at(0.5, 0);
  at(0.1, 1);
  expect(panel.columns?.()).toMatchObject({ at: [0.1], best: [1], t: [0.1] });
});

it("puts words in lines that fit, makes them smaller, and leaves out the least", () => {
  expect(sizeOf(1, 40)).toBe(40);
  expect(sizeOf(0.5, 40)).toBe(25);
  expect(sizeOf(7, 40)).toBe(40);
  const box = { width: 300, height: 100, largest: 40 };
  const words = [word("FIRST", 1), word("SECOND", 0.9), word("THIRD", 0.2)];
  const there = placed(words, box, measure);
  expect(there.map(({ text }) => text)).toEqual(["FIRST", "SECOND", "THIRD"]);
  for (const { x, y, text, size } of there) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + measure(text, size)).toBeLessThanOrEqual(300);
    expect(Math.abs(y - 50)).toBeLessThan(50);
  }
  const few = placed([...words, word("FOURTH", 0.1)], { ...box, width: 120, height: 36 }, measure);
  expect(few.map(({ text }) => text)).not.toContain("FOURTH");
  expect(few.length).toBeGreaterThan(0);
  expect(placed([], box, measure)).toEqual([]);
  expect(placed([word("AVERYLONGNAMEINDEED", 1)], { ...box, width: 50 }, measure)).toHaveLength(1);
});
