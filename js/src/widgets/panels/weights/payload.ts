/** Made from nengolab_widgets/panels/weights.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { either, isNull, isNumber, isString, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the page draws: so many cells, what rows and columns are, and what a cell stands for. */
export interface Payload {
  rows: number;
  columns: number;
  row_axis: string;
  column_axis: string;
  cell: string;
  of: string;
  show: "both" | "matrix" | "change";
  range: [number, number] | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  rows: isNumber,
  columns: isNumber,
  row_axis: isString,
  column_axis: isString,
  cell: isString,
  of: isString,
  show: oneOf("both", "matrix", "change"),
  range: either(tupleOf(isNumber, isNumber), isNull),
});
