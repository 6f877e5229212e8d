/** Made from nengolab_widgets/panels/rates.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isBoolean, isNull, isNumber, isString, listOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws: lines from zero over the range that is likely, or rows of an image. */
export interface Payload {
  axis: string;
  lines: string[];
  likely: [number, number];
  range: [number, number] | null;
  image: boolean;
  per_row: number;
  rows: string | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  axis: isString,
  lines: listOf(isString),
  likely: tupleOf(isNumber, isNumber),
  range: either(tupleOf(isNumber, isNumber), isNull),
  image: isBoolean,
  per_row: isNumber,
  rows: either(isString, isNull),
});
