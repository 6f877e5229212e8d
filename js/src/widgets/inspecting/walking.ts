/** Going through neurons by keys: from left to right, and from low to high. */

import type { Figure, Rows } from "./figure";

/** What is asked of a figure here. */
type Walkable = Pick<Figure, "element" | "point" | "tell">;

type Numbers = ArrayLike<number>;

/** What of a figure keys go through. */
export interface Walked {
  /** Where each lies among the others, along both axes; NaN for what is not drawn. */
  places: () => { x: Numbers; y: Numbers };
  /** Where one of them is marked. */
  spot: (at: number) => { x: number; y: number };
  rows: (at: number) => Rows | null;
  pick: (at: number, adds: boolean) => void;
  isPicked: (at: number) => boolean;
  /** What they are; neurons where nothing is said. */
  what?: string;
}

const ALONG: Record<string, ["x" | "y", 1 | -1]> = {
  ArrowLeft: ["x", -1],
  ArrowRight: ["x", 1],
  ArrowDown: ["y", -1],
  ArrowUp: ["y", 1],
};

/** Which one a key leads to from another, -1 being none; null for other keys. */
export function stepped(
  places: { x: Numbers; y: Numbers },
  at: number,
  key: string,
): number | null {
  const ends = { Home: 0, End: -1 }[key];
  const [axis, by] = ALONG[key] ?? ["x", 1];
  if (ends === undefined && !(key in ALONG)) return null;
  const values = places[axis];
  const drawn = Array.from(values, (_, i) => i).filter(
    (i) => Number.isFinite(places.x[i]) && Number.isFinite(places.y[i]),
  );
  // Sorting keeps those of one value in the order of their numbers.
  const order = drawn.sort((a, b) => values[a] - values[b]);
  if (ends !== undefined) return order.at(ends) ?? -1;
  const here = order.indexOf(at);
  if (here < 0) return order.at(by > 0 ? 0 : -1) ?? -1;
  return order[Math.min(order.length - 1, Math.max(0, here + by))];
}

/** Have keys go through what a figure shows; it says what it comes to. */
export function walk(figure: Walkable, walked: Walked): void {
  const { element } = figure;
  let at = -1;
  const show = (): void => {
    const rows = at < 0 ? null : walked.rows(at);
    figure.point(rows === null ? null : walked.spot(at), rows);
    const words = (rows ?? []).map(([name, text]) => `${name} ${text}`).join(", ");
    figure.tell(rows !== null && walked.isPicked(at) ? `${words}, picked` : words);
  };
  element.tabIndex = 0;
  element.setAttribute(
    "aria-description",
    `arrow keys go through ${walked.what ?? "neurons"}, Enter picks`,
  );
  element.addEventListener("keydown", (event) => {
    // Its buttons have keys of their own.
    if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const { places } = walked;
    const next =
      event.shiftKey && event.key.startsWith("Arrow") ? null : stepped(places(), at, event.key);
    if (next !== null) at = next;
    else if ((event.key === "Enter" || event.key === " ") && at >= 0)
      walked.pick(at, event.shiftKey);
    else if (event.key === "Escape" && at >= 0) at = -1;
    else return;
    event.preventDefault();
    event.stopPropagation();
    show();
  });
  element.addEventListener("blur", () => {
    at = -1;
    figure.point(null, null);
  });
}
