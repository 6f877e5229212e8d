import { describe, expect, it } from "vitest";

import { Graph } from "./graph";
import { connectionIn, keptOf, objectsIn } from "./kept";
import { boxesIn, middleOf, pointIn } from "./places";
import type { Box, Scene } from "./scene";

const box = (at: number, x: number, y: number, open = false): Box => ({
  at,
  kind: open ? "network" : "ensemble",
  open,
  depth: 0,
  label: String(at),
  x,
  y,
  width: open ? 200 : 40,
  height: open ? 100 : 20,
});

/** A network (2) that is open, with one thing (3) in it, and one beside it (1). */
const boxes = [box(1, 10, 10), box(2, 100, 0, true), box(3, 120, 40)];
const scene: Scene = {
  boxes,
  byObject: new Map(boxes.map((each) => [each.at, each])),
  wires: [],
  origins: new Map([
    [0, [5, 5]],
    [2, [110, 30]],
  ]),
  width: 300,
  height: 100,
};

describe("places", () => {
  it("are counted from where those put by hand are", () => {
    expect(boxesIn(scene, [1, 9, 3], 0)).toEqual([[25, 15, 40, 20], null, [135, 45, 40, 20]]);
    expect(boxesIn(scene, [3], 2)).toEqual([[30, 20, 40, 20]]);
    expect(middleOf([[25, 15, 40, 20], null, [135, 45, 40, 20]])).toEqual([80, 30]);
    expect(middleOf([null])).toBeNull();
  });

  it("are in the innermost network that is open there", () => {
    expect(pointIn(scene, 0, [50, 50])).toEqual([45, 45]);
    expect(pointIn(scene, 2, [150, 50])).toEqual([40, 20]);
    expect(pointIn(scene, 0, [150, 50])).toBeNull();
    expect(pointIn(scene, 2, [50, 50])).toBeNull();
  });
});

function graph(labels: string[], ends: [number, number][]): Graph {
  const all = (value: number): number[] => labels.map(() => value);
  const each = (value: number): number[] => ends.map(() => value);
  return new Graph(
    {
      kind: all(2),
      parent: labels.map((_, at) => (at === 0 ? -1 : 0)),
      label: labels,
      note: labels,
      size: all(1),
    } as never,
    { pre: ends.map(([from]) => from), post: ends.map(([, to]) => to), home: each(0) } as never,
  );
}

describe("what is selected", () => {
  it("is found again by name in a network with other numbers", () => {
    const before = graph(
      ["", "a", "b"],
      [
        [1, 2],
        [2, 1],
        [1, 2],
      ],
    );
    const after = graph(
      ["", "new", "b", "a"],
      [
        [1, 2],
        [3, 2],
        [3, 2],
      ],
    );
    const second = keptOf(before, { of: "connection", at: 2 }, []);
    expect(connectionIn(after, second)).toBe(2);
    expect(connectionIn(after, keptOf(before, { of: "connection", at: 1 }, []))).toBeNull();
    const several = keptOf(before, null, [1, 2]);
    expect(objectsIn(after, several)).toEqual([3, 2]);
    expect(connectionIn(after, several)).toBeNull();
  });
});
