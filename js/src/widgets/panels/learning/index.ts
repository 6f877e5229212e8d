/** Signals of learning rules: lines, or rows of an image. */

import type { PanelContext, PanelKind } from "../../panel";
import { LinesPanel, read, type LinesStyle } from "../value";

/** Errors lie on both sides of 0; what neurons do is an amount. */
const ERROR: LinesStyle = { zero: false, colors: "signed", unit: "" };
const ACTIVITY: LinesStyle = { zero: false, colors: "amounts", unit: "Hz" };

class LearningPanel extends LinesPanel {
  constructor() {
    super(ERROR);
  }

  override mount(body: HTMLElement, context: PanelContext): void {
    const { axis, image } = read(context.layout);
    if (image && axis === "neuron") this.style = ACTIVITY;
    super.mount(body, context);
  }
}

export default { name: "learning", make: () => new LearningPanel() } satisfies PanelKind;
