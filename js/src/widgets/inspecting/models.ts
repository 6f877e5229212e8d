/**
 * What of BokehJS is used: a part of the front end of its own, which a page asks for when it first
 * needs it (`parts.ts`). Nothing else may import it but for its types.
 */

import { InlineStyleSheet } from "@bokeh/bokehjs/build/js/lib/core/dom";
import { VisualProperties } from "@bokeh/bokehjs/build/js/lib/core/visuals/visual";
import { GlyphRendererView } from "@bokeh/bokehjs/build/js/lib/models/renderers/glyph_renderer";
import { PlotView } from "@bokeh/bokehjs/build/js/lib/models/plots/plot_canvas";

// Each colour, width and font that is drawn with it first looks for in a CSS variable of the page,
// which has the page's style worked out anew in every picture. Figures set them all.
Object.assign(VisualProperties.prototype, { _get_css_value: () => "" });
// So does each axis, for the size that sizes in "em" are relative to; those of figures are in "px".
Object.defineProperty(PlotView.prototype, "base_font_size", { get: () => 13 });
// With each picture all parts of a figure, twenty of them, write where they are into style sheets of
// their own; nearly always it is what stands there, but the page's style is worked out anew.
Object.assign(InlineStyleSheet.prototype, {
  _update(this: InlineStyleSheet, css: string): void {
    if (this.el.textContent !== css) this.el.textContent = css;
  },
});

// And each glyph moves an element that stands for it, and is empty, to where its data are.
Object.assign(GlyphRendererView.prototype, { update_position: () => undefined });

export { set_log_level } from "@bokeh/bokehjs/build/js/lib/core/logging";
export { ndarray } from "@bokeh/bokehjs/build/js/lib/core/util/ndarray";
export { show } from "@bokeh/bokehjs/build/js/lib/api/io";
export { Span } from "@bokeh/bokehjs/build/js/lib/models/annotations/span";
export { BoxAnnotation } from "@bokeh/bokehjs/build/js/lib/models/annotations/box_annotation";
export { ColorBar } from "@bokeh/bokehjs/build/js/lib/models/annotations/color_bar";
export { LinearAxis } from "@bokeh/bokehjs/build/js/lib/models/axes/linear_axis";
export { LogAxis } from "@bokeh/bokehjs/build/js/lib/models/axes/log_axis";
export { Circle } from "@bokeh/bokehjs/build/js/lib/models/glyphs/circle";
export { Image } from "@bokeh/bokehjs/build/js/lib/models/glyphs/image";
export { ImageRGBA } from "@bokeh/bokehjs/build/js/lib/models/glyphs/image_rgba";
export { Line } from "@bokeh/bokehjs/build/js/lib/models/glyphs/line";
export { MultiLine } from "@bokeh/bokehjs/build/js/lib/models/glyphs/multi_line";
export { Quad } from "@bokeh/bokehjs/build/js/lib/models/glyphs/quad";
export { Scatter } from "@bokeh/bokehjs/build/js/lib/models/glyphs/scatter";
export { Segment } from "@bokeh/bokehjs/build/js/lib/models/glyphs/segment";
export { Step } from "@bokeh/bokehjs/build/js/lib/models/glyphs/step";
export { Text } from "@bokeh/bokehjs/build/js/lib/models/glyphs/text";
export { VArea } from "@bokeh/bokehjs/build/js/lib/models/glyphs/varea";
export { Grid } from "@bokeh/bokehjs/build/js/lib/models/grids/grid";
export { LinearColorMapper } from "@bokeh/bokehjs/build/js/lib/models/mappers/linear_color_mapper";
export { FixedTicker } from "@bokeh/bokehjs/build/js/lib/models/tickers/fixed_ticker";
export { Plot } from "@bokeh/bokehjs/build/js/lib/models/plots/plot";
export { Range1d } from "@bokeh/bokehjs/build/js/lib/models/ranges/range1d";
export { LinearScale } from "@bokeh/bokehjs/build/js/lib/models/scales/linear_scale";
export { LogScale } from "@bokeh/bokehjs/build/js/lib/models/scales/log_scale";
export { ColumnDataSource } from "@bokeh/bokehjs/build/js/lib/models/sources/column_data_source";
export { BoxSelectTool } from "@bokeh/bokehjs/build/js/lib/models/tools/gestures/box_select_tool";
export { PanTool } from "@bokeh/bokehjs/build/js/lib/models/tools/gestures/pan_tool";
export { WheelZoomTool } from "@bokeh/bokehjs/build/js/lib/models/tools/gestures/wheel_zoom_tool";
