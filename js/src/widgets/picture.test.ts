import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { fakeCanvas, type Drawn } from "./charts/fakes";
import { compose, smallPng, type Picture, type PictureTile } from "./picture";
import { readTheme } from "./theme";

const { getContext, toDataURL } = HTMLCanvasElement.prototype;
let drawn: Drawn[] = [];

beforeEach(() => void (drawn = fakeCanvas()));
afterEach(() => Object.assign(HTMLCanvasElement.prototype, { getContext, toDataURL }));

/** An element that stands somewhere. */
function at(x: number, y: number, width: number, height: number): HTMLElement {
  const element = document.createElement("div");
  element.getBoundingClientRect = () => new DOMRect(x, y, width, height);
  return element;
}

function canvas(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), { width, height });
}

function tile(x: number, title: string, drawing: HTMLCanvasElement | null): PictureTile {
  const element = at(x, 50, 300, 200);
  return { element, title, what: "value", legend: [], canvas: drawing, body: at(x, 80, 300, 170) };
}

function picture(tiles: PictureTile[], width = 800): Picture {
  const root = at(0, 0, width, 400);
  return { root, title: "a net", footer: "1.5 s", tiles, theme: readTheme(document.body) };
}

const texts = (): unknown[] => drawn.filter((d) => d.method === "fillText").map((d) => d.args[0]);

describe("the picture of a Lab", () => {
  it("has all plots where they stand to each other, under its title, over its time", () => {
    const [first, second] = [canvas(600, 200), canvas(300, 100)];
    const made = compose(picture([tile(20, "a", first), tile(340, "b", second)]));
    // Both tiles and what is between them, with a margin at either side.
    expect(made?.width).toBe((620 + 24) * window.devicePixelRatio);
    expect(texts()).toEqual(["a net", "a", "value", "b", "value", "1.5 s"]);
    const images = drawn.filter((d) => d.method === "drawImage").map((d) => d.args);
    expect(images.map(([source]) => source)).toEqual([first, second]);
    const [one, other] = images as [unknown, number, number, number, number][];
    expect(other[1] - one[1]).toBe(320);
    expect(other[2]).toBe(one[2]);
    // Each as wide as its tile, none out of shape.
    expect([one, other].map(([, , , width, height]) => [width, height])).toEqual([
      [300, 100],
      [300, 100],
    ]);
  });

  it("names a plot that draws on no canvas, and shortens what is too long", () => {
    compose(picture([tile(20, "x".repeat(60), null)]));
    expect(drawn.some((d) => d.method === "drawImage")).toBe(false);
    expect(texts()[1]).toMatch(/^x{5,40}…$/);
  });

  it("is none of a Lab without a size, or without plots", () => {
    expect(compose(picture([tile(20, "a", null)], 0))).toBeNull();
    expect(compose(picture([]))).toBeNull();
  });
});

describe("a small picture", () => {
  it("is as large as its letters allow, and never larger than what it is of", () => {
    HTMLCanvasElement.prototype.toDataURL = function (this: HTMLCanvasElement) {
      return "x".repeat(this.width);
    };
    expect(smallPng(canvas(1800, 900))).toHaveLength(900);
    expect(smallPng(canvas(1800, 900), 700)).toHaveLength(600);
    expect(smallPng(canvas(200, 100))).toHaveLength(200);
    expect(smallPng(canvas(1800, 900), 300)).toBe("");
    expect(smallPng(canvas(200, 0))).toBe("");
  });
});
