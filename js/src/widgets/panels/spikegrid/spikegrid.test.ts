import { expect, it } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import { gridIn } from "../../charts/fitted";
import { Series } from "../../charts/series";
import spikegrid, { brightness } from ".";

it("lights a cell at its newest spike, and lets it fade", () => {
  const spikes = new Series(1);
  spikes.append([0.1, 0.2, 0.2, 0.3], [0, 0, 1, 1]);
  const light = brightness(spikes, 3, 0.25, 0.05);
  expect(light[0]).toBeCloseTo(Math.exp(-1), 6);
  expect(light[1]).toBeCloseTo(Math.exp(-1), 6);
  expect(light[2]).toBe(0);
  expect(brightness(spikes, 3, 0.3, 0.05)[1]).toBe(1);
});

it("fits squares into the place", () => {
  expect(gridIn(100, 100, 100)).toEqual({ columns: 10, rows: 10, side: 10 });
  const wide = gridIn(30, 600, 100);
  expect(wide.columns * wide.rows).toBeGreaterThanOrEqual(30);
  expect(wide.side * wide.rows).toBeLessThanOrEqual(100);
});

it("draws a cell for each neuron and a light for those that spiked", () => {
  const drawn = fakeCanvas();
  const { panel, give } = openPanel(spikegrid.make(), { neurons: 12, fade: 0.05 });
  drawn.length = 0;
  give({ t: Float64Array.of(0.1, 0.11), i: Uint32Array.of(3, 7) });
  panel.draw?.(0, 0.12);
  expect(drawn.filter(({ method }) => method === "fillRect")).toHaveLength(14);
});
