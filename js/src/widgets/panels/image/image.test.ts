import { expect, it } from "vitest";

import { fakeCanvas, openPanel } from "../../charts/fakes";
import image, { colored, picturesOf } from ".";

const PAYLOAD = { height: 1, width: 2, channels: 1, colours: "grey", range: null } as const;

function pixels(data: Uint8ClampedArray): number[][] {
  return Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(4 * i, 4 * i + 3)]);
}

it("is grey from black to white", () => {
  const data = colored(Float32Array.of(0, 1), PAYLOAD, 0, [0, 1], { dark: false });
  expect(pixels(data)).toEqual([
    [0, 0, 0],
    [255, 255, 255],
  ]);
});

it("takes three channels for colours, and others one by one", () => {
  const colors = { ...PAYLOAD, channels: 3 };
  const values = Float32Array.of(1, 0, 0, 0, 0, 1);
  expect(picturesOf(colors)).toBe(1);
  expect(pixels(colored(values, colors, 0, [0, 1], { dark: false }))).toEqual([
    [255, 0, 0],
    [0, 0, 255],
  ]);
  const pair = { ...PAYLOAD, channels: 2 };
  expect(picturesOf(pair)).toBe(2);
  const second = colored(Float32Array.of(0, 1, 0, 0), pair, 1, [0, 1], { dark: false });
  expect(pixels(second)).toEqual([
    [255, 255, 255],
    [0, 0, 0],
  ]);
});

it("shows the newest picture at the instant that is looked at", () => {
  const drawn = fakeCanvas();
  const { panel, give } = openPanel(image.make(), PAYLOAD);
  give({ t: Float64Array.of(0.1, 0.2), y: Float32Array.of(0, 1, 1, 0) });
  const shown = (to: number): number[][] => {
    drawn.length = 0;
    panel.draw?.(0, to);
    const put = drawn.find(({ method }) => method === "putImageData");
    return put === undefined ? [] : pixels((put.args[0] as ImageData).data);
  };
  expect(shown(0.05)).toEqual([]);
  expect(shown(0.15)[0]).toEqual([0, 0, 0]);
  expect(shown(0.25)[0]).toEqual([255, 255, 255]);
});
