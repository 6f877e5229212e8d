/** A picture of what a panel shows in elements, not on one canvas, for the saved notebook. */

/** A picture is made when nothing has changed for so long (ms). */
const STILL = 400;

/** What of their styles elements need to look alike where no style sheet is. */
const STYLES = [
  ..."align-items align-self background-color box-sizing color display flex gap height".split(" "),
  ..."flex-direction flex-wrap grid-column grid-template-columns justify-content".split(" "),
  ..."font-family font-size font-style font-variant-numeric font-weight line-height".split(" "),
  ..."list-style-type overflow-wrap padding-bottom padding-left padding-right".split(" "),
  ..."padding-top margin-bottom margin-left margin-right margin-top text-align".split(" "),
  ..."text-overflow white-space width".split(" "),
  ...["top", "right", "bottom", "left"].map((side) => `border-${side}`),
];

/** SVG that shows what is inside an element of XHTML; as an image it runs and loads nothing. */
export function svgAround(inside: string, width: number, height: number): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<foreignObject width="100%" height="100%">` +
    `<div xmlns="http://www.w3.org/1999/xhtml" style="height:100%">${inside}</div>` +
    `</foreignObject></svg>`
  );
}

/** Draw SVG, as fine as the screen is; null where this browser does not let it be read. */
export async function drawn(
  svg: string,
  width: number,
  height: number,
): Promise<HTMLCanvasElement | null> {
  const ratio = window.devicePixelRatio || 1;
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  try {
    await image.decode();
    // Images inside come a moment after what they are in.
    await new Promise((resolve) => setTimeout(resolve, 100));
    context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    context?.getImageData(0, 0, 1, 1);
  } catch {
    return null;
  }
  return canvas;
}

/** What is drawn on a canvas, which a copy of it would not have. */
function imageOf(canvas: HTMLCanvasElement, style: string): HTMLImageElement {
  const image = new Image();
  image.src = canvas.width > 0 && canvas.height > 0 ? canvas.toDataURL() : "";
  image.setAttribute("style", style);
  return image;
}

/** A copy of an element that looks as it does without the page's style sheets. */
export function styledCopy(element: HTMLElement): HTMLElement {
  const copy = element.cloneNode(true) as HTMLElement;
  const originals = [element, ...element.querySelectorAll<HTMLElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<HTMLElement>("*")];
  originals.forEach((original, index) => {
    const style = getComputedStyle(original);
    const inline = STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    copies[index].removeAttribute("class");
    copies[index].setAttribute("style", inline);
    if (original instanceof HTMLCanvasElement) copies[index].replaceWith(imageOf(original, inline));
  });
  copy.style.overflow = "hidden";
  return copy;
}

/** Keeps a picture of an element, made anew when what is in it has changed. */
export class ElementPicture {
  /** The picture; null while there is none. */
  canvas: HTMLCanvasElement | null = null;
  private timer = 0;

  constructor(
    private readonly element: HTMLElement,
    signal: AbortSignal,
  ) {
    const observer = new MutationObserver(() => this.later());
    const attributeFilter = ["open", "hidden"];
    observer.observe(element, { subtree: true, childList: true, attributeFilter });
    signal.addEventListener("abort", () => {
      observer.disconnect();
      window.clearTimeout(this.timer);
    });
  }

  /** Make it anew soon. */
  later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.make(), STILL);
  }

  private async make(): Promise<void> {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0) return;
    const inside = new XMLSerializer().serializeToString(styledCopy(this.element));
    this.canvas = await drawn(svgAround(inside, width, height), width, height);
  }
}
