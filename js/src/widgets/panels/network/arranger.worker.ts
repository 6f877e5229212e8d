/** In a worker: answers each request with where things go. As a module on the page: the same. */

import { arrange, type Arranged, type Request } from "./arrange";

export { arrange };

/** What goes to the worker and comes back. */
export interface Job {
  id: number;
  request: Request;
}
export interface Done {
  id: number;
  arranged?: Arranged;
  error?: string;
}

if (typeof document === "undefined") {
  self.addEventListener("message", ({ data }: MessageEvent<Job>) => {
    let done: Done;
    try {
      done = { id: data.id, arranged: arrange(data.request) };
    } catch (error) {
      done = { id: data.id, error: String(error) };
    }
    self.postMessage(done);
  });
}
