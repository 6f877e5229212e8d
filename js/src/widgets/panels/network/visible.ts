/** What is seen of a network while some of its subnetworks are open: things, and wires between. */

import { MARK, ROOT, type Graph } from "./graph";

/** All connections that lead from one visible thing to another. */
export interface Wire {
  from: number;
  to: number;
  /** Which connections. */
  conns: number[];
  sign: number;
  marks: number;
  /** Numbers that the largest of them carries. */
  size: number;
  /** Of one that leads to a learning rule: the connection that the rule changes. */
  onto: number;
}

export interface Visible {
  /** Open networks, outer ones first, and the network itself. */
  open: number[];
  /** What is drawn as one thing. */
  things: number[];
  wires: Wire[];
  /** Of each object the thing that stands for it: itself, or the closed network it is in. */
  standIn: Int32Array;
}

/** More wires than this would take the place of one passthrough node: then it stays. */
const MOST_THROUGH = 64;

export function see(graph: Graph, opened: ReadonlySet<number>, passthrough: boolean): Visible {
  const { parent } = graph.objects;
  const standIn = new Int32Array(graph.size).fill(-1);
  const open = [ROOT];
  const things: number[] = [];
  const isOpen = new Uint8Array(graph.size);
  isOpen[ROOT] = 1;
  for (let at = 1; at < graph.size; at++) {
    if (!isOpen[parent[at]]) {
      standIn[at] = standIn[parent[at]];
      continue;
    }
    standIn[at] = at;
    if (opened.has(at) && graph.holds(at)) {
      isOpen[at] = 1;
      open.push(at);
    } else things.push(at);
  }
  const wires = wiresOf(graph, standIn, isOpen);
  if (passthrough) return { open, things, wires, standIn };
  return { open, standIn, ...withoutPassthrough(graph, things, wires) };
}

function wiresOf(graph: Graph, standIn: Int32Array, isOpen: Uint8Array): Wire[] {
  const { pre, post, home, onto, sign, size, marks } = graph.connections;
  const wires = new Map<number, Wire>();
  for (let conn = 0; conn < pre.length; conn++) {
    const [from, to] = [standIn[pre[conn]], standIn[post[conn]]];
    if (from < 0 || to < 0) continue;
    // Of what is inside a closed network nothing is seen; a loop around one is made outside.
    if (from === to && !isOpen[home[conn]]) continue;
    const toRule = (marks[conn] & MARK.toRule) !== 0;
    const key = (from * graph.size + to) * 2 + Number(toRule);
    const known = wires.get(key);
    if (known === undefined) {
      const rest = { sign: sign[conn], marks: marks[conn], size: size[conn], onto: onto[conn] };
      wires.set(key, { from, to, conns: [conn], ...rest });
      continue;
    }
    known.conns.push(conn);
    if (known.sign !== sign[conn]) known.sign = 0;
    known.marks |= marks[conn];
    known.size = Math.max(known.size, size[conn]);
  }
  return [...wires.values()];
}

/** Lead wires past passthrough nodes, as if those did not exist. */
function withoutPassthrough(
  graph: Graph,
  things: number[],
  wires: Wire[],
): Pick<Visible, "things" | "wires"> {
  const into = new Map<number, Set<Wire>>();
  const outOf = new Map<number, Set<Wire>>();
  const add = (wire: Wire): void => {
    get(into, wire.to).add(wire);
    get(outOf, wire.from).add(wire);
  };
  const remove = (wire: Wire): void => {
    get(into, wire.to).delete(wire);
    get(outOf, wire.from).delete(wire);
  };
  wires.forEach(add);
  const gone = new Set<number>();
  for (const at of things) {
    if (graph.kind(at) !== "passthrough") continue;
    const [ins, outs] = [[...get(into, at)], [...get(outOf, at)]];
    const loops = ins.some((wire) => wire.from === at);
    if (loops || ins.length * outs.length > MOST_THROUGH) continue;
    // What leads nowhere, or comes from nowhere, is a thing of its own.
    if (ins.length === 0 || outs.length === 0) continue;
    gone.add(at);
    [...ins, ...outs].forEach(remove);
    for (const first of ins) for (const second of outs) add(joined(first, second));
  }
  const left = [...outOf.values()].flatMap((each) => [...each]);
  return { things: things.filter((at) => !gone.has(at)), wires: merged(left) };
}

function get<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Set()));
  return found;
}

function joined(first: Wire, second: Wire): Wire {
  return {
    from: first.from,
    to: second.to,
    conns: [...first.conns, ...second.conns],
    sign: first.sign * second.sign,
    marks: first.marks | second.marks,
    size: Math.max(first.size, second.size),
    onto: second.onto,
  };
}

/** One wire where several have come to lead the same way. */
function merged(wires: Wire[]): Wire[] {
  const found = new Map<string, Wire>();
  for (const wire of wires) {
    const key = `${wire.from} ${wire.to} ${wire.marks & MARK.toRule}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, wire);
    else {
      known.conns = [...new Set([...known.conns, ...wire.conns])];
      if (known.sign !== wire.sign) known.sign = 0;
      known.marks |= wire.marks;
      known.size = Math.max(known.size, wire.size);
    }
  }
  return [...found.values()];
}
