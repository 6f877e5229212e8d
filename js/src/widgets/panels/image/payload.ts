/** Made from nengolab_widgets/panels/image.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws: so many pixels, and channels that are colours or stand side by side. */
export interface Payload {
  height: number;
  width: number;
  channels: number;
  colours: "grey" | "amounts" | "signed";
  range: [number, number] | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  height: isNumber,
  width: isNumber,
  channels: isNumber,
  colours: oneOf("grey", "amounts", "signed"),
  range: either(tupleOf(isNumber, isNumber), isNull),
});
