/** Why nothing that is asked here is done any more, and what to do then. */

import type { LabState } from "./store";

/** Said in place, where a person would press something; "" while the kernel is there. */
export function endOf({ life, status }: Pick<LabState, "life" | "status">): string {
  if (life === "gone") return "The kernel is gone: run the notebook again from the top to go on.";
  if (status.state === "closed") return "This Lab is closed: run its cell again to go on.";
  return "";
}
