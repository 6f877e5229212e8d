/** What the signs mean: drawn by the same code as the network itself. */

import { make } from "../../dom";
import type { Theme } from "../../theme";
import type { Stage } from "./camera";
import { Graph, MARK } from "./graph";
import { paintShape } from "./painter";
import { SHAPE, type Box, type DrawnWire, type Scene } from "./scene";
import { paintWire } from "./wires";

const LABEL = 18;
const WIDTH = 84;
const HEIGHT = 46;

const THINGS: [number, string, boolean][] = [
  [2, "ensemble", false],
  [1, "array of equal ensembles", false],
  [3, "node that drives", false],
  [4, "node with a function", false],
  [5, "passthrough node", false],
  [0, "subnetwork: double click opens it", false],
  [6, "TensorNode", true],
];

const WIRES: [Partial<DrawnWire>, string][] = [
  [{}, "connection; thicker: more dimensions"],
  [{ sign: -1 }, "can only inhibit"],
  [{ marks: MARK.synapse }, "with a synapse (bar)"],
  [{ marks: MARK.function | MARK.transform }, "function, transform"],
  [{ marks: MARK.learns }, "learns"],
  [{ marks: MARK.toRule }, "to a learning rule"],
];

const KEYS: [string, string][] = [
  ["↑ ↓", "from one to the next"],
  ["← →", "close and open"],
  ["⇧ ← →", "back and on along connections"],
  ["Alt ← → ↑ ↓", "move it"],
  ["Enter", "its card"],
  ["P", "plot it"],
  ["Ctrl wheel", "zoom"],
  ["⇧ click, ⇧ drag, ⇧ Enter", "select several"],
  ["Ctrl A C V D G", "of what is drawn: select all, copy, paste, duplicate, group"],
];

function picture(theme: Theme, draw: (stage: Stage) => void): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const canvas = make("canvas", "", { "aria-hidden": "true" });
  canvas.width = WIDTH * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${WIDTH}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.scale(ratio, ratio);
    context.fillStyle = theme.surface;
    draw({ canvas: context, camera: { scale: 0.85, x: 0, y: 0 }, width: WIDTH, height: HEIGHT });
  }
  return canvas;
}

function boxOf(at: number, graph: Graph, x: number): Box {
  const y = HEIGHT / 0.85 / 2 - SHAPE / 2;
  const size = { width: SHAPE, height: SHAPE + LABEL };
  return { at, kind: graph.kind(at), open: false, depth: 0, label: "", x, y, ...size };
}

export function signs(theme: Theme): HTMLElement[] {
  const kinds = THINGS.map(([kind]) => kind);
  const none = kinds.map(() => 0);
  const graph = new Graph(
    {
      kind: kinds,
      label: kinds.map(() => ""),
      note: kinds.map(() => ""),
      parent: kinds.map(() => -1),
      count: kinds.map((kind) => (kind < 2 ? 8 : 0)),
      size: none,
      keras: THINGS.map(([, , keras]) => Number(keras)),
      probes: none,
    },
    { pre: [], post: [], home: [], onto: [], sign: [], size: [], marks: [] },
  );
  const look = { theme, wash: () => null, text: false };
  const things = THINGS.map(([, text], at) => {
    const box = boxOf(at, graph, WIDTH / 0.85 / 2 - SHAPE / 2);
    return row(
      picture(theme, (stage) => paintShape(stage, graph, box, look)),
      text,
    );
  });
  const [left, right] = [boxOf(4, graph, -SHAPE + 6), boxOf(4, graph, WIDTH / 0.85 - 6)];
  const scene: Scene = {
    boxes: [],
    byObject: new Map([
      [1, left],
      [2, right],
    ]),
    wires: [],
    origins: new Map(),
    width: 0,
    height: 0,
  };
  const y = HEIGHT / 0.85 / 2;
  const plain: DrawnWire = {
    from: 1,
    to: 2,
    conns: [0],
    sign: 0,
    marks: 0,
    size: 1,
    onto: -1,
    points: [left.x + SHAPE / 2, y, right.x + SHAPE / 2, y],
    paired: false,
    free: false,
  };
  const wires = WIRES.map(([wire, text]) =>
    row(
      picture(theme, (stage) => paintWire(stage, scene, { ...plain, ...wire }, theme)),
      text,
    ),
  );
  const keys = KEYS.flatMap(([key, text]) => [
    make("dt", "", {}, make("kbd", "", {}, key)),
    make("dd", "", {}, text),
  ]);
  return [
    make("div", "nl-network-signs", {}, ...things, ...wires),
    make("dl", "nl-network-keys", {}, ...keys),
  ];
}

function row(canvas: HTMLCanvasElement, text: string): HTMLElement {
  return make("div", "", {}, canvas, make("span", "", {}, text));
}
