/** Made from nengolab_widgets/panels/diff.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isBoolean, isNumber, isString, listOf, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the two are called. */
export interface Payload {
  a: string;
  b: string;
}

export const isPayload: Check<Payload> = record<Payload>({
  a: isString,
  b: isString,
});

/** What there is to say of the object ``name`` of one of the two. ``of`` and ``at`` are where the network view has it, "" and -1 where it has not. */
export interface Explained {
  type: "explained";
  side: "a" | "b";
  name: string;
  text: string;
  is_error: boolean;
  of: "object" | "connection" | "";
  at: number;
}

export const isExplained: Check<Explained> = record<Explained>({
  type: oneOf("explained"),
  side: oneOf("a", "b"),
  name: isString,
  text: isString,
  is_error: isBoolean,
  of: oneOf("object", "connection", ""),
  at: isNumber,
});

/** What one of the two has: in words, and heights (0 to 1) of bars of its values. */
export interface Cell {
  text: string;
  bars: number[];
}

export const isCell: Check<Cell> = record<Cell>({
  text: isString,
  bars: listOf(isNumber),
});

/** One difference; ``low`` and ``high`` are where the bars of both begin and end. */
export interface Line {
  what: string;
  meaning: string;
  a: Cell;
  b: Cell;
  low: string;
  high: string;
}

export const isLine: Check<Line> = record<Line>({
  what: isString,
  meaning: isString,
  a: isCell,
  b: isCell,
  low: isString,
  high: isString,
});

/** An object that differs: its name in each, "" where it is in one of them only. */
export interface Part {
  a: string;
  b: string;
  lines: Line[];
}

export const isPart: Check<Part> = record<Part>({
  a: isString,
  b: isString,
  lines: listOf(isLine),
});

/** All that differs, and the names of what is alike. */
export interface Told {
  parts: Part[];
  same: ([string, string])[];
}

export const isTold: Check<Told> = record<Told>({
  parts: listOf(isPart),
  same: listOf(tupleOf(isString, isString)),
});
