/** Made from nengolab_widgets/panels/parameters.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isBoolean, isNull, isNumber, isString, listOf, oneOf, optional, record, type Check } from "../../decode";

/** What is shown of which array. */
export interface Payload {
  array: string;
  when: "now" | "as built" | "difference";
  order: "as they are" | "by size" | "by likeness";
  beside: "histogram" | "entries over time" | "norm over time" | "singular values" | "nothing";
  fields: string;
  editable: boolean;
}

export const isPayload: Check<Payload> = record<Payload>({
  array: isString,
  when: oneOf("now", "as built", "difference"),
  order: oneOf("as they are", "by size", "by likeness"),
  beside: oneOf("histogram", "entries over time", "norm over time", "singular values", "nothing"),
  fields: isString,
  editable: isBoolean,
});

/** What one array is, in words. ``rows`` and ``columns`` name the ensembles whose neurons they stand for, else they are empty. */
export interface Row {
  name: string;
  owner: string;
  role: string;
  shape: number[];
  why_shape: string;
  equation: string;
  unit: string;
  trainable: boolean;
  why: string;
  learned: boolean;
  value: number | null;
  rows: string;
  columns: string;
}

export const isRow: Check<Row> = record<Row>({
  name: isString,
  owner: isString,
  role: isString,
  shape: listOf(isNumber),
  why_shape: isString,
  equation: isString,
  unit: isString,
  trainable: isBoolean,
  why: isString,
  learned: isBoolean,
  value: either(isNumber, isNull),
  rows: isString,
  columns: isString,
});

/** All arrays there are. */
export interface TableMessage {
  type: "table";
  table: Row[];
}

export const isTableMessage: Check<TableMessage> = record<TableMessage>({
  type: oneOf("table"),
  table: listOf(isRow),
});

/** Where one array lies in the buffer of a frame. */
export interface ArrayEntry {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
}

export const isArrayEntry: Check<ArrayEntry> = record<ArrayEntry>({
  name: isString,
  dtype: isString,
  shape: listOf(isNumber),
  offset: isNumber,
});

/** Arrays of what is shown, in the buffer: a part of the matrix, or what was counted. */
export interface PartMessage {
  type: "part";
  arrays: ArrayEntry[];
  problem?: string;
}

export const isPartMessage: Check<PartMessage> = record<PartMessage>({
  type: oneOf("part"),
  arrays: listOf(isArrayEntry),
  problem: optional(isString),
});
