/** Made from nengolab_widgets/panels/export.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isBoolean, isNull, isString, listOf, oneOf, record, type Check } from "../../decode";

/** A choice of a field. */
export interface Option {
  value: string;
  label: string;
}

export const isOption: Check<Option> = record<Option>({
  value: isString,
  label: isString,
});

/** A field of the form; of a flag the value is "yes" or "". ``off`` says why it counts for nothing now, ``error`` what is wrong with it. */
export interface Field {
  name: string;
  label: string;
  kind: "choice" | "flag" | "text";
  value: string;
  options: Option[];
  hint: string;
  off: string;
  error: string;
}

export const isField: Check<Field> = record<Field>({
  name: isString,
  label: isString,
  kind: oneOf("choice", "flag", "text"),
  value: isString,
  options: listOf(isOption),
  hint: isString,
  off: isString,
  error: isString,
});

/** The form as it is filled in, and the code that does the same. */
export interface Payload {
  fields: Field[];
  code: string;
}

export const isPayload: Check<Payload> = record<Payload>({
  fields: listOf(isField),
  code: isString,
});

/** One output: how many values, or spikes, were compared, and what came of it. */
export interface CheckedOutput {
  output: string;
  compared: string;
  found: string;
  same: boolean;
}

export const isCheckedOutput: Check<CheckedOutput> = record<CheckedOutput>({
  output: isString,
  compared: isString,
  found: isString,
  same: isBoolean,
});

/** What was written, and whether what it computes is what the simulator does. Where it is ``silent`` nothing spiked in the check: that it was equal shows nothing. */
export interface Outcome {
  same: boolean;
  silent: boolean;
  words: string;
  folder: string;
  files: string[];
  checks: CheckedOutput[];
  notes: string[];
}

export const isOutcome: Check<Outcome> = record<Outcome>({
  same: isBoolean,
  silent: isBoolean,
  words: isString,
  folder: isString,
  files: listOf(isString),
  checks: listOf(isCheckedOutput),
  notes: listOf(isString),
});

/** How the writing stands: ``words`` where it was refused or goes on. */
export interface Exported {
  type: "exported";
  state: "nothing" | "working" | "done" | "refused";
  words: string;
  outcome: Outcome | null;
}

export const isExported: Check<Exported> = record<Exported>({
  type: oneOf("exported"),
  state: oneOf("nothing", "working", "done", "refused"),
  words: isString,
  outcome: either(isOutcome, isNull),
});
