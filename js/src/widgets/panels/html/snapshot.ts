/** A picture of a page. Its frame cannot be asked for one, so it is drawn once more, as an image. */

import { drawn, svgAround } from "../../elementpicture";
import { styleOf, type Look } from "./frame";

/** An image of SVG runs no scripts and loads nothing, whatever is in it. */
export function asImage(body: HTMLElement, width: number, height: number, look: Look): string {
  const inside = new XMLSerializer().serializeToString(body);
  const style = styleOf(look).replace("html,body", "body").replace(/[<&]/g, "");
  return svgAround(`<style>${style}</style>${inside}`, width, height);
}

/** Draw it; null where this browser does not let such a picture be read. */
export function snapshot(
  body: HTMLElement,
  width: number,
  height: number,
  look: Look,
): Promise<HTMLCanvasElement | null> {
  return drawn(asImage(body, width, height, look), width, height);
}
