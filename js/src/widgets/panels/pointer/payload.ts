/** Made from nengolab_widgets/panels/pointer.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, listOf, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws: a line for each of ``lines``, and words, which are ``names``. ``of`` says which of the names a line is. */
export interface Payload {
  axis: string;
  lines: string[];
  of: number[];
  names: string[];
  show: "both" | "lines" | "words";
  least: number;
  range: [number, number] | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  axis: isString,
  lines: listOf(isString),
  of: listOf(isNumber),
  names: listOf(isString),
  show: oneOf("both", "lines", "words"),
  least: isNumber,
  range: either(tupleOf(isNumber, isNumber), isNull),
});
