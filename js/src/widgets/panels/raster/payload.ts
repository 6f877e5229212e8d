/** Made from nengolab_widgets/panels/raster.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, record, type Check } from "../../decode";

/** What the page draws: rows from the first neuron to one past the last. */
export interface Payload {
  first: number;
  end: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  first: isNumber,
  end: isNumber,
});
