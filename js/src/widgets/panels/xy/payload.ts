/** Made from nengolab_widgets/panels/xy.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, record, tupleOf, type Check } from "../../decode";

/** What the page draws: names of the axes, their range, and how long the trail is (s). */
export interface Payload {
  x: string;
  y: string;
  likely: [number, number];
  range: [number, number] | null;
  trail: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  x: isString,
  y: isString,
  likely: tupleOf(isNumber, isNumber),
  range: either(tupleOf(isNumber, isNumber), isNull),
  trail: isNumber,
});
