/** Made from nengolab_widgets/panels/fit.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isBoolean, isNull, isNumber, isString, listOf, oneOf, record, tupleOf, type Check } from "../../decode";

/** What is trained. */
export interface Payload {
  subject: string;
  own: boolean;
}

export const isPayload: Check<Payload> = record<Payload>({
  subject: isString,
  own: isBoolean,
});

/** Python that repeats a run, or why there is none. */
export interface Script {
  type: "script";
  run: string;
  text: string;
  problem: string;
}

export const isScript: Check<Script> = record<Script>({
  type: oneOf("script"),
  run: isString,
  text: isString,
  problem: isString,
});

/** What was asked for is on its way. */
export interface Heard {
  type: "heard";
  what: string;
}

export const isHeard: Check<Heard> = record<Heard>({
  type: oneOf("heard"),
  what: isString,
});

/** How the run stands; ``wish`` is what was asked for and has not come yet. */
export interface Now {
  phase: "set up" | "measuring" | "starting" | "running" | "paused" | "ended";
  wish: string;
  run: string;
  state: string;
  epoch: number;
  epochs: number;
  batch: number;
  batches: number;
  rate: number;
  items: number;
  left: number;
  learning_rate: number;
  fixed_rate: string;
  metrics: ([string, number])[];
  best: number;
  waits: string;
}

export const isNow: Check<Now> = record<Now>({
  phase: oneOf("set up", "measuring", "starting", "running", "paused", "ended"),
  wish: isString,
  run: isString,
  state: isString,
  epoch: isNumber,
  epochs: isNumber,
  batch: isNumber,
  batches: isNumber,
  rate: isNumber,
  items: isNumber,
  left: isNumber,
  learning_rate: isNumber,
  fixed_rate: isString,
  metrics: listOf(tupleOf(isString, isNumber)),
  best: isNumber,
  waits: isString,
});

/** Something to choose from; ``why`` says why it cannot be. */
export interface Choice {
  name: string;
  note: string;
  why: string;
}

export const isChoice: Check<Choice> = record<Choice>({
  name: isString,
  note: isString,
  why: isString,
});

/** One field of the form: ``value`` is what a person gave, ``error`` what is wrong with it. Those of a ``group`` are folded away under its name. */
export interface Field {
  name: string;
  label: string;
  kind: "choice" | "whole" | "number" | "text";
  value: string;
  choices: Choice[];
  hint: string;
  error: string;
  group: string;
}

export const isField: Check<Field> = record<Field>({
  name: isString,
  label: isString,
  kind: oneOf("choice", "whole", "number", "text"),
  value: isString,
  choices: listOf(isChoice),
  hint: isString,
  error: isString,
  group: isString,
});

/** An array that could be trained: whether it is, and why. */
export interface Trained {
  name: string;
  owner: string;
  role: string;
  size: number;
  shape: string;
  trains: boolean;
  can: boolean;
  why: string;
}

export const isTrained: Check<Trained> = record<Trained>({
  name: isString,
  owner: isString,
  role: isString,
  size: isNumber,
  shape: isString,
  trains: isBoolean,
  can: isBoolean,
  why: isString,
});

/** What went wrong, what to do, and the traceback where there is one; ``field`` of the form. */
export interface Trouble {
  text: string;
  advice: string;
  traceback: string;
  field: string;
}

export const isTrouble: Check<Trouble> = record<Trouble>({
  text: isString,
  advice: isString,
  traceback: isString,
  field: isString,
});

/** A run of the folder, in the table; ``shown`` is its number among the curves, or -1. */
export interface Row {
  name: string;
  state: string;
  began: string;
  epochs: string;
  loss: number | null;
  val_loss: number | null;
  accuracy: number | null;
  learning_rate: string;
  tags: string[];
  note: string;
  error: string;
  shown: number;
  resumable: boolean;
  stoppable: boolean;
  kept: number[];
}

export const isRow: Check<Row> = record<Row>({
  name: isString,
  state: isString,
  began: isString,
  epochs: isString,
  loss: either(isNumber, isNull),
  val_loss: either(isNumber, isNull),
  accuracy: either(isNumber, isNull),
  learning_rate: isString,
  tags: listOf(isString),
  note: isString,
  error: isString,
  shown: isNumber,
  resumable: isBoolean,
  stoppable: isBoolean,
  kept: listOf(isNumber),
});

/** Everything that changes when somebody does something: form, runs, what went wrong. */
export interface Desk {
  given: boolean;
  fields: Field[];
  trained: Trained[];
  samples: string;
  summary: string[];
  trouble: Trouble[];
  notice: string;
  runs: Row[];
  folder: string;
  differences: ([string, string, string])[];
  compared: string[];
}

export const isDesk: Check<Desk> = record<Desk>({
  given: isBoolean,
  fields: listOf(isField),
  trained: listOf(isTrained),
  samples: isString,
  summary: listOf(isString),
  trouble: listOf(isTrouble),
  notice: isString,
  runs: listOf(isRow),
  folder: isString,
  differences: listOf(tupleOf(isString, isString, isString)),
  compared: listOf(isString),
});

/** A setting with several values: ``options`` to choose some of, or fields to type in. */
export interface Varied {
  name: string;
  label: string;
  options: ([string, boolean])[];
  fields: Field[];
  error: string;
}

export const isVaried: Check<Varied> = record<Varied>({
  name: isString,
  label: isString,
  options: listOf(tupleOf(isString, isBoolean)),
  fields: listOf(isField),
  error: isString,
});

/** A run of a sweep; ``values`` are those of the settings, in their order. ``part`` of it is done, 0 to 1; ``result`` is that by which runs are compared. */
export interface SweptRun {
  run: string;
  values: (number | string)[];
  state: string;
  epoch: number;
  epochs: number;
  part: number;
  result: number | null;
  loss: number | null;
  error: string;
  traceback: string;
}

export const isSweptRun: Check<SweptRun> = record<SweptRun>({
  run: isString,
  values: listOf(either(isNumber, isString)),
  state: isString,
  epoch: isNumber,
  epochs: isNumber,
  part: isNumber,
  result: either(isNumber, isNull),
  loss: either(isNumber, isNull),
  error: isString,
  traceback: isString,
});

/** The form of a sweep, and the one that is shown. ``missing`` says what is to be installed; ``problem`` why it cannot start; ``mattered`` which share of the spread of the results goes with each setting. */
export interface Sweeps {
  missing: string;
  can: Choice[];
  varied: Varied[];
  fields: Field[];
  lines: string[];
  measured: boolean;
  problem: string;
  code: string;
  known: string[];
  shown: string;
  going: boolean;
  ready: boolean;
  said: string;
  settings: string[];
  result: string;
  runs: SweptRun[];
  mattered: ([string, number])[];
}

export const isSweeps: Check<Sweeps> = record<Sweeps>({
  missing: isString,
  can: listOf(isChoice),
  varied: listOf(isVaried),
  fields: listOf(isField),
  lines: listOf(isString),
  measured: isBoolean,
  problem: isString,
  code: isString,
  known: listOf(isString),
  shown: isString,
  going: isBoolean,
  ready: isBoolean,
  said: isString,
  settings: listOf(isString),
  result: isString,
  runs: listOf(isSweptRun),
  mattered: listOf(tupleOf(isString, isNumber)),
});

/** A curve: ``x`` counts epochs; its points are the arrays ``x<i>`` and ``y<i>``. */
export interface Series {
  run: string;
  number: number;
  metric: string;
  of: "batches" | "epochs" | "validation";
}

export const isSeries: Check<Series> = record<Series>({
  run: isString,
  number: isNumber,
  metric: isString,
  of: oneOf("batches", "epochs", "validation"),
});

/** Which curves there are, in the order of their arrays. */
export interface Curves {
  series: Series[];
}

export const isCurves: Check<Curves> = record<Curves>({
  series: listOf(isSeries),
});

/** What is drawn of the data: targets of the samples. */
export interface Shown {
  labels: string[];
}

export const isShown: Check<Shown> = record<Shown>({
  labels: listOf(isString),
});

/** What a batch did to an array: the norm of its gradient, and how far it moved, of its size. Of a training that diverges neither is a number. */
export interface Moved {
  name: string;
  gradient: number | null;
  update: number | null;
}

export const isMoved: Check<Moved> = record<Moved>({
  name: isString,
  gradient: either(isNumber, isNull),
  update: either(isNumber, isNull),
});

/** How the neurons of a probe fire: the mean rate (Hz), shares that never and always do. ``counts`` say how many have which rate, from 0 to ``top``. */
export interface Layer {
  name: string;
  neurons: number;
  mean: number;
  dead: number;
  saturated: number | null;
  counts: number[];
  top: number;
}

export const isLayer: Check<Layer> = record<Layer>({
  name: isString,
  neurons: isNumber,
  mean: isNumber,
  dead: isNumber,
  saturated: either(isNumber, isNull),
  counts: listOf(isNumber),
  top: isNumber,
});

/** What was seen while it trains. ``epoch`` is after which the answers are; ``samples`` say which class each drawn item is of, and which was answered; the confusion is of ``items``. ``points`` are epochs, spikes an item and the share of right answers. */
export interface Seen {
  epoch: number;
  items: number;
  right: number;
  samples: ([number, number])[];
  moved: Moved[];
  problem: string;
  layers: Layer[];
  points: ([number, number, number])[];
}

export const isSeen: Check<Seen> = record<Seen>({
  epoch: isNumber,
  items: isNumber,
  right: isNumber,
  samples: listOf(tupleOf(isNumber, isNumber)),
  moved: listOf(isMoved),
  problem: isString,
  layers: listOf(isLayer),
  points: listOf(tupleOf(isNumber, isNumber, isNumber)),
});
