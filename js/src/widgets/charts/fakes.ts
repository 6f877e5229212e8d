/** For tests: a canvas that notes what is drawn, and what a panel is given. */

import type { FrameMeta, Panel, PanelContext } from "../panel";
import type { FrameArray } from "../frames";
import { readTheme } from "../theme";

export interface Drawn {
  method: string;
  args: unknown[];
  /** How strong the colours were, 1 where nobody said. */
  alpha: number;
}

/** Give every canvas a context that notes its calls, and every element a width. */
export function fakeCanvas(width = 400): Drawn[] {
  const drawn: Drawn[] = [];
  const context = new Proxy<Record<string, unknown>>(
    {},
    {
      get: (target, name: string) => {
        if (name in target) return target[name];
        if (name === "measureText") return (text: string) => ({ width: 6 * text.length });
        if (name === "getImageData") return () => ({ data: [255, 255, 255, 255] });
        return (...args: unknown[]) => {
          drawn.push({ method: name, args, alpha: Number(target.globalAlpha ?? 1) });
        };
      },
      set: (target, name: string, value) => {
        target[name] = value;
        return true;
      },
    },
  );
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
  Object.defineProperty(HTMLElement.prototype, "clientWidth", {
    configurable: true,
    get: () => width,
  });
  return drawn;
}

export interface Opened {
  panel: Panel;
  body: HTMLElement;
  /** Give it a frame of arrays. */
  give: (arrays: Record<string, FrameArray>, meta?: Partial<FrameMeta>) => void;
  close: () => void;
}

/** What a test leaves open: what it has put off must not come after it. */
const lives: AbortController[] = [];

/** The life of something that a test opens: it ends with the test, if not before. */
export function lifeOfTest(): AbortController {
  const life = new AbortController();
  lives.push(life);
  return life;
}

/** After each test (src/vitest.setup.ts): end what it has opened. */
export function endLives(): void {
  lives.splice(0).forEach((life) => life.abort());
}

/** Mount a panel with what its kernel says of it. */
export function openPanel(
  panel: Panel,
  data: Record<string, unknown>,
  more: Partial<PanelContext> = {},
): Opened {
  const body = document.createElement("div");
  const life = lifeOfTest();
  const layout = {
    id: "p",
    rev: 0,
    kind: "k",
    title: "ens",
    what: "it",
    columns: 1,
    height: null,
    settings: [],
    data,
  };
  const context = {
    layout,
    theme: readTheme(body),
    send: () => undefined,
    signal: life.signal,
    redraw: () => undefined,
    ...more,
  };
  void panel.mount(body, context as unknown as PanelContext);
  return {
    panel,
    body,
    give: (arrays, meta = {}) =>
      panel.receive(new Map(Object.entries(arrays)), { t0: 0, t1: 0, shapes: new Map(), ...meta }),
    close: () => life.abort(),
  };
}
