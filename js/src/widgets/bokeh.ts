/**
 * The parts of BokehJS that are used here.
 *
 * They come from its published browser bundle: it leaves MathJax out, and its single modules
 * (`build/js/lib`) do not survive another bundler, because their empty class fields undo
 * what the constructors of their base classes have set. The types are those of the modules.
 */

import Bokeh from "@bokeh/bokehjs/build/js/bokeh.esm.min.js";

type DocumentModule = typeof import("@bokeh/bokehjs/build/js/lib/document");
type ViewManagerModule = typeof import("@bokeh/bokehjs/build/js/lib/core/view_manager");
type AxisModule = typeof import("@bokeh/bokehjs/build/js/lib/models/axes/linear_axis");
type LineModule = typeof import("@bokeh/bokehjs/build/js/lib/models/glyphs/line");
type GridModule = typeof import("@bokeh/bokehjs/build/js/lib/models/grids/grid");
type PlotModule = typeof import("@bokeh/bokehjs/build/js/lib/models/plots/plot");
type CanvasModule = typeof import("@bokeh/bokehjs/build/js/lib/models/plots/plot_canvas");
type RangeModule = typeof import("@bokeh/bokehjs/build/js/lib/models/ranges/range1d");
type SourceModule =
  typeof import("@bokeh/bokehjs/build/js/lib/models/sources/column_data_source");
type VisualModule = typeof import("@bokeh/bokehjs/build/js/lib/core/visuals/visual");
type TickerModule = typeof import("@bokeh/bokehjs/build/js/lib/models/tickers/basic_ticker");

export const { Document } = Bokeh.require("document") as DocumentModule;
export const { ViewManager } = Bokeh.require("core/view_manager") as ViewManagerModule;
export const { LinearAxis } = Bokeh.require("models/axes/linear_axis") as AxisModule;
export const { Line, LineView } = Bokeh.require("models/glyphs/line") as LineModule;
export const { Grid } = Bokeh.require("models/grids/grid") as GridModule;
export const { Plot } = Bokeh.require("models/plots/plot") as PlotModule;
export const { PlotView } = Bokeh.require("models/plots/plot_canvas") as CanvasModule;
export const { Range1d } = Bokeh.require("models/ranges/range1d") as RangeModule;
export const { ColumnDataSource } = Bokeh.require(
  "models/sources/column_data_source",
) as SourceModule;
export const { BasicTicker } = Bokeh.require("models/tickers/basic_ticker") as TickerModule;

// In each frame BokehJS asks for each visual property of each axis whether a CSS variable
// overrides it, and how large the font of the page is; the first question of a frame makes the
// browser compute the styles of the whole page, a fifth of all time. Here colours and sizes in
// pixels are set on the models, and this copy of BokehJS draws nothing else.
const { VisualProperties } = Bokeh.require("core/visuals/visual") as VisualModule;
Object.defineProperty(VisualProperties.prototype, "_get_css_value", { value: () => "" });
Object.defineProperty(PlotView.prototype, "base_font_size", { get: () => 14 });

export type LinearAxis = InstanceType<typeof LinearAxis>;
export type Line = InstanceType<typeof Line>;
export type Grid = InstanceType<typeof Grid>;
export type Plot = InstanceType<typeof Plot>;
export type Range1d = InstanceType<typeof Range1d>;
export type ColumnDataSource = InstanceType<typeof ColumnDataSource>;
