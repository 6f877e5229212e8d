/** The contract of panels: what every kind of panel is on the page. */

import type { Editing } from "./editing/editor";
import type { NotebookCell } from "./host";
import type { Bokeh } from "./inspecting/bokeh";
import type { Kit } from "./kit";
import type { FrameArray } from "./frames";
import type { PanelEntry, PanelLayout } from "./messages";
import type { LabStore } from "./store";
import type { Theme } from "./theme";
import type { Timeline } from "./timeline";

export interface PanelContext {
  /** What the Python side says of this panel; `layout.data` is its `Payload`. */
  layout: PanelLayout;
  theme: Theme;
  /** Say something to the Python side: its `handle` gets it. */
  send: (content: Record<string, unknown>) => void;
  /** Change settings of this panel; they come back with its layout. */
  change: (values: Record<string, unknown>) => void;
  /** Move one dimension of an input, by the id that the layout has for it. */
  drive: (node: string, dim: number, value: number) => void;
  /** Move all dimensions of an input; those of one gesture are undone together. */
  driveAll: (node: string, values: number[], gesture: string) => void;
  /** Pick neurons of an ensemble, by its name, in all panels of the session; none unmarks. */
  pick: (ensemble: string, neurons: readonly number[]) => void;
  /** BokehJS, which is loaded when the first panel asks for it. */
  bokeh: () => Promise<Bokeh>;
  /** The editor of code, which is loaded when the first panel asks for it. */
  editor: () => Promise<Editing>;
  /** The notebook's cell with the code of the Lab, of this id; null where there is none. */
  cell: (id: string) => NotebookCell | null;
  /** Undo or redo of the Lab: of drawing, code and plots alike. */
  travel: (which: "undo" | "redo") => void;
  /** Have all panels tell the kernel what was typed: what is sent next comes after it. */
  settle: () => void;
  /** Whether other panels can be opened beside it. */
  plots: boolean;
  /** Aborted when the panel is removed: what was begun must end, and listeners with it. */
  signal: AbortSignal;
  store: LabStore;
  timeline: Timeline;
  /** Have `draw` called with the next picture, also without new data. */
  redraw: () => void;
  /** Parts for panels, for kinds from outside that cannot import them. */
  kit: Kit;
}

/** What a frame says of a panel's arrays. */
export type FrameMeta = Pick<PanelEntry, "t0" | "t1"> & {
  /** Shapes of the arrays, by name. */
  shapes: Map<string, number[]>;
};

export interface LegendItem {
  name: string;
  color: string;
  dashed: boolean;
}

/** What a panel shows at an instant, for hover: a name and a value as text. */
export interface Reading {
  name: string;
  text: string;
  color?: string;
}

/** One open panel. Methods are called in this order; none after `signal` is aborted. */
export interface Panel {
  /** Whether it says itself which object is pointed at, and not the frame around it. */
  readonly points?: boolean;
  /** Whether it says by itself what there is to see while there is no data. */
  readonly speaks?: boolean;
  mount(body: HTMLElement, context: PanelContext): void | Promise<void>;
  /** Data from a frame. */
  receive(arrays: Map<string, FrameArray>, meta: FrameMeta): void;
  /** What its Python side says through `Place.send`, and the buffer that came with it. */
  hear?(content: Record<string, unknown>, buffer: DataView): void;
  /** A setting that only changes how it is drawn has changed; without it the panel is made anew. */
  relayout?(layout: PanelLayout): void;
  /**
   * For those that live on the timeline: show these instants. `at` is the one that is pointed at on
   * any plot, else `to`; to a panel without a `Strip` it comes as `to`.
   */
  draw?(from: number, to: number, at?: number): void;
  /**
   * What it had of another branch of the run, to be drawn lighter beside what goes on; null is none.
   */
  beside?(arrays: Map<string, FrameArray> | null, branch: string): void;
  /** What it shows at an instant. */
  readings?(instant: number): Reading[];
  /** Tell the kernel at once what was typed and would be told soon. */
  settle?(): void;
  clear(): void;
  retheme(theme: Theme): void;
  /** Where there is more than one thing. */
  legend?(theme: Theme): LegendItem[];
  /** For the saved notebook and for export. */
  picture?(): HTMLCanvasElement | SVGElement | null;
  /** All that is kept, as columns, for export and for tests. */
  columns?(): Record<string, number[]>;
}

/** What the `index.ts` of a kind exports by default. */
export interface PanelKind {
  name: string;
  /** Whether BokehJS draws it: then a saved notebook keeps a picture of it, and not its data. */
  still?: true;
  make(): Panel;
}

export function isPanelKind(value: unknown): value is PanelKind {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "make" in value &&
    typeof value.make === "function"
  );
}
