/** Made from nengolab_widgets/panels/pipeline.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, isString, listOf, record, type Check } from "../../decode";

/** Which neuron, and for how many steps. */
export interface Payload {
  ensemble: string;
  neuron: number;
  n_steps: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  ensemble: isString,
  neuron: isNumber,
  n_steps: isNumber,
});

/** Part of an equation: ``text``; or, ``of`` from 0, a number of that row some steps before. */
export interface Part {
  text: string;
  of: number;
  element: number;
  before: number;
}

export const isPart: Check<Part> = record<Part>({
  text: isString,
  of: isNumber,
  element: isNumber,
  before: isNumber,
});

/** A quantity; its values are the array ``q`` and its number, ``(steps, size)``. */
export interface Row {
  name: string;
  symbol: string;
  unit: string;
  size: number;
  equation: string;
  filled: string;
  parts: Part[];
}

export const isRow: Check<Row> = record<Row>({
  name: isString,
  symbol: isString,
  unit: isString,
  size: isNumber,
  equation: isString,
  filled: isString,
  parts: listOf(isPart),
});

/** The story: quantities, steps with a spike and why each of them was, or why there is none. */
export interface Told {
  neuron: string;
  rows: Row[];
  spikes: number[];
  whys: string[];
  silence: string;
}

export const isTold: Check<Told> = record<Told>({
  neuron: isString,
  rows: listOf(isRow),
  spikes: listOf(isNumber),
  whys: listOf(isString),
  silence: isString,
});
