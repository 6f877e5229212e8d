/** Made from nengolab_widgets/panels/spikegrid.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, record, type Check } from "../../decode";

/** What the page draws: so many cells, and how long (s) one takes to fade. */
export interface Payload {
  neurons: number;
  fade: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  neurons: isNumber,
  fade: isNumber,
});
