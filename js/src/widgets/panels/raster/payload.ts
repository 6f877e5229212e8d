/** Made from nengolab_widgets/panels/raster.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isBoolean, isNumber, isString, oneOf, record, type Check } from "../../decode";

/** What the page draws, of an ensemble: rows from the first neuron to one past the last. Where they are ``sorted``, which neuron is in which row is told when the page asks. */
export interface Payload {
  ensemble: string;
  first: number;
  end: number;
  sorted: boolean;
}

export const isPayload: Check<Payload> = record<Payload>({
  ensemble: isString,
  first: isNumber,
  end: isNumber,
  sorted: isBoolean,
});

/** The neurons from the lowest row up, in a buffer of 32-bit numbers; ``problem`` if none. */
export interface RowsMessage {
  type: "rows";
  problem: string;
}

export const isRowsMessage: Check<RowsMessage> = record<RowsMessage>({
  type: oneOf("rows"),
  problem: isString,
});
