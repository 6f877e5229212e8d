/** A frame that shows pages one after the other without a blank between them, and runs none. */

import { make } from "../../dom";

/** No scripts (nor by the frame's sandbox), nothing from anywhere but from inside the page. */
export const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
/** A page that has not said by then (ms) that it is there counts as there. */
const PATIENCE = 1000;

export interface Look {
  ground: string;
  text: string;
  font: string;
}

/** CSS of a page that says nothing of it. */
export function styleOf({ ground, text, font }: Look): string {
  return (
    `html,body{margin:0;height:100%;background:${ground};color:${text};font:14px ${font}}` +
    // What a drawing leaves to chance is black otherwise, also on a dark ground.
    "svg:not([fill]){fill:currentColor}" +
    "body{padding:4px 8px;box-sizing:border-box}svg,img{max-width:100%;max-height:100%}"
  );
}

export function documentOf(body: HTMLElement, look: Look): string {
  return (
    `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    `<style>${styleOf(look).replace(/</g, "")}</style></head><body>${body.innerHTML}</body></html>`
  );
}

export class PageFrame {
  private shown: HTMLIFrameElement | null = null;
  private coming: HTMLIFrameElement | null = null;
  private wanted: string | null = null;
  private timer = 0;

  constructor(
    private readonly place: HTMLElement,
    private readonly name: string,
    signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => window.clearTimeout(this.timer));
  }

  /** Show a page as soon as the one before is there. */
  show(page: string): void {
    this.wanted = page;
    if (this.coming === null) this.load();
  }

  private load(): void {
    if (this.wanted === null) return;
    // A new element each time: another page in the same one would be a step of the browser's "back".
    const frame = make("iframe", "nl-html-frame nl-html-coming", {
      sandbox: "",
      referrerpolicy: "no-referrer",
      tabindex: "-1",
      title: this.name,
      srcdoc: this.wanted,
    });
    this.wanted = null;
    this.coming = frame;
    const there = (): void => {
      if (this.coming !== frame) return;
      window.clearTimeout(this.timer);
      frame.classList.remove("nl-html-coming");
      this.shown?.remove();
      [this.shown, this.coming] = [frame, null];
      this.load();
    };
    frame.addEventListener("load", there);
    this.timer = window.setTimeout(there, PATIENCE);
    this.place.append(frame);
  }
}
