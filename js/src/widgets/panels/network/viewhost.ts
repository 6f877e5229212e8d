/** What a view asks of the panel that holds it, and tells it. */

import type { Activity } from "./activity";
import type { Graph } from "./graph";
import type { Box, DrawnWire } from "./scene";

export interface Selected {
  of: "object" | "connection" | "probe";
  at: number;
}

export interface ViewHost {
  graph: () => Graph | null;
  activity: Activity;
  select: (selected: Selected | null, wire?: DrawnWire) => void;
  /** Several things were chosen, with Shift: those besides what is, or one that is or is not. */
  selectMore: (objects: number[]) => void;
  hover: (at: number | null) => void;
  toggle: (at: number) => void;
  /** Things were put in place by hand. */
  place: (boxes: Box[]) => void;
  /** The part that is seen has changed. */
  moved: () => void;
  /** Whether a thing can be connected by hand. */
  connects: (at: number) => boolean;
  connect: (from: number, to: number) => void;
}
