/** Made from nengolab_widgets/panels/drive.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isBoolean, isNumber, isString, listOf, oneOf, record, type Check } from "../../decode";

/** A curve that was drawn: how long it is, and its values by dimension. */
export interface Curve {
  seconds: number;
  loop: boolean;
  values: number[][];
}

export const isCurve: Check<Curve> = record<Curve>({
  seconds: isNumber,
  loop: isBoolean,
  values: listOf(listOf(isNumber)),
});

/** How the Node can be driven; ``form`` is what is shown, ``keys`` are its vocabulary's. */
export interface Payload {
  label: string;
  forms: string[];
  form: string;
  own: "constant" | "function";
  size: number;
  rest: number[];
  min: number;
  max: number;
  step: number;
  curve: Curve;
  keys: string[];
}

export const isPayload: Check<Payload> = record<Payload>({
  label: isString,
  forms: listOf(isString),
  form: isString,
  own: oneOf("constant", "function"),
  size: isNumber,
  rest: listOf(isNumber),
  min: isNumber,
  max: isNumber,
  step: isNumber,
  curve: isCurve,
  keys: listOf(isString),
});

/** What a person made drives the Node now. */
export interface Driven {
  type: "driven";
  form: string;
}

export const isDriven: Check<Driven> = record<Driven>({
  type: oneOf("driven"),
  form: isString,
});

/** Why what a person made cannot drive the Node. */
export interface Refused {
  type: "refused";
  form: string;
  text: string;
}

export const isRefused: Check<Refused> = record<Refused>({
  type: oneOf("refused"),
  form: isString,
  text: isString,
});
