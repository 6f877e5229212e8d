/** A picture of a page. Its frame cannot be asked for one, so it is drawn once more, as an image. */

import { styleOf, type Look } from "./frame";

/** An image of SVG runs no scripts and loads nothing, whatever is in it. */
export function asImage(body: HTMLElement, width: number, height: number, look: Look): string {
  const inside = new XMLSerializer().serializeToString(body);
  const style = styleOf(look).replace("html,body", "body").replace(/[<&]/g, "");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<foreignObject width="100%" height="100%"><div xmlns="http://www.w3.org/1999/xhtml" style="height:100%">` +
    `<style>${style}</style>${inside}</div></foreignObject></svg>`
  );
}

/** Draw it; null where this browser does not let such a picture be read. */
export async function snapshot(
  body: HTMLElement,
  width: number,
  height: number,
  look: Look,
): Promise<HTMLCanvasElement | null> {
  const ratio = window.devicePixelRatio || 1;
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(asImage(body, width, height, look))}`;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  try {
    await image.decode();
    context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    context?.getImageData(0, 0, 1, 1);
  } catch {
    return null;
  }
  return canvas;
}
