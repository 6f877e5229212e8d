/** What a Node's function writes as `_nengo_html_`, in a frame without scripts and network. */

import "./html.css";

import { make, setText } from "../../dom";
import type { FrameArray } from "../../frames";
import type { PanelLayout } from "../../messages";
import type { Panel, PanelContext, PanelKind } from "../../panel";
import type { Theme } from "../../theme";
import { documentOf, PageFrame, type Look } from "./frame";
import { isPayload, type Payload } from "./payload";
import { sanitized } from "./sanitize";
import { snapshot } from "./snapshot";

/** What is kept for looking back: as much of a minute as fits. */
const SECONDS = 60;
const CHARACTERS = 2 ** 22;
/** A picture is made when nothing has changed for so long (ms). */
const STILL = 400;

interface Page {
  t: number;
  text: string;
  /** It says what is wrong; it is no page. */
  wrong: boolean;
}

function read(layout: PanelLayout): Payload {
  if (!isPayload(layout.data)) throw new Error("the kernel describes this plot in an unknown way");
  return layout.data;
}

class HtmlPanel implements Panel {
  private payload!: Payload;
  private theme!: Theme;
  private frame!: PageFrame;
  private readonly place = make("div", "nl-html");
  private readonly message = make("p", "nl-html-wrong", { role: "note", hidden: "" });
  private pages: Page[] = [];
  private shown: Page | null = null;
  private image: HTMLCanvasElement | null = null;
  private timer = 0;

  mount(body: HTMLElement, context: PanelContext): void {
    this.payload = read(context.layout);
    this.theme = context.theme;
    this.frame = new PageFrame(this.place, `${context.layout.title}: its own page`, context.signal);
    this.place.append(this.message);
    this.measure();
    body.append(this.place);
    context.signal.addEventListener("abort", () => {
      window.clearTimeout(this.timer);
      this.place.remove();
    });
  }

  receive(arrays: Map<string, FrameArray>): void {
    const [t, html, wrong] = [arrays.get("t"), arrays.get("html"), arrays.get("wrong")];
    if (t === undefined || !(html instanceof Uint8Array) || wrong === undefined) return;
    const page = { t: t[0], text: new TextDecoder().decode(html), wrong: wrong[0] > 0 };
    // Time has restarted; or this instant is told again, to a page that knew nothing.
    this.pages = this.pages.filter((old) => old.t < page.t);
    this.pages.push(page);
    let size = this.pages.reduce((sum, { text }) => sum + text.length, 0);
    while (this.pages.length > 1 && (size > CHARACTERS || this.pages[1].t < page.t - SECONDS)) {
      size -= this.pages[0].text.length;
      this.pages.shift();
    }
  }

  relayout(layout: PanelLayout): void {
    this.payload = read(layout);
    this.measure();
    this.again();
  }

  draw(_from: number, to: number): void {
    // The instant of a look comes in single precision.
    const page = this.pages.findLast(({ t }) => t <= to + 1e-6) ?? null;
    if (page === this.shown) return;
    const same = page !== null && page.text === this.shown?.text && page.wrong === this.shown.wrong;
    this.shown = page;
    if (!same) this.again();
  }

  clear(): void {
    this.pages = [];
    this.shown = null;
  }

  retheme(theme: Theme): void {
    this.theme = theme;
    this.again();
  }

  picture(): HTMLCanvasElement | null {
    return this.image;
  }

  columns(): Record<string, number[]> {
    return {
      t: this.pages.map(({ t }) => t),
      characters: this.pages.map(({ text }) => text.length),
    };
  }

  private get look(): Look {
    const { font, surface, text } = this.theme;
    return this.payload.ground === "theme"
      ? { ground: surface, text, font }
      : { ground: "#ffffff", text: "#111111", font };
  }

  private measure(): void {
    // What a person makes of the plot by hand goes before the setting.
    this.place.style.height = `var(--nl-height, ${this.payload.height}px)`;
  }

  /** Show the page of this instant; a picture of it follows. */
  private again(): void {
    const page = this.shown;
    if (page === null) return;
    this.message.hidden = !page.wrong && page.text !== "";
    setText(
      this.message,
      page.text === "" ? "Nothing has been written yet." : page.wrong ? page.text : "",
    );
    this.image = null;
    window.clearTimeout(this.timer);
    if (page.wrong) return;
    const body = sanitized(page.text);
    this.frame.show(documentOf(body, this.look));
    this.timer = window.setTimeout(() => void this.depict(body, page), STILL);
  }

  private async depict(body: HTMLElement, page: Page): Promise<void> {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (width === 0) return;
    const image = await snapshot(body, width, height, this.look);
    if (this.shown === page) this.image = image;
  }
}

export default { name: "html", make: () => new HtmlPanel() } satisfies PanelKind;
