/** What of the network is marked because another panel speaks of it. */

import type { Picks } from "../../picking";
import { ROOT, type Graph } from "./graph";
import type { Visible } from "./visible";

/** What is marked in a view, and how many neurons are picked in what. */
export function marksOf(
  graph: Graph | null,
  visible: Visible | null,
  selection: string | null,
  picked: Picks,
): { marked: Set<number>; picked: Map<number, number> } {
  if (graph === null) return { marked: new Set(), picked: new Map() };
  return {
    marked: markedIn(graph, visible, selection),
    picked: pickedIn(graph, visible, picked),
  };
}

/** A plot that is pointed at marks its objects, or the closed networks that they are in. */
function markedIn(graph: Graph, visible: Visible | null, selection: string | null): Set<number> {
  const names = selection === null ? [] : [selection, ...selection.split(", ")];
  const found = names.flatMap((name) => graph.find(name) ?? []);
  return new Set(found.filter((at) => at !== ROOT).map((at) => visible?.standIn[at] ?? at));
}

/** Ensembles of which neurons are picked say how many; closed networks those of all inside. */
function pickedIn(graph: Graph, visible: Visible | null, picked: Picks): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [name, neurons] of Object.entries(picked)) {
    const at = graph.find(name);
    if (at === undefined) continue;
    const seen = visible?.standIn[at] ?? at;
    counts.set(seen, (counts.get(seen) ?? 0) + neurons.length);
  }
  return counts;
}
