/** Made from nengolab_widgets/panels/value.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, listOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws: one line for each name, from the range that is likely. */
export interface Payload {
  axis: string;
  lines: string[];
  likely: [number, number];
  range: [number, number] | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  axis: isString,
  lines: listOf(isString),
  likely: tupleOf(isNumber, isNumber),
  range: either(tupleOf(isNumber, isNumber), isNull),
});
