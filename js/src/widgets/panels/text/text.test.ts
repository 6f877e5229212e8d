import { expect, it, vi } from "vitest";

import { openPanel } from "../../charts/fakes";
import text, { written } from ".";

it("writes numbers without jumping: a sign or the room of one", () => {
  expect([1.234567, -0.5, -0.0001].map((v) => written(v, 3))).toEqual([
    "\u20071.235",
    "−0.500",
    "\u20070.000",
  ]);
});

it("writes four times a second, and the last value of a run", () => {
  vi.useFakeTimers();
  const { panel, body, give } = openPanel(text.make(), { names: ["a", "<b>"], decimals: 1 });
  const seen = new Set<string | null>();
  for (let i = 0; i < 100; i++) {
    give({ t: Float64Array.of(i / 100), y: Float32Array.of(i, -i) });
    panel.draw?.(0, i / 100);
    seen.add(body.querySelector(".nl-text-number")?.textContent ?? null);
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(300);
  vi.useRealTimers();
  expect(seen.size).toBeLessThan(7);
  expect(body.textContent).toContain("99.0");
  expect(body.textContent).toContain("−99.0");
  expect(body.querySelector("b")).toBeNull();
});
