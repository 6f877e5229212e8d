/** Made from nengolab_widgets/panels/change.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, isString, listOf, oneOf, optional, record, type Check } from "../../decode";

/** One thing that can be changed; ``built`` is its value as built. */
export interface Knob {
  role: string;
  label: string;
  kind: "number" | "flag" | "share";
  unit: string;
  built: number;
  hint?: string;
}

export const isKnob: Check<Knob> = record<Knob>({
  role: isString,
  label: isString,
  kind: oneOf("number", "flag", "share"),
  unit: isString,
  built: isNumber,
  hint: optional(isString),
});

/** What can be changed. */
export interface Payload {
  knobs: Knob[];
}

export const isPayload: Check<Payload> = record<Payload>({
  knobs: listOf(isKnob),
});
