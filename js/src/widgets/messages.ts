/**
 * What travels between kernel and browser, as types, and the one place where untyped
 * data from the wire becomes typed.
 */

/** What the session is doing; "gone" is what the browser says itself. */
export type SessionState =
  | "loading"
  | "building"
  | "compiling"
  | "ready"
  | "running"
  | "paused"
  | "finished"
  | "error"
  | "closed"
  | "gone";

export type PlotKind = "lines" | "raster" | "rates";

/** An error as the kernel reports it. */
export interface ErrorReport {
  object: string;
  message: string;
  traceback: string;
}

/** Where one array lies in the buffer of a frame. */
export interface ArrayEntry {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
}

/** The arrays of one plot in one frame, all covering the instants t0 to t1. */
export interface PlotEntry {
  id: string;
  kind: PlotKind;
  t0: number;
  t1: number;
  arrays: ArrayEntry[];
}

/** What the transport bar shows; frames and pings both carry it. */
export interface Status {
  state: SessionState;
  time: number;
  n_steps: number;
  rtf: number | null;
  speed: number | null;
  error: ErrorReport | null;
}

export interface FrameHeader extends Status {
  type: "frame";
  seq: number;
  clear: boolean;
  plots: PlotEntry[];
}

/** A sign of life from a thread of the kernel, sent also while a cell runs. */
export interface Ping extends Status {
  type: "ping";
  /** The number of the newest frame whose acknowledgement the kernel has read. */
  acked: number;
}

/** One plot as the layout describes it. */
export interface PlotLayout {
  id: string;
  kind: PlotKind;
  /** Name of the object that is shown. */
  title: string;
  /** What is shown of it: "value", "spikes", "firing rate". */
  what: string;
  /** Name of the y axis with its unit. */
  axis: string;
  /** One name per line; empty for a raster. */
  lines: string[];
  /** The range of y to start from. */
  range: [number, number];
  /** Neuron indices of a raster: first and one past the last. */
  rows: [number, number];
}

/** One Node that a person can drive. */
export interface InputLayout {
  id: string;
  label: string;
  /** "constant" starts with its sliders in charge, "function" with its own output. */
  own: "constant" | "function";
  /** Whether the sliders drive the Node now. */
  taken: boolean;
  values: number[];
  min: number;
  max: number;
  step: number;
}

/** One object in the menu of plots that can be added. */
export interface Offer {
  object: string;
  label: string;
  kinds: { name: string; label: string }[];
}

export interface Layout {
  type: "layout";
  title: string;
  model_id: string;
  window: number;
  plots: PlotLayout[];
  /** Null where the person wants no sliders. */
  inputs: InputLayout[] | null;
  offers: Offer[];
}

/** Where the sliders stand, when a person moved them in another view. */
export interface InputsMessage {
  type: "inputs";
  inputs: InputLayout[];
}

/** Something the person asked for could not be done; shown, and the session goes on. */
export interface Notice {
  type: "notice";
  text: string;
}

export type KernelMessage = FrameHeader | Ping | Layout | InputsMessage | Notice;

export type Command =
  | { name: "play" | "pause" | "reset" }
  | { name: "step"; n: number }
  | { name: "speed"; value: number | null }
  | { name: "input"; node: string; values: number[] | null }
  | { name: "add_plot"; object: string; kind: string }
  | { name: "remove_plot"; plot: string };

export type BrowserMessage =
  | { type: "hello"; view: string; width: number; visible: boolean }
  | { type: "view"; view: string; width: number; visible: boolean }
  | { type: "bye"; view: string }
  | { type: "ack"; seq: number }
  | { type: "pong" }
  | ({ type: "command" } & Command);

/**
 * Tell a message from the kernel from anything else.
 *
 * Both sides come from one wheel, so the `type` vouches for the rest.
 */
export function asKernelMessage(content: unknown): KernelMessage | null {
  if (typeof content !== "object" || content === null || !("type" in content)) return null;
  const known = ["frame", "ping", "layout", "inputs", "notice"];
  return known.includes(String(content.type)) ? (content as KernelMessage) : null;
}
