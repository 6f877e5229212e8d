/** Made from nengolab_widgets/panels/tuning.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, isString, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws, and what its axes are called. */
export interface Payload {
  ensemble: string;
  neurons: number;
  most: number;
  kind: string;
  radius: number;
  show: "tuning curves" | "response curves" | "plane" | "sphere" | "behind a layer";
  axis: string;
  second: string;
  third: string;
  beside: "encoders" | "rates and intercepts" | "evaluation points" | "decoders" | "nothing";
  beside_axes: [string, string];
  each: "neuron" | "point";
  disk: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  ensemble: isString,
  neurons: isNumber,
  most: isNumber,
  kind: isString,
  radius: isNumber,
  show: oneOf("tuning curves", "response curves", "plane", "sphere", "behind a layer"),
  axis: isString,
  second: isString,
  third: isString,
  beside: oneOf("encoders", "rates and intercepts", "evaluation points", "decoders", "nothing"),
  beside_axes: tupleOf(isString, isString),
  each: oneOf("neuron", "point"),
  disk: isNumber,
});
