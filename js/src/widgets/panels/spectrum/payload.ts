/** Made from nengolab_widgets/panels/spectrum.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isBoolean, isNull, isNumber, isString, listOf, record, type Check } from "../../decode";

/** What the page computes: spectra of the last ``span`` seconds, up to ``highest`` Hz. */
export interface Payload {
  names: string[];
  span: number;
  highest: number | null;
  logarithmic: boolean;
}

export const isPayload: Check<Payload> = record<Payload>({
  names: listOf(isString),
  span: isNumber,
  highest: either(isNumber, isNull),
  logarithmic: isBoolean,
});
