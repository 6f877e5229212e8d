/** A line glyph for data that changes sixty times a second. */

import { Line, LineView } from "./bokeh";

/** Bokeh sorts all points into a tree for hit tests, which nothing here asks for. */
class UnindexedLineView extends LineView {
  static __name__ = "UnindexedLineView";

  protected override get _index_size(): number {
    return 0;
  }
}

export class UnindexedLine extends Line {
  static override __name__ = "UnindexedLine";

  static {
    this.prototype.default_view = UnindexedLineView;
  }
}
