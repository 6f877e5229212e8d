/**
 * The front end of a saved Lab, small enough to be kept in the notebook itself.
 *
 * It comes to life in two places: as the model that stands in for the Lab in the notebook's widget
 * state, and, in a page that was made of the notebook, from the element that holds the picture.
 */

import "../lab.css";

import { make } from "../dom";
import { showKept } from "./view";

interface Model {
  get(name: string): unknown;
}

/** What a page made of a notebook holds: the picture, and beside it what is kept. */
const PLACE = "nengolab-kept";
const HERE = Symbol.for("nengolab.kept");

const page = globalThis as { [HERE]?: Set<string> };

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const controller = new AbortController();
  // In a page made of the notebook it stands in the place of its picture already.
  const twin = page[HERE]?.has(String(model.get("_lab"))) === true;
  if (!twin && !showKept(model.get("_kept"), el, controller.signal))
    el.append(make("p", "", {}, "Saved picture. Run the cell to make it live."));
  return () => controller.abort();
}

/** Bring to life what a page that was made of a notebook holds. */
function wake(): void {
  for (const place of document.querySelectorAll<HTMLElement>(`.${PLACE}`)) {
    // In JupyterLab the model that stands in does it.
    if (place.closest(".lm-Widget") !== null || place.dataset.awake !== undefined) continue;
    const text = place.querySelector("script")?.textContent;
    const body = make("div");
    place.dataset.awake = "";
    if (!showKept(text, body, new AbortController().signal)) continue;
    (page[HERE] ??= new Set()).add(place.dataset.lab ?? "");
    place.replaceChildren(body);
  }
}

wake();

export default { render };
