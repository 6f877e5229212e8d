/** What the colours of activity mean. */

import { make } from "../../dom";
import type { Activity } from "./activity";

export class Legend {
  readonly element = make("div", "nl-network-legend", { hidden: "" });

  /** What of the view it covers. */
  get over(): { left: number; top: number; width: number; height: number }[] {
    const { hidden, offsetLeft: left, offsetTop: top } = this.element;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    return hidden ? [] : [{ left, top, width, height }];
  }

  /** Show the scales; true where it is another text now. */
  show({ scales, isEmpty }: Activity): boolean {
    const { element } = this;
    element.hidden = isEmpty;
    const text = scales.join(" · ");
    if (element.dataset.text === text) return false;
    element.dataset.text = text;
    element.replaceChildren(
      make("i", "nl-network-ramp", { "aria-hidden": "true" }),
      make("span", "", {}, text),
    );
    return true;
  }
}
