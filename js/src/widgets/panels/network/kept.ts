/** What is selected, by name: in a network that is drawn anew it has other numbers. */

import type { Graph } from "./graph";
import type { Selected } from "./viewhost";

export interface Kept {
  objects: string[];
  /** The ends of a connection, and which of those between them it is. */
  connection: [string, string, number] | null;
  /** The name of a probe. */
  probe: string | null;
}

export const NOTHING: Kept = { objects: [], connection: null, probe: null };

export function keptOf(graph: Graph, selected: Selected | null, several: Iterable<number>): Kept {
  if (selected?.of === "connection") {
    const { pre, post } = graph.connections;
    const { at } = selected;
    const before = pre.slice(0, at).filter((from, i) => from === pre[at] && post[i] === post[at]);
    const ends: [string, string, number] = [
      graph.name(pre[at]),
      graph.name(post[at]),
      before.length,
    ];
    return { ...NOTHING, connection: ends };
  }
  if (selected?.of === "probe") return { ...NOTHING, probe: graph.probes[selected.at] ?? null };
  const one = selected === null ? [] : [selected.at];
  return { ...NOTHING, objects: [...one, ...several].map((at) => graph.name(at)) };
}

/** The objects of a network that are called so. */
export function objectsIn(graph: Graph, { objects }: Kept): number[] {
  return objects.flatMap((name) => graph.find(name) ?? []);
}

/** The connection of a network that was selected in the one before. */
export function connectionIn(graph: Graph, { connection }: Kept): number | null {
  if (connection === null) return null;
  const [from, to] = [graph.find(connection[0]), graph.find(connection[1])];
  if (from === undefined || to === undefined) return null;
  const { pre, post } = graph.connections;
  const between = [...pre.keys()].filter((at) => pre[at] === from && post[at] === to);
  return between[connection[2]] ?? null;
}

/** The one thing of a network that was selected in the one before. */
export function selectedIn(graph: Graph, kept: Kept): Selected | null {
  const connection = connectionIn(graph, kept);
  if (connection !== null) return { of: "connection", at: connection };
  if (kept.probe !== null) {
    const at = graph.probes.indexOf(kept.probe);
    return at < 0 ? null : { of: "probe", at };
  }
  const [at] = objectsIn(graph, kept);
  return at === undefined ? null : { of: "object", at };
}
