/** Made from nengolab_widgets/panels/intervals.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, listOf, record, type Check } from "../../decode";

/** What the page counts: intervals of these neurons in the last ``span`` seconds. */
export interface Payload {
  neurons: number[];
  span: number;
  longest: number;
  bins: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  neurons: listOf(isNumber),
  span: isNumber,
  longest: isNumber,
  bins: isNumber,
});
