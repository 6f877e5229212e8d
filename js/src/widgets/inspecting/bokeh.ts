/** BokehJS as the panels see it: its types here, itself loaded when it is first needed. */

import type * as Models from "./models";

export type Bokeh = typeof Models;
export type Source = Models.ColumnDataSource;
export type Glyph = Parameters<Models.Plot["add_glyph"]>[0];
export type Columns = Record<
  string,
  NonNullable<ReturnType<Models.ColumnDataSource["get_column"]>>
>;

/** What the part is called; `BOKEH_DIGEST` is of the one with which this bundle was built. */
export const PART = "bokeh";

declare const BOKEH_DIGEST: string;

export const digest = (): string => BOKEH_DIGEST;
