/** What a thing is, beside the pointer. */

import { make } from "../../dom";
import type { Graph } from "./graph";
import type { Box } from "./scene";

/** So high it is at most, and does not leave the view. */
const HEIGHT = 60;

export class Tip {
  readonly element = make("div", "nl-network-tip", { hidden: "" });

  hide(): void {
    this.element.hidden = true;
  }

  /** Tell of a box; `active` is how active it is, and `at` where the pointer is in the view. */
  show(
    graph: Graph,
    box: Box,
    active: string,
    at: { x: number; y: number },
    view: { width: number; height: number },
  ): void {
    const note = [graph.objects.note[box.at], active].filter((text) => text !== "").join(", ");
    this.element.replaceChildren(
      make("strong", "", {}, graph.name(box.at)),
      make("span", "", {}, note),
      ...(graph.holds(box.at)
        ? [make("em", "", {}, `double click ${box.open ? "closes" : "opens"} it`)]
        : []),
    );
    const { style } = this.element;
    const right = at.x > view.width / 2;
    style.left = right ? "auto" : `${at.x + 14}px`;
    style.right = right ? `${view.width - at.x + 14}px` : "auto";
    style.top = `${Math.min(at.y + 12, view.height - HEIGHT)}px`;
    this.element.hidden = false;
  }
}
