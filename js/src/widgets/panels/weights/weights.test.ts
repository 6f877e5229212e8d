import { beforeEach, expect, it } from "vitest";

import { fakeCanvas, openPanel, type Drawn } from "../../charts/fakes";
import weights from ".";

const PAYLOAD = {
  rows: 1,
  columns: 2,
  row_axis: "1 dimension",
  column_axis: "2 neurons",
  cell: "",
  of: "decoders",
  show: "both",
  range: null,
} as const;

let drawn: Drawn[] = [];
beforeEach(() => {
  drawn = fakeCanvas();
});

function look(t: number, cells: number[], change: number, since = 0) {
  return {
    t: Float64Array.of(t),
    cells: Float32Array.from(cells),
    change: Float64Array.of(change),
    since: Float64Array.of(since),
  };
}

/** The colours that were last put on a canvas, and what was written. */
function shown(panel: { draw?: (from: number, to: number) => void }, to: number) {
  drawn.length = 0;
  panel.draw?.(0, to);
  const put = drawn.find(
    ({ method, args }) => method === "putImageData" && (args[0] as ImageData).height === 1,
  );
  const data = put === undefined ? [] : [...(put.args[0] as ImageData).data];
  const texts = drawn
    .filter(({ method }) => method === "fillText")
    .map(({ args }) => String(args[0]));
  return { data, texts };
}

it("shows the matrix of the instant that is looked at, blue below zero and red above it", () => {
  const { panel, give } = openPanel(weights.make(), PAYLOAD);
  expect(shown(panel, 1).data).toEqual([]);
  give(look(0, [0, 0], 0));
  give(look(0.2, [-0.5, 0.5], 0.7));
  give(look(0.4, [0.5, 0], 0.5));
  const [r0, , b0, , r1, , b1] = shown(panel, 0.3).data;
  expect(b0).toBeGreaterThan(r0);
  expect(r1).toBeGreaterThan(b1);
  const [red, , blue] = shown(panel, 0.4).data;
  expect(red).toBeGreaterThan(blue);
  expect(shown(panel, 0.3).texts).toContain("2 neurons");
  expect(panel.readings?.(0.25)).toEqual([
    { name: "norm of the change", text: "0.700" },
    { name: "largest cell", text: "0.500" },
  ]);
});

it("says what a cell stands for, and since when changes are counted", () => {
  const { panel, give } = openPanel(weights.make(), {
    ...PAYLOAD,
    cell: "cell: largest of 1 × 4",
    of: "change of weights",
  });
  give(look(2, [0.1, 0.2], 0.1, 1.5));
  expect(shown(panel, 2).texts).toContain("2 neurons, cell: largest of 1 × 4, since 1.50 s");
});

it("keeps changes of all instants and the newest matrix, and starts again with time", () => {
  const { panel, give } = openPanel(weights.make(), PAYLOAD);
  give(look(0.2, [1, 2], 0.7));
  give(look(0.4, [3, 4], 0.9));
  give(look(0.4, [3, 4], 0.9));
  expect(panel.columns?.()).toEqual({
    t: [0.2, 0.4],
    change: [expect.closeTo(0.7), expect.closeTo(0.9)],
    row: [0, 0],
    column: [0, 1],
    cell: [3, 4],
  });
  give(look(0.1, [5, 6], 0));
  expect(panel.columns?.()).toMatchObject({ t: [0.1], cell: [5, 6] });
});

it.each([
  ["matrix", false],
  ["change", true],
] as const)("shows the %s alone", (show, strip) => {
  const { body, panel, give } = openPanel(weights.make(), { ...PAYLOAD, show });
  give(look(0.2, [1, 2], 0.7));
  expect(shown(panel, 1).data.length > 0).toBe(!strip);
  expect(body.querySelector(".nl-strip") !== null).toBe(strip);
});
