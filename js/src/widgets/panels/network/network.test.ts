import { afterEach, describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "../../charts/fakes";
import { inside } from "./band";
import { Activity, roundUp } from "./activity";
import { arrange, type Arranged, type Level } from "./arrange";
import { fit, zoomed } from "./camera";
import { Graph, MARK } from "./graph";
import { boxAt, wireAt } from "./hits";
import { paintScene } from "./painter";
import type { FrameArray } from "../../frames";
import type { ConnectionColumns, ObjectColumns } from "./payload";
import { middle, requestOf, sceneOf, type Scene } from "./scene";
import { ordered, outermost, shift, type Order } from "./shift";
import { View } from "./view";
import { see } from "./visible";

type Thing = [label: string, kind: number, parent: number];
type Wire = [pre: number, post: number, home?: number, more?: Partial<Record<string, number>>];

function graphOf(things: Thing[], wires: Wire[]): Graph {
  const objects: ObjectColumns = {
    label: things.map(([label]) => label),
    kind: things.map(([, kind]) => kind),
    parent: things.map(([, , parent]) => parent),
    note: things.map(() => ""),
    count: things.map(() => 0),
    size: things.map(() => 1),
    keras: things.map(() => 0),
    probes: things.map(() => 0),
  };
  const connections: ConnectionColumns = {
    pre: wires.map(([pre]) => pre),
    post: wires.map(([, post]) => post),
    home: wires.map(([, , home]) => home ?? 0),
    onto: wires.map(([, , , more]) => more?.onto ?? -1),
    sign: wires.map(([, , , more]) => more?.sign ?? 0),
    size: wires.map(([, , , more]) => more?.size ?? 1),
    marks: wires.map(([, , , more]) => more?.marks ?? 0),
  };
  return new Graph(objects, connections);
}

const [NET, ENS, INPUT, PASS] = [0, 2, 3, 5];

/** drive → area(in → a → b, a loop on b) → out, and a wire back. */
function example(): Graph {
  return graphOf(
    [
      ["all", NET, -1],
      ["drive", INPUT, 0],
      ["area", NET, 0],
      ["in", PASS, 2],
      ["a", ENS, 2],
      ["b", ENS, 2],
      ["out", ENS, 0],
    ],
    [
      [1, 3, 0],
      [3, 4, 2, { marks: MARK.synapse }],
      [4, 5, 2, { sign: 1 }],
      [5, 5, 2],
      [5, 6, 0, { size: 3 }],
      [4, 6, 0, { size: 9, sign: -1 }],
      [6, 4, 0],
    ],
  );
}

function sceneFor(graph: Graph, opened: number[], placed = {}): Scene {
  const visible = see(graph, new Set(opened), true);
  const request = requestOf(graph, visible, placed, [500, 400]);
  return sceneOf(graph, visible, request, arrange(request));
}

describe("Graph", () => {
  it("names objects by their path, and finds them", () => {
    const graph = example();
    expect(graph.name(4)).toBe("area/a");
    expect(graph.find("area/b")).toBe(5);
    expect(graph.find("b")).toBeUndefined();
    expect(graph.search("A", 9)).toEqual([2, 4, 3, 5]);
    expect(graph.search("area b", 9)).toEqual([5]);
    expect(graph.search(" ", 9)).toEqual([]);
    expect(graph.around(5)).toEqual([2]);
  });
});

describe("see", () => {
  it("shows a closed network as one thing, with a loop for what leads around it", () => {
    const { things, wires, standIn } = see(example(), new Set(), true);
    expect(things).toEqual([1, 2, 6]);
    expect(standIn[5]).toBe(2);
    const ways = wires.map(({ from, to, conns }) => [from, to, ...conns]);
    expect(ways).toEqual([
      [1, 2, 0],
      [2, 6, 4, 5],
      [6, 2, 6],
    ]);
    expect(wires[1]).toMatchObject({ sign: 0, size: 9 });
  });

  it("shows what an open one holds", () => {
    const { things, open, wires } = see(example(), new Set([2]), true);
    expect([open, things]).toEqual([
      [0, 2],
      [1, 3, 4, 5, 6],
    ]);
    expect(wires).toHaveLength(7);
  });

  it("leads wires past passthrough nodes on request", () => {
    const { things, wires } = see(example(), new Set([2]), false);
    expect(things).toEqual([1, 4, 5, 6]);
    const joined = wires.find(({ from, to }) => from === 1 && to === 4);
    expect(joined?.conns).toEqual([0, 1]);
    expect(joined?.marks).toBe(MARK.synapse);
    expect(wires).toHaveLength(6);
  });
});

function overlaps({ boxes }: Scene): string[] {
  const closed = boxes.filter(({ open }) => !open);
  return closed.flatMap((one, i) =>
    closed.slice(i + 1).flatMap((other) => {
      const apart =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y;
      return apart ? [] : [`${one.label} ${other.label}`];
    }),
  );
}

describe("the layout", () => {
  it("puts things along the wires, those of a network inside its frame", () => {
    const scene = sceneFor(example(), [2]);
    expect(overlaps(scene)).toEqual([]);
    const x = (at: number): number => middle(scene.byObject.get(at)!)[0];
    expect(x(1)).toBeLessThan(x(3));
    expect(x(3)).toBeLessThan(x(4));
    const frame = scene.byObject.get(2)!;
    for (const at of [3, 4, 5]) {
      const box = scene.byObject.get(at)!;
      expect(box.x).toBeGreaterThanOrEqual(frame.x);
      expect(box.y).toBeGreaterThan(frame.y + 20);
      expect(box.x + box.width).toBeLessThanOrEqual(frame.x + frame.width + 0.01);
      expect(box.y + box.height).toBeLessThanOrEqual(frame.y + frame.height + 0.01);
    }
    for (const wire of scene.wires) {
      const ends = [scene.byObject.get(wire.from)!, scene.byObject.get(wire.to)!].map(middle);
      expect(wire.points.slice(0, 2)).toEqual(ends[0]);
      expect(wire.points.slice(-2)).toEqual(ends[1]);
    }
  });

  it("keeps what was put in place by hand, and the frame around it", () => {
    const scene = sceneFor(example(), [2], { "area/b": [-300, 200] });
    const [ox, oy] = scene.origins.get(2)!;
    const b = scene.byObject.get(5)!;
    expect(b.x + b.width / 2 - ox).toBeCloseTo(-300);
    expect(b.y + b.height / 2 - oy).toBeCloseTo(200);
    const frame = scene.byObject.get(2)!;
    expect(b.x).toBeGreaterThanOrEqual(frame.x);
  });

  it("wraps a long chain into the shape of the view", () => {
    const wires = Array.from({ length: 39 }, (_, i): [number, number] => [i, i + 1]);
    const level = levelOf(40, wires);
    const { width, height } = arrange({ level, view: [500, 400] });
    expect(width / height).toBeLessThan(3);
    expect(width / height).toBeGreaterThan(0.5);
  });

  it("packs thousands in a short time, none on another", () => {
    const size = 3000;
    const wires = Array.from({ length: 2 * size }, (_, i): [number, number] => [
      (i * 7919) % size,
      (i * 104729) % size,
    ]);
    // A slow one would run into the limit of every test.
    const done = arrange({ level: levelOf(size, wires), view: [500, 400] });
    const places = new Set(done.x.map((x, i) => `${x} ${done.y[i]}`));
    expect(places.size).toBe(size);
  });
});

function levelOf(size: number, wires: [number, number][]): Level {
  const children = Array.from({ length: size }, (_, at) => ({ at, width: 60, height: 56 }));
  return { at: 0, children, wires };
}

describe("a pointer", () => {
  it("finds shapes, titles of open networks, and wires", () => {
    const scene = sceneFor(example(), [2]);
    const camera = { scale: 1, x: 0, y: 0 };
    expect(boxAt(scene, camera, ...middle(scene.byObject.get(4)!))?.at).toBe(4);
    const frame = scene.byObject.get(2)!;
    expect(boxAt(scene, camera, frame.x + 20, frame.y + 8)?.at).toBe(2);
    expect(boxAt(scene, camera, frame.x + 3, frame.y + frame.height - 3)).toBeNull();
    const wire = scene.wires.find(({ from, to }) => from === 3 && to === 4)!;
    const [x1, y1] = wire.points;
    const [x2, y2] = wire.points.slice(2);
    expect(wireAt(scene, camera, (x1 + x2) / 2, (y1 + y2) / 2)).toBe(wire);
    expect(wireAt(scene, camera, -500, -500)).toBeNull();
  });
});

describe("the camera", () => {
  it("shows all, and zooms to a point that stays", () => {
    const camera = fit({ width: 1000, height: 200 }, { width: 520, height: 400 });
    expect(camera.scale).toBeCloseTo(0.5);
    const at = { x: 100, y: 50 };
    const near = zoomed(camera, 2, at, 0.01);
    const plane = (c: typeof camera): number[] => [(at.x - c.x) / c.scale, (at.y - c.y) / c.scale];
    plane(near).forEach((value, i) => expect(value).toBeCloseTo(plane(camera)[i]));
    expect(zoomed(camera, 1e9, at, 0.01).scale).toBe(4);
  });
});

describe("activity", () => {
  it("has a scale for rates and one for values, which grow to round numbers", () => {
    const activity = new Activity();
    const frame = new Map<string, FrameArray>([
      ["of", Uint32Array.of(4, 1)],
      ["y", Float32Array.of(130, 0.25)],
      ["rate", Uint8Array.of(1, 0)],
    ]);
    expect(activity.take(frame)).toBe(true);
    expect(activity.scales).toEqual(["rate 0 to 200 Hz", "size of value 0 to 1"]);
    expect(activity.text(4)).toBe("130 Hz");
    expect(activity.text(3)).toBe("");
    expect(activity.color(4, { dark: false } as never)).toMatch(/^rgb/);
    expect(activity.take(new Map())).toBe(false);
    expect([1, 1.01, 49, 51, 0.3].map(roundUp)).toEqual([1, 2, 50, 100, 0.5]);
  });
});

/** A canvas that counts what is called. */
function countingCanvas(): { canvas: CanvasRenderingContext2D; calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const canvas = new Proxy(
    {},
    {
      get: (_target, name) => () =>
        void calls.set(String(name), (calls.get(String(name)) ?? 0) + 1),
      set: () => true,
    },
  ) as CanvasRenderingContext2D;
  return { canvas, calls };
}

describe("a view of another size", () => {
  afterEach(() => vi.restoreAllMocks());

  it("is drawn at once: a canvas that is resized is empty", () => {
    const { canvas, calls } = countingCanvas();
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(canvas as never);
    for (const side of ["clientWidth", "clientHeight"] as const)
      vi.spyOn(HTMLElement.prototype, side, "get").mockReturnValue(400);
    vi.spyOn(window, "requestAnimationFrame").mockReturnValue(1);
    const graph = example();
    const host = { graph: () => graph, activity: new Activity(), moved: () => undefined };
    const theme = { dark: false, dimensions: ["#1", "#2", "#3", "#4"], font: "x" };
    const view = new View(host as never, theme as never, lifeOfTest().signal);
    view.show(sceneFor(graph, [2]), null);
    expect(calls.get("clearRect")).toBeUndefined();
    view.resize();
    expect(view.canvas.width).toBeGreaterThan(0);
    expect(calls.get("clearRect")).toBe(1);
    expect(calls.get("fillText")).toBeGreaterThan(0);
  });
});

describe("drawing", () => {
  const theme = { dark: false, dimensions: ["#1", "#2", "#3", "#4"], font: "x" } as never;
  const paint = (scene: Scene, graph: Graph, scale: number): Map<string, number> => {
    const { canvas, calls } = countingCanvas();
    const stage = { canvas, camera: { scale, x: 0, y: 0 }, width: 2000, height: 2000 };
    for (const _ of paintScene(stage, graph, scene, { theme, wash: () => null, text: true }));
    return calls;
  };

  it("writes every label near, and none where it could not be read", () => {
    const graph = example();
    const scene = sceneFor(graph, [2]);
    const near = paint(scene, graph, 1);
    expect(near.get("fillText")).toBeGreaterThanOrEqual(scene.boxes.length);
    const far = paint(scene, graph, 0.1);
    expect(far.get("fillText") ?? 0).toBe(0);
    expect(far.get("fillRect")).toBe(5);
  });
});

describe("the worker", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is given up for the page's own thread where the page refuses it", async () => {
    const listeners: Record<string, (event: unknown) => void> = {};
    class Refused {
      addEventListener(type: string, listener: (event: unknown) => void): void {
        listeners[type] = listener;
      }
      postMessage(): void {
        queueMicrotask(() => listeners.error({}));
      }
      terminate(): void {}
    }
    vi.stubGlobal("Worker", Refused);
    const { Arranger } = await import("./arranger");
    // The module is loaded from a Blob, which only a browser can.
    const here = vi
      .spyOn(Arranger.prototype as unknown as { load: () => Promise<unknown> }, "load")
      .mockResolvedValue({ arrange });
    const arranger = new Arranger(lifeOfTest().signal);
    const done: Arranged = await arranger.arrange({ level: levelOf(3, [[0, 1]]), view: [9, 9] });
    expect(done.x).toHaveLength(3);
    expect(here).toHaveBeenCalled();
  });
});

describe("Several things", () => {
  it("are those in a band, open networks where all of them is", () => {
    const graph = example();
    const scene = sceneFor(graph, [2]);
    const all = scene.boxes.map(({ at }) => at);
    const [right, below] = [scene.width, scene.height];
    // From any corner to the opposite one.
    expect(
      inside(scene, [
        [right, below],
        [0, 0],
      ]),
    ).toEqual(all);
    const area = scene.byObject.get(2)!;
    const [x, y] = [area.x, area.y];
    const half = inside(scene, [
      [x, y],
      [x + area.width - 1, y + area.height],
    ]);
    expect(half).not.toContain(2);
    expect(half).toEqual(expect.arrayContaining([3, 4]));
  });

  it("move as one, each with what is in it", () => {
    const graph = example();
    const scene = sceneFor(graph, [2]);
    expect(outermost(graph, new Set([2, 4, 6]))).toEqual([2, 6]);
    const before = new Map(scene.boxes.map((box) => [box.at, box.x]));
    shift(scene, graph, scene.byObject.get(2)!, 7, 0);
    const moved = scene.boxes.filter((box) => box.x !== before.get(box.at));
    expect(moved.map(({ at }) => at).sort()).toEqual([2, 3, 4, 5]);
  });

  it("are put in order, and none on another", () => {
    const boxes = [110, 490, 120].map((x, at) => ({
      ...{ at, kind: "ensemble" as const, open: false, depth: 0, label: "" },
      ...{ x, y: 10 * at, width: 40, height: 56 },
    }));
    const to = (order: Order): number[][] =>
      ordered(boxes, order).map(([dx, dy], i) => {
        const [x, y] = middle(boxes[i]);
        return [Math.round(x + dx), Math.round(y + dy)];
      });
    // At one height, and the last of the two that overlapped has made room: 64 from the other.
    expect(to("row")).toEqual([
      [112, 29],
      [492, 29],
      [176, 29],
    ]);
    expect(to("column").map(([x]) => x)).toEqual([260, 260, 260]);
    expect(to("column").map(([, y]) => y)).toEqual([-51, 29, 109]);
    // The outermost stay; the one between goes to their middle.
    expect(to("across")).toEqual([
      [130, 19],
      [510, 29],
      [320, 39],
    ]);
  });
});
