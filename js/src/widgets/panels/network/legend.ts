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

  /** Show the scales, and why some things have no colour; true where it is another text now. */
  show({ scales, isEmpty }: Activity, why: string): boolean {
    const { element } = this;
    element.hidden = isEmpty && why === "";
    const text = isEmpty ? "" : scales.join(" · ");
    const whole = `${text}\n${why}`;
    if (element.dataset.text === whole) return false;
    element.dataset.text = whole;
    const parts: HTMLElement[] = [];
    if (text !== "")
      parts.push(
        make("i", "nl-network-ramp", { "aria-hidden": "true" }),
        make("span", "", {}, text),
      );
    if (why !== "") parts.push(make("span", "nl-network-white", {}, why));
    element.replaceChildren(...parts);
    return true;
  }
}
