/** Made from nengolab_widgets/panels/text.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, isString, listOf, record, type Check } from "../../decode";

/** What the page writes: a number for each name, with so many decimals. */
export interface Payload {
  names: string[];
  decimals: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  names: listOf(isString),
  decimals: isNumber,
});
