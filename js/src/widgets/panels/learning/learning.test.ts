import { expect, it } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import learning from ".";

const PAYLOAD = {
  axis: "error",
  lines: ["dimension 0", "dimension 1"],
  likely: [-1, 1],
  range: null,
  image: false,
  per_row: 1,
  rows: null,
} as const;

it("draws the error as lines, below and above zero, and reads them", () => {
  fakeCanvas();
  const { panel, give } = openPanel(learning.make(), PAYLOAD);
  give({ t: Float64Array.of(0.1, 0.2), y: Float32Array.of(-0.5, 0.25, 0.125, 0) });
  panel.draw?.(0, 0.2);
  expect(panel.columns?.()).toEqual({ t: [0.1, 0.2], y0: [-0.5, 0.125], y1: [0.25, 0] });
  expect(panel.readings?.(0.1).map(({ name, text }) => [name, text])).toEqual([
    ["dimension 0", "-0.500"],
    ["dimension 1", "0.250"],
  ]);
  expect(panel.legend?.({ dimensions: ["x", "y"] } as never)).toHaveLength(2);
});
