import { beforeEach, expect, it } from "vitest";

import { fakeCanvas, openPanel, type Drawn } from "../../charts/fakes";
import xy from ".";

const PAYLOAD = { x: "a 0", y: "b 0", likely: [-1, 1], range: null, trail: 0.5 };

let drawn: Drawn[];
beforeEach(() => (drawn = fakeCanvas()));

function calls(method: string): number[][] {
  return drawn.filter((call) => call.method === method).map(({ args }) => args as number[]);
}

it("marks the head, on axes of which a step is as long on both", () => {
  const { panel, give } = openPanel(xy.make(), PAYLOAD);
  give({ t: Float64Array.of(0.1, 0.2, 0.3), y: Float32Array.of(0, 0, 0.5, 0, 0.5, 0.5) });
  panel.draw?.(0, 0.3);
  const [[x, y]] = calls("arc");
  const [[x0, y0]] = calls("moveTo");
  expect(x - x0).toBeGreaterThan(10);
  expect(y0 - y).toBeCloseTo(x - x0, 0);
  expect(panel.columns?.()).toMatchObject({ x: [0, 0.5, 0.5], y: [0, 0, 0.5] });
});

it("shows the trail up to the instant that is looked at, and no longer", () => {
  const { panel, give } = openPanel(xy.make(), PAYLOAD);
  const t = Float64Array.from({ length: 100 }, (_, i) => i / 100);
  give({ t, y: Float32Array.from({ length: 200 }, (_, i) => (i >> 1) / 100) });
  panel.draw?.(0, 0.8);
  const points = calls("moveTo").length + calls("lineTo").length;
  const [[head]] = calls("arc");
  drawn.length = 0;
  panel.draw?.(0, 0.3);
  expect(points).toBeGreaterThan(50);
  expect(points).toBeLessThan(75);
  expect(calls("moveTo").length + calls("lineTo").length).toBeLessThan(points);
  expect(calls("arc")[0][0]).toBeLessThan(head);
  expect(panel.readings?.(0.3)[0]).toMatchObject({ name: "a 0", text: "0.300" });
});

it("refuses what it does not understand, and leaves nothing behind", () => {
  expect(() => openPanel(xy.make(), { x: 1 })).toThrow("unknown way");
  const { body, close } = openPanel(xy.make(), PAYLOAD);
  close();
  expect(body.children).toHaveLength(0);
});
