/**
 * Parts of the front end that are loaded when they are needed: the page asks the kernel, which
 * sends an ES module, packed.
 *
 * anywidget loads the bundle from a Blob, so it cannot import by relative address; and each widget
 * on a page has a bundle of its own, so what is loaded hangs on the page itself: once for all.
 */

import { gunzipSync } from "fflate";

const PLACE = Symbol.for("nengolab.parts");
/** Ask again after this, should the one that asked be gone before it was answered. */
const AGAIN_MS = 4000;

interface Loading {
  name: string;
  module: Promise<unknown>;
  settled: boolean;
  asked: number;
  take: (packed: Uint8Array) => void;
  refuse: (problem: string) => void;
}

function all(): Map<string, Loading> {
  const page = globalThis as { [PLACE]?: Map<string, Loading> };
  return (page[PLACE] ??= new Map());
}

function begin(name: string): Loading {
  let take!: Loading["take"];
  let refuse!: Loading["refuse"];
  const arrived = new Promise<Uint8Array>((resolve, reject) => {
    take = resolve;
    refuse = (problem) => reject(new Error(problem));
  });
  const module = arrived.then(evaluate);
  const loading: Loading = { name, module, settled: false, asked: -Infinity, take, refuse };
  const settle = (): void => void (loading.settled = true);
  module.then(settle, settle);
  return loading;
}

async function evaluate(packed: Uint8Array): Promise<unknown> {
  const code = gunzipSync(packed) as Uint8Array<ArrayBuffer>;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export class Parts {
  constructor(
    private readonly ask: (name: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** Give a part, of which the digest tells versions apart; it comes once a page. */
  load(name: string, digest: string): Promise<unknown> {
    const key = `${name} ${digest}`;
    const known = all().get(key);
    const loading = known ?? begin(name);
    all().set(key, loading);
    // What was refused may be there when it is asked for anew.
    loading.module.catch(() => all().get(key) === loading && all().delete(key));
    const asking = (): void => {
      if (loading.settled || this.signal.aborted) return clearInterval(timer);
      if (performance.now() - loading.asked < AGAIN_MS) return;
      loading.asked = performance.now();
      this.ask(name);
    };
    const timer = setInterval(asking, AGAIN_MS);
    asking();
    return loading.module;
  }

  /** The kernel has sent a part, or says why not. */
  take(name: string, problem: string, packed: DataView): void {
    for (const loading of all().values()) {
      if (loading.name !== name || loading.settled) continue;
      if (problem !== "") loading.refuse(problem);
      else
        loading.take(
          new Uint8Array(
            packed.buffer as ArrayBuffer,
            packed.byteOffset,
            packed.byteLength,
          ).slice(),
        );
    }
  }
}
