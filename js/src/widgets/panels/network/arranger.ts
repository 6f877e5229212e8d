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

export class Arranger {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private readonly url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  private next = 1;

  constructor(signal: AbortSignal) {
    try {
      this.worker = new Worker(this.url, { type: "module" });
      this.worker.addEventListener("message", ({ data }: MessageEvent<Done>) => this.take(data));
      // A strict page refuses workers so, and not with an exception.
      this.worker.addEventListener("error", () => this.giveUp());
      // Compiled and run once while the page waits for the network.
      this.worker.postMessage({ id: 0, request: WARMING } satisfies Job);
    } catch {
      this.worker = null;
    }
    signal.addEventListener("abort", () => {
      this.worker?.terminate();
      URL.revokeObjectURL(this.url);
    });
  }

  arrange(request: Request): Promise<Arranged> {
    return new Promise((resolve, reject) => {
      const id = this.next++;
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
    this.worker.terminate();
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
    return import(/* webpackIgnore: true */ /* @vite-ignore */ this.url) as Promise<{
      arrange: Layouter;
    }>;
  }
}
