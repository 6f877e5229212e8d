/** Made from nengolab_widgets/panels/raster.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, isString, record, type Check } from "../../decode";

/** What the page draws: rows from the first neuron to one past the last, of an ensemble. */
export interface Payload {
  ensemble: string;
  first: number;
  end: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  ensemble: isString,
  first: isNumber,
  end: isNumber,
});
