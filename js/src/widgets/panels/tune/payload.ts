/** Made from nengolab_widgets/panels/tune.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, listOf, oneOf, record, type Check } from "../../decode";

/** Which setting is picked, -1 for none, and the code that uses it. */
export interface Payload {
  chosen: number;
  code: string[];
}

export const isPayload: Check<Payload> = record<Payload>({
  chosen: isNumber,
  code: listOf(isString),
});

/** A setting: ``rate`` (Hz), times (s), accuracy as a share, spikes for each item. ``ms`` and ``by_step`` are its curve; ``first`` is None where no item was ever right. */
export interface TriedLine {
  rate: number;
  synapse: number;
  accuracy: number;
  latency: number;
  first: number | null;
  spikes: number;
  ms: number[];
  by_step: number[];
}

export const isTriedLine: Check<TriedLine> = record<TriedLine>({
  rate: isNumber,
  synapse: isNumber,
  accuracy: isNumber,
  latency: isNumber,
  first: either(isNumber, isNull),
  spikes: isNumber,
  ms: listOf(isNumber),
  by_step: listOf(isNumber),
});

/** All that was tried; ``best`` is the place of the one that `Tuned.best` gives. ``why`` says what it is the best by. */
export interface TunedMessage {
  type: "tuned";
  keras: number;
  best: number;
  why: string;
  tried: TriedLine[];
  problem: string;
}

export const isTunedMessage: Check<TunedMessage> = record<TunedMessage>({
  type: oneOf("tuned"),
  keras: isNumber,
  best: isNumber,
  why: isString,
  tried: listOf(isTriedLine),
  problem: isString,
});
