/** Made from nengolab_widgets/panels/histogram.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, listOf, record, tupleOf, type Check } from "../../decode";

/** What the page counts: samples of the last ``span`` seconds, in so many bins. */
export interface Payload {
  names: string[];
  likely: [number, number];
  range: [number, number] | null;
  bins: number;
  span: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  names: listOf(isString),
  likely: tupleOf(isNumber, isNumber),
  range: either(tupleOf(isNumber, isNumber), isNull),
  bins: isNumber,
  span: isNumber,
});
