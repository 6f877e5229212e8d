import { describe, expect, it } from "vitest";

import { onStep } from "../../pad";
import { comesInto, roomBeside } from "../network/drivers";
import { shaped, stroke } from "./curve";
import { NOTHING, readTold, words } from "./told";

const frame = (told: unknown) =>
  new Map([["told", new TextEncoder().encode(JSON.stringify(told))]]);

describe("a pad", () => {
  it("stays within its ends and on its steps", () => {
    const ends = { min: -1, max: 1, step: 0.01 };
    expect(onStep(0.5, ends)).toBe(0);
    expect(onStep(2, ends)).toBe(1);
    expect(onStep(-3, ends)).toBe(-1);
    expect(onStep(0.65, ends)).toBe(0.3);
  });
});

describe("a drawn curve", () => {
  const flat = Array.from({ length: 11 }, () => 0);

  it("meets every value between two points, whichever way a hand goes", () => {
    const there = stroke(flat, [0.2, 0], [0.6, 1]);
    expect(there).toEqual([0, 0, 0, 0.25, 0.5, 0.75, 1, 0, 0, 0, 0]);
    expect(stroke(flat, [0.6, 1], [0.2, 0])).toEqual(there);
    expect(flat.every((value) => value === 0)).toBe(true);
  });

  it("takes a point, and what is drawn beyond its ends", () => {
    expect(stroke(flat, [0.5, 0.4], [0.5, 0.4])[5]).toBe(0.4);
    const over = stroke(flat, [0.9, 1], [1.4, 1]);
    expect(over.slice(8)).toEqual([0, 1, 1]);
  });

  it("begins with a shape between its ends", () => {
    const bounds = { min: -2, max: 2, step: 0.01 };
    expect(shaped("ramp", 5, bounds)).toEqual([-2, -1, 0, 1, 2]);
    expect(shaped("flat", 3, bounds)).toEqual([0, 0, 0]);
    expect(Math.max(...shaped("sine", 101, bounds))).toBe(2);
  });
});

describe("what drives a Node", () => {
  it("is read from a frame", () => {
    expect(readTold(new Map())).toBeNull();
    expect(readTold(frame({ kind: "dance" }))).toBeNull();
    expect(readTold(frame({ kind: "values", values: [1, 2], undoes: "x" }))).toEqual({
      ...NOTHING,
      kind: "values",
      values: [1, 2],
      undoes: "x",
    });
  });

  it("is said in words", () => {
    const own = words(NOTHING, 0, "function");
    expect(own).toBe("its own function");
    const played = { ...NOTHING, kind: "recording" as const, name: "walk.csv", samples: 9 };
    const walk = { ...played, seconds: 2, from: 1 };
    expect(words(walk, 1.5, "constant")).toBe("«walk.csv»: 0.50 of 2 s");
    expect(words(walk, 4, "constant")).toBe("«walk.csv» is over; its last value stays");
    expect(words({ ...walk, loop: true }, 4, "constant")).toBe("«walk.csv»: 1.00 of 2 s, looped");
    expect(words({ ...walk, samples: 1, name: "A*B" }, 4, "constant")).toBe("«A*B»");
  });
});

describe("a slider in the picture", () => {
  const shape = { left: 100, top: 100, width: 50, height: 50 };
  const size = { width: 64, height: 14 };
  const view = { width: 400, height: 400 };

  it("stands below its Node, else beside it, else is left out", () => {
    const below = roomBeside(shape, size, [shape], view);
    expect(below).toEqual({ left: 93, top: 153, ...size });
    const other = { left: 90, top: 155, width: 80, height: 40 };
    expect(roomBeside(shape, size, [shape, other], view)?.left).toBe(33);
    const everywhere = { left: 0, top: 0, width: 400, height: 400 };
    expect(roomBeside(shape, size, [everywhere], view)).toBeNull();
    // A wire through the place below: it stands at the left; on wires all over, below after all.
    const wire: [number, number, number, number] = [0, 158, 400, 162];
    expect(comesInto(wire, below ?? shape)).toBe(true);
    const clear = roomBeside(shape, size, [shape], view, [wire]);
    expect(clear).not.toBeNull();
    expect(comesInto(wire, clear ?? shape)).toBe(false);
    const rows = Array.from({ length: 100 }, (_, i): [number, number, number, number] => [
      0,
      4 * i,
      400,
      4 * i,
    ]);
    expect(roomBeside(shape, size, [shape], view, rows)).toEqual(below);
  });
});
