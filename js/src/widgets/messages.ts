/** Made from nengolab_widgets/messages.py and from_pages.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { dictOf, either, isBoolean, isNull, isNumber, isRecord, isString, isUnknown, listOf, oneOf, optional, record, type Check } from "./decode";

/** What the session is doing; "gone" is what the page says itself. */
export type SessionState = "asleep" | "loading" | "building" | "compiling" | "ready" | "running" | "paused" | "finished" | "error" | "closed" | "gone";

/** An error as the session reports it. */
export interface ErrorReport {
  object: string;
  message: string;
  traceback: string;
}

export const isErrorReport: Check<ErrorReport> = record<ErrorReport>({
  object: isString,
  message: isString,
  traceback: isString,
});

/** Where one array lies in the buffer of a frame. */
export interface ArrayEntry {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
}

export const isArrayEntry: Check<ArrayEntry> = record<ArrayEntry>({
  name: isString,
  dtype: isString,
  shape: listOf(isNumber),
  offset: isNumber,
});

/** The arrays of one panel in one frame, covering the instants t0 to t1. */
export interface PanelEntry {
  id: string;
  rev: number;
  t0: number;
  t1: number;
  arrays: ArrayEntry[];
}

export const isPanelEntry: Check<PanelEntry> = record<PanelEntry>({
  id: isString,
  rev: isNumber,
  t0: isNumber,
  t1: isNumber,
  arrays: listOf(isArrayEntry),
});

/** New data, with one buffer that holds the arrays. */
export interface Frame {
  state: "asleep" | "loading" | "building" | "compiling" | "ready" | "running" | "paused" | "finished" | "error" | "closed";
  time: number;
  n_steps: number;
  rtf: number | null;
  speed: number | null;
  returning: number | null;
  note: string;
  error: ErrorReport | null;
  type: "frame";
  seq: number;
  clear: boolean;
  credit: number;
  round_trip: number | null;
  heard: number;
  panels: PanelEntry[];
}

export const isFrame: Check<Frame> = record<Frame>({
  state: oneOf("asleep", "loading", "building", "compiling", "ready", "running", "paused", "finished", "error", "closed"),
  time: isNumber,
  n_steps: isNumber,
  rtf: either(isNumber, isNull),
  speed: either(isNumber, isNull),
  returning: either(isNumber, isNull),
  note: isString,
  error: either(isErrorReport, isNull),
  type: oneOf("frame"),
  seq: isNumber,
  clear: isBoolean,
  credit: isNumber,
  round_trip: either(isNumber, isNull),
  heard: isNumber,
  panels: listOf(isPanelEntry),
});

/** A sign of life from a thread of the kernel, sent also while a cell runs. A page that is not among ``views`` was taken for gone, and says that it is there. */
export interface Ping {
  state: "asleep" | "loading" | "building" | "compiling" | "ready" | "running" | "paused" | "finished" | "error" | "closed";
  time: number;
  n_steps: number;
  rtf: number | null;
  speed: number | null;
  returning: number | null;
  note: string;
  error: ErrorReport | null;
  type: "ping";
  drawn: number;
  views: string[];
}

export const isPing: Check<Ping> = record<Ping>({
  state: oneOf("asleep", "loading", "building", "compiling", "ready", "running", "paused", "finished", "error", "closed"),
  time: isNumber,
  n_steps: isNumber,
  rtf: either(isNumber, isNull),
  speed: either(isNumber, isNull),
  returning: either(isNumber, isNull),
  note: isString,
  error: either(isErrorReport, isNull),
  type: oneOf("ping"),
  drawn: isNumber,
  views: listOf(isString),
});

/** One setting of a panel, as its menu shows it. */
export interface SettingLayout {
  name: string;
  label: string;
  kind: "number" | "choice" | "flag" | "text" | "range";
  unit: string;
  choices: string[];
  value: unknown;
  hint: string;
}

export const isSettingLayout: Check<SettingLayout> = record<SettingLayout>({
  name: isString,
  label: isString,
  kind: oneOf("number", "choice", "flag", "text", "range"),
  unit: isString,
  choices: listOf(isString),
  value: isUnknown,
  hint: isString,
});

/** One panel: what it is called, and in ``data`` what its kind needs to draw it. ``columns`` and ``height`` say how large it is (`nengolab_widgets.arrangement.Size`); ``python`` holds the lines that draw the same from ``sim.data``. */
export interface PanelLayout {
  id: string;
  rev: number;
  kind: string;
  title: string;
  what: string;
  columns: number;
  height: number | null;
  settings: SettingLayout[];
  python: string;
  data: Record<string, unknown>;
}

export const isPanelLayout: Check<PanelLayout> = record<PanelLayout>({
  id: isString,
  rev: isNumber,
  kind: isString,
  title: isString,
  what: isString,
  columns: isNumber,
  height: either(isNumber, isNull),
  settings: listOf(isSettingLayout),
  python: isString,
  data: dictOf(isUnknown),
});

/** One Node that a person can drive; ``playing`` names the recording that drives it, or "". */
export interface InputLayout {
  id: string;
  label: string;
  own: "constant" | "function";
  taken: boolean;
  playing: string;
  values: number[];
  min: number;
  max: number;
  step: number;
}

export const isInputLayout: Check<InputLayout> = record<InputLayout>({
  id: isString,
  label: isString,
  own: oneOf("constant", "function"),
  taken: isBoolean,
  playing: isString,
  values: listOf(isNumber),
  min: isNumber,
  max: isNumber,
  step: isNumber,
});

/** One way to look at an object. */
export interface KindOffer {
  name: string;
  label: string;
}

export const isKindOffer: Check<KindOffer> = record<KindOffer>({
  name: isString,
  label: isString,
});

/** One object that can be looked at, and the ways to, the likeliest first. */
export interface Offer {
  object: string;
  label: string;
  group: string;
  kinds: KindOffer[];
}

export const isOffer: Check<Offer> = record<Offer>({
  object: isString,
  label: isString,
  group: isString,
  kinds: listOf(isKindOffer),
});

/** The front end of a kind of panel from another package: an ES module as text. */
export interface ForeignKind {
  kind: string;
  esm: string;
  css: string;
}

export const isForeignKind: Check<ForeignKind> = record<ForeignKind>({
  kind: isString,
  esm: isString,
  css: isString,
});

/** All there is to show; ``inputs`` is null where the person wants no sliders. ``aside`` stands beside the panels: the network view. ``inputs`` hold all moves of sliders up to the one numbered ``heard``, perhaps later ones. ``offers`` is null where they are those that came before. ``undoes`` and ``redoes`` name what would be undone, or done again; empty where there is nothing. ``session`` is the key by which all widgets of one session on a page share their timeline. */
export interface Layout {
  type: "layout";
  title: string;
  model_id: string;
  session: string;
  undoes: string;
  redoes: string;
  path: "control" | "comm";
  window: number;
  panels: PanelLayout[];
  aside: PanelLayout | null;
  inputs: InputLayout[] | null;
  no_inputs: string;
  heard: number;
  offers: Offer[] | null;
  foreign: ForeignKind[];
}

export const isLayout: Check<Layout> = record<Layout>({
  type: oneOf("layout"),
  title: isString,
  model_id: isString,
  session: isString,
  undoes: isString,
  redoes: isString,
  path: oneOf("control", "comm"),
  window: isNumber,
  panels: listOf(isPanelLayout),
  aside: either(isPanelLayout, isNull),
  inputs: either(listOf(isInputLayout), isNull),
  no_inputs: isString,
  heard: isNumber,
  offers: either(listOf(isOffer), isNull),
  foreign: listOf(isForeignKind),
});

/** Where the sliders stand, when something else than this page moved them; see `Layout`. */
export interface Inputs {
  type: "inputs";
  inputs: InputLayout[];
  heard: number;
}

export const isInputs: Check<Inputs> = record<Inputs>({
  type: oneOf("inputs"),
  inputs: listOf(isInputLayout),
  heard: isNumber,
});

/** Something to tell a person, such as that a wish could not be fulfilled. ``details`` are read by who wants to know more; ``offer`` is a message that a button beside it sends. */
export interface Notice {
  type: "notice";
  text: string;
  details: string[];
  offer: "" | "rebuild";
}

export const isNotice: Check<Notice> = record<Notice>({
  type: oneOf("notice"),
  text: isString,
  details: listOf(isString),
  offer: oneOf("", "rebuild"),
});

/** A line that the function of an object printed. */
export interface PrintedLine {
  name: string;
  text: string;
}

export const isPrintedLine: Check<PrintedLine> = record<PrintedLine>({
  name: isString,
  text: isString,
});

/** What functions of the network printed; ``anew`` where it is all that is kept. */
export interface Printed {
  type: "printed";
  anew: boolean;
  lines: PrintedLine[];
}

export const isPrinted: Check<Printed> = record<Printed>({
  type: oneOf("printed"),
  anew: isBoolean,
  lines: listOf(isPrintedLine),
});

/** Something that was done, or went wrong, at a time (s) of the run. */
export interface Mark {
  time: number;
  kind: "input" | "change" | "error" | "branch";
  text: string;
}

export const isMark: Check<Mark> = record<Mark>({
  time: isNumber,
  kind: oneOf("input", "change", "error", "branch"),
  text: isString,
});

/** The branches of the run: the one that goes on, and all. ``doubts`` names Python code that may remember something, so that what is gone back to may not be exactly what was. ``memory`` says how much of the past is kept. */
export interface Past {
  type: "past";
  branch: string;
  branches: string[];
  doubts: string[];
  memory: string;
  marks: Mark[];
}

export const isPast: Check<Past> = record<Past>({
  type: oneOf("past"),
  branch: isString,
  branches: listOf(isString),
  doubts: listOf(isString),
  memory: isString,
  marks: listOf(isMark),
});

/** What plots of lines had of another branch, with a buffer as of a frame; "" is none. */
export interface Beside {
  type: "beside";
  branch: string;
  panels: PanelEntry[];
}

export const isBeside: Check<Beside> = record<Beside>({
  type: oneOf("beside"),
  branch: isString,
  panels: listOf(isPanelEntry),
});

/** What the Python side of a panel says to its page side, perhaps with a buffer. */
export interface ForPanel {
  type: "for_panel";
  panel: string;
  content: Record<string, unknown>;
}

export const isForPanel: Check<ForPanel> = record<ForPanel>({
  type: oneOf("for_panel"),
  panel: isString,
  content: dictOf(isUnknown),
});

/** The Python that makes this Lab, to be copied. */
export interface Code {
  type: "code";
  text: string;
}

export const isCode: Check<Code> = record<Code>({
  type: oneOf("code"),
  text: isString,
});

/** Which neurons are picked, by the name of their ensemble, in all panels of the session. ``page`` and ``number`` are those of the `Pick` that made it so; of one from Python "" and 0. */
export interface Picked {
  type: "picked";
  page: string;
  number: number;
  neurons: Record<string, number[]>;
}

export const isPicked: Check<Picked> = record<Picked>({
  type: oneOf("picked"),
  page: isString,
  number: isNumber,
  neurons: dictOf(listOf(isNumber)),
});

/** A part of the front end that pages ask for when they need it: gzip in the buffer. ``problem`` says why there is none, else it is empty. */
export interface Part {
  type: "part";
  name: string;
  problem: string;
}

export const isPart: Check<Part> = record<Part>({
  type: oneOf("part"),
  name: isString,
  problem: isString,
});

export type KernelMessage =
  | Frame
  | Ping
  | Layout
  | Inputs
  | Notice
  | Printed
  | Past
  | Beside
  | ForPanel
  | Code
  | Picked
  | Part;

/** A page asks for the layout; said again until there is one. ``panel`` is the one that it shows, where that stands alone. */
export interface Hello {
  type: "hello";
  view: string;
  panel?: string;
  width: number;
  visible: boolean;
}

export const isHello: Check<Hello> = record<Hello>({
  type: oneOf("hello"),
  view: isString,
  panel: optional(isString),
  width: isNumber,
  visible: isBoolean,
});

/** Stand, paused, where the run stood at a time (s) of the branch that goes on. */
export interface GoOnFrom {
  type: "go_on_from";
  time: number;
}

export const isGoOnFrom: Check<GoOnFrom> = record<GoOnFrom>({
  type: oneOf("go_on_from"),
  time: isNumber,
});

/** Give up a way back that takes too long. */
export interface Stay {
  type: "stay";
}

export const isStay: Check<Stay> = record<Stay>({
  type: oneOf("stay"),
});

/** Go on at the end of another branch. */
export interface SwitchBranch {
  type: "switch_branch";
  branch: string;
}

export const isSwitchBranch: Check<SwitchBranch> = record<SwitchBranch>({
  type: oneOf("switch_branch"),
  branch: isString,
});

/** Show another branch beside the one that goes on, in all plots of lines; "" is none. */
export interface ShowBeside {
  type: "show_beside";
  branch: string;
}

export const isShowBeside: Check<ShowBeside> = record<ShowBeside>({
  type: oneOf("show_beside"),
  branch: isString,
});

/** How a page is seen has changed. */
export interface View {
  type: "view";
  view: string;
  panel?: string;
  width: number;
  visible: boolean;
}

export const isView: Check<View> = record<View>({
  type: oneOf("view"),
  view: isString,
  panel: optional(isString),
  width: isNumber,
  visible: isBoolean,
});

/** A page is closed. */
export interface Bye {
  type: "bye";
  view: string;
}

export const isBye: Check<Bye> = record<Bye>({
  type: oneOf("bye"),
  view: isString,
});

/** A page that got a ping is still there. */
export interface Pong {
  type: "pong";
  view: string;
}

export const isPong: Check<Pong> = record<Pong>({
  type: oneOf("pong"),
  view: isString,
});

/** What a page has drawn, two to four times a second. ``seq`` is the newest frame drawn, ``held`` how many ms ago, and ``merged`` how many frames it drew in one picture. */
export interface Report {
  type: "report";
  view: string;
  seq: number;
  held: number;
  merged: number;
}

export const isReport: Check<Report> = record<Report>({
  type: oneOf("report"),
  view: isString,
  seq: isNumber,
  held: isNumber,
  merged: isNumber,
});

/** Run until told otherwise. */
export interface Play {
  type: "play";
}

export const isPlay: Check<Play> = record<Play>({
  type: oneOf("play"),
});

/** Stop. */
export interface Pause {
  type: "pause";
}

export const isPause: Check<Pause> = record<Pause>({
  type: oneOf("pause"),
});

/** Back to time 0. */
export interface Reset {
  type: "reset";
}

export const isReset: Check<Reset> = record<Reset>({
  type: oneOf("reset"),
});

/** Build the network again as it is now, and go on from the state that there is. */
export interface Rebuild {
  type: "rebuild";
}

export const isRebuild: Check<Rebuild> = record<Rebuild>({
  type: oneOf("rebuild"),
});

/** Stop the build or compile that goes on. */
export interface StopBuilding {
  type: "stop_building";
}

export const isStopBuilding: Check<StopBuilding> = record<StopBuilding>({
  type: oneOf("stop_building"),
});

/** Run until a time (s), or until a value of an object is above or below a level. */
export interface RunUntil {
  type: "run_until";
  time?: number;
  object?: string;
  dim?: number;
  above?: boolean;
  level?: number;
}

export const isRunUntil: Check<RunUntil> = record<RunUntil>({
  type: oneOf("run_until"),
  time: optional(isNumber),
  object: optional(isString),
  dim: optional(isNumber),
  above: optional(isBoolean),
  level: optional(isNumber),
});

/** Run for some simulated seconds. */
export interface RunFor {
  type: "run_for";
  seconds: number;
}

export const isRunFor: Check<RunFor> = record<RunFor>({
  type: oneOf("run_for"),
  seconds: isNumber,
});

/** Run some steps. */
export interface Step {
  type: "step";
  n: number;
}

export const isStep: Check<Step> = record<Step>({
  type: oneOf("step"),
  n: isNumber,
});

/** Change the real-time factor asked for; null is as fast as it goes. */
export interface Speed {
  type: "speed";
  value: number | null;
}

export const isSpeed: Check<Speed> = record<Speed>({
  type: oneOf("speed"),
  value: either(isNumber, isNull),
});

/** Drive a Node; null gives back its own output. Numbered, so that a page knows what is heard. ``dim`` is the one dimension that was moved, to ``value``; or ``values`` are those of all. Without both the Node is given back. Moves of one ``gesture`` are undone together. */
export interface InputMove {
  type: "input";
  number: number;
  node: string;
  dim?: number;
  value: number | null;
  values?: number[];
  gesture?: string;
}

export const isInputMove: Check<InputMove> = record<InputMove>({
  type: oneOf("input"),
  number: isNumber,
  node: isString,
  dim: optional(isNumber),
  value: either(isNumber, isNull),
  values: optional(listOf(isNumber)),
  gesture: optional(isString),
});

/** Look at something more. */
export interface AddPanel {
  type: "add_panel";
  object: string;
  kind: string;
}

export const isAddPanel: Check<AddPanel> = record<AddPanel>({
  type: oneOf("add_panel"),
  object: isString,
  kind: isString,
});

/** Look at it no more. */
export interface RemovePanel {
  type: "remove_panel";
  panel: string;
}

export const isRemovePanel: Check<RemovePanel> = record<RemovePanel>({
  type: oneOf("remove_panel"),
  panel: isString,
});

/** Change settings of a panel. */
export interface SetPanel {
  type: "set_panel";
  panel: string;
  values: Record<string, unknown>;
}

export const isSetPanel: Check<SetPanel> = record<SetPanel>({
  type: oneOf("set_panel"),
  panel: isString,
  values: dictOf(isUnknown),
});

/** Put a panel in another place in the order, counted from 0. */
export interface MovePanel {
  type: "move_panel";
  panel: string;
  to: number;
}

export const isMovePanel: Check<MovePanel> = record<MovePanel>({
  type: oneOf("move_panel"),
  panel: isString,
  to: isNumber,
});

/** Make a panel larger or smaller; ``height`` null is as high as those beside it. */
export interface SizePanel {
  type: "size_panel";
  panel: string;
  columns: number;
  height: number | null;
}

export const isSizePanel: Check<SizePanel> = record<SizePanel>({
  type: oneOf("size_panel"),
  panel: isString,
  columns: isNumber,
  height: either(isNumber, isNull),
});

/** Take back the last change of what is open. */
export interface Undo {
  type: "undo";
}

export const isUndo: Check<Undo> = record<Undo>({
  type: oneOf("undo"),
});

/** Do again what was undone last. */
export interface Redo {
  type: "redo";
}

export const isRedo: Check<Redo> = record<Redo>({
  type: oneOf("redo"),
});

/** A person looks for a plot to add: what is there? Of a small network that is known already. */
export interface AskOffers {
  type: "ask_offers";
}

export const isAskOffers: Check<AskOffers> = record<AskOffers>({
  type: oneOf("ask_offers"),
});

/** A person wants the Python that makes this Lab. */
export interface AskCode {
  type: "ask_code";
}

export const isAskCode: Check<AskCode> = record<AskCode>({
  type: oneOf("ask_code"),
});

/** A person picks neurons of an ensemble, instead of those that were picked of it before. ``page`` names the page, whose picks are numbered: so it knows which of them are heard. */
export interface Pick {
  type: "pick";
  page: string;
  number: number;
  ensemble: string;
  neurons: number[];
}

export const isPick: Check<Pick> = record<Pick>({
  type: oneOf("pick"),
  page: isString,
  number: isNumber,
  ensemble: isString,
  neurons: listOf(isNumber),
});

/** A page needs a part of the front end. */
export interface AskPart {
  type: "ask_part";
  name: string;
}

export const isAskPart: Check<AskPart> = record<AskPart>({
  type: oneOf("ask_part"),
  name: isString,
});

/** What the page side of a panel says to its Python side. */
export interface ToPanel {
  type: "to_panel";
  panel: string;
  content: Record<string, unknown>;
}

export const isToPanel: Check<ToPanel> = record<ToPanel>({
  type: oneOf("to_panel"),
  panel: isString,
  content: dictOf(isUnknown),
});

/** A Keras model was dropped on a Lab: the name of its file, and its bytes in base 64. Or its path, as the Jupyter server has it, where it came from JupyterLab's file browser. */
export interface OpenModel {
  type: "open_model";
  name: string;
  data?: string;
  path?: string;
}

export const isOpenModel: Check<OpenModel> = record<OpenModel>({
  type: oneOf("open_model"),
  name: isString,
  data: optional(isString),
  path: optional(isString),
});

export type PageMessage =
  | Hello
  | GoOnFrom
  | Stay
  | SwitchBranch
  | ShowBeside
  | View
  | Bye
  | Pong
  | Report
  | Play
  | Pause
  | Reset
  | Rebuild
  | StopBuilding
  | RunUntil
  | RunFor
  | Step
  | Speed
  | InputMove
  | AddPanel
  | RemovePanel
  | SetPanel
  | MovePanel
  | SizePanel
  | Undo
  | Redo
  | AskOffers
  | AskCode
  | Pick
  | AskPart
  | ToPanel
  | OpenModel;

const KERNEL_MESSAGES: Record<string, Check<KernelMessage>> = {
  frame: isFrame,
  ping: isPing,
  layout: isLayout,
  inputs: isInputs,
  notice: isNotice,
  printed: isPrinted,
  past: isPast,
  beside: isBeside,
  for_panel: isForPanel,
  code: isCode,
  picked: isPicked,
  part: isPart,
};

/** Tell a message of the kernel from anything else; null is something else. */
export function decodeMessage(content: unknown): KernelMessage | null {
  if (!isRecord(content)) return null;
  const kind = String(content.type);
  if (!Object.hasOwn(KERNEL_MESSAGES, kind)) return null;
  return KERNEL_MESSAGES[kind](content) ? content : null;
}
