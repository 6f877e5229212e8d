import { expect, it, vi } from "vitest";

import type { InputLayout } from "./messages";
import { Sliders } from "./sliders";

const input = (label: string, values: number[]): InputLayout => ({
  id: "input-0",
  label,
  own: "constant",
  taken: false,
  playing: "",
  values,
  min: -1,
  max: 1,
  step: 0.01,
});

const shown = (sliders: Sliders): string[] =>
  [...sliders.element.querySelectorAll("input[type=range]")].map(
    (slider) => `${slider.getAttribute("aria-label")}: ${(slider as HTMLInputElement).value}`,
  );

it("makes sliders anew for a Node of another network that has the id of one before", () => {
  const sliders = new Sliders(vi.fn());
  sliders.update([input("drive", [0.5])], "", 0);
  const [before] = sliders.element.querySelectorAll("input");
  sliders.update([input("drive", [0.25])], "", 0);
  expect(sliders.element.querySelector("input")).toBe(before);
  expect(shown(sliders)).toEqual(["drive: 0.25"]);
  sliders.update([input("in", [0, 0.1])], "", 0);
  expect(shown(sliders)).toEqual(["in, dimension 0: 0", "in, dimension 1: 0.1"]);
  expect(sliders.element.textContent).not.toContain("drive");
});
