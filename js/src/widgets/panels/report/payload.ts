/** Made from nengolab_widgets/panels/report.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, listOf, oneOf, record, type Check } from "../../decode";

/** The name of the Keras model. */
export interface Payload {
  model: string;
}

export const isPayload: Check<Payload> = record<Payload>({
  model: isString,
});

/** A layer; ``object`` and ``at`` are its object's name and place in the network view. They are "" and -1 where it has none in this network; rates are None where it was not run. */
export interface Line {
  name: string;
  kind: string;
  became: string;
  why: string;
  instead: string;
  shape_in: string;
  shape_out: string;
  neurons: number;
  parameters: number;
  names: string[];
  rate: number | null;
  max_rate: number | null;
  object: string;
  at: number;
}

export const isLine: Check<Line> = record<Line>({
  name: isString,
  kind: isString,
  became: isString,
  why: isString,
  instead: isString,
  shape_in: isString,
  shape_out: isString,
  neurons: isNumber,
  parameters: isNumber,
  names: listOf(isString),
  rate: either(isNumber, isNull),
  max_rate: either(isNumber, isNull),
  object: isString,
  at: isNumber,
});

/** The report, or why there is none; ``note`` says what else there is to know. */
export interface Reported {
  type: "report";
  summary: string;
  lines: Line[];
  note: string;
  problem: string;
}

export const isReported: Check<Reported> = record<Reported>({
  type: oneOf("report"),
  summary: isString,
  lines: listOf(isLine),
  note: isString,
  problem: isString,
});
