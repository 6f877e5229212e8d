/** Has things laid out off the main thread, where the page allows a worker. */

import source from "worker:./arranger.worker.ts";

import type { Arranged, Request } from "./arrange";
import type { Done, Job } from "./arranger.worker";

type Layouter = (request: Request) => Arranged;
interface Waiting {
  request: Request;
  resolve: (arranged: Arranged) => void;
  reject: (error: Error) => void;
}

const WARMING: Request = {
  level: {
    at: 0,
    children: Array.from({ length: 8 }, (_, at) => ({ at, width: 60, height: 60 })),
    wires: Array.from({ length: 12 }, (_, i) => [i % 8, (3 * i + 1) % 8]),
  },
  view: [520, 420],
};

/** So long the worker of the page waits for another view, when the last one is gone. */
const IDLE_MS = 60_000;

/** One for all views of a page: it has laid out something before, so its code is compiled. */
const shared = {
  worker: null as Worker | null,
  url: "",
  views: 0,
  ending: 0,
  job: 1,

  join(): Worker {
    this.worker ??= this.start();
    this.views += 1;
    window.clearTimeout(this.ending);
    return this.worker;
  },

  leave(): void {
    this.views -= 1;
    if (this.views === 0) this.ending = window.setTimeout(() => this.end(), IDLE_MS);
  },

  start(): Worker {
    const worker = new Worker(this.source(), { type: "module" });
    // Compiled and run once while the page waits for the network.
    worker.postMessage({ id: 0, request: WARMING } satisfies Job);
    return worker;
  },

  end(): void {
    this.worker?.terminate();
    this.worker = null;
  },

  source(): string {
    this.url ||= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return this.url;
  },
};

export class Arranger {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();

  constructor(signal: AbortSignal) {
    try {
      this.worker = shared.join();
    } catch {
      return;
    }
    const { worker } = this;
    worker.addEventListener("message", ({ data }: MessageEvent<Done>) => this.take(data), {
      signal,
    });
    // A strict page refuses workers so, and not with an exception.
    worker.addEventListener("error", () => this.giveUp(), { signal });
    signal.addEventListener("abort", () => shared.leave());
  }

  arrange(request: Request): Promise<Arranged> {
    return new Promise((resolve, reject) => {
      const id = shared.job++;
      this.waiting.set(id, { request, resolve, reject });
      if (this.worker === null) void this.arrangeHere(id);
      else this.worker.postMessage({ id, request } satisfies Job);
    });
  }

  private take({ id, arranged, error }: Done): void {
    const job = this.waiting.get(id);
    this.waiting.delete(id);
    if (arranged !== undefined) job?.resolve(arranged);
    else job?.reject(new Error(error));
  }

  private giveUp(): void {
    if (this.worker === null) return;
    if (this.worker === shared.worker) shared.end();
    this.worker = null;
    for (const id of [...this.waiting.keys()]) void this.arrangeHere(id);
  }

  /** On the page's own thread, with the same module. */
  private async arrangeHere(id: number): Promise<void> {
    const job = this.waiting.get(id);
    if (job === undefined) return;
    try {
      const { arrange } = await this.load();
      this.take({ id, arranged: arrange(job.request) });
    } catch (error) {
      this.take({ id, error: String(error) });
    }
  }

  private load(): Promise<{ arrange: Layouter }> {
    return import(/* webpackIgnore: true */ /* @vite-ignore */ shared.source()) as Promise<{
      arrange: Layouter;
    }>;
  }
}
