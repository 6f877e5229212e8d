/** "+ add a plot": a menu of objects and of what can be seen of each. */

import { make } from "./dom";
import type { Offer, PageMessage } from "./messages";

export class Picker {
  readonly element: HTMLElement;
  private readonly select = make("select", "nl-picker", {
    "aria-label": "add a plot",
    title: "add a plot; the run goes on meanwhile",
  });
  private readonly hint = make("p", "nl-empty");
  private offers: Offer[] = [];

  constructor(send: (message: PageMessage) => void) {
    this.element = make("div", "nl-add", {}, this.hint, this.select);
    this.select.addEventListener("change", () => {
      const [object, kind] = this.select.value.split(" ");
      this.select.selectedIndex = 0;
      send({ type: "add_panel", object, kind });
    });
  }

  /** Show what can be added; `empty` says that there is no plot yet. */
  update(offers: Offer[], empty: boolean): void {
    this.hint.textContent = empty ? "No plot yet: choose below what to look at." : "";
    if (JSON.stringify(offers) === JSON.stringify(this.offers)) return;
    this.offers = offers;
    const first = make("option", "", { value: "", disabled: "", selected: "" }, "+ add a plot");
    const groups = offers.map((offer) =>
      make(
        "optgroup",
        "",
        { label: offer.label },
        ...offer.kinds.map(({ name, label }) =>
          make("option", "", { value: `${offer.object} ${name}` }, `${offer.label}: ${label}`),
        ),
      ),
    );
    this.select.replaceChildren(first, ...groups);
  }
}
