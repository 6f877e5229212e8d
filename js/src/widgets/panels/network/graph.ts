/** The network as the kernel describes it: objects in a tree, and connections between them. */

import type { ConnectionColumns, GraphMessage, ObjectColumns } from "./payload";

/** `nengolab_widgets.graph.objects.KINDS`. */
const KINDS = [
  "network",
  "array",
  "ensemble",
  "input",
  "node",
  "passthrough",
  "tensornode",
] as const;

export type Kind = (typeof KINDS)[number];

/** What `marks` of a connection adds up. */
export const MARK = {
  learns: 1,
  function: 2,
  synapse: 4,
  transform: 8,
  toRule: 16,
  fromNeurons: 32,
  toNeurons: 64,
} as const;

export const ROOT = 0;

export class Graph {
  /** What each object holds by itself. */
  readonly children: number[][];
  private names: string[] | null = null;
  private places: Map<string, number> | null = null;

  constructor(
    readonly objects: ObjectColumns,
    readonly connections: ConnectionColumns,
    /** Names of the probes. */
    readonly probes: readonly string[] = [],
    /** Tells one description of a network from the next: numbers are those of one of them. */
    readonly version = 0,
  ) {
    this.children = objects.parent.map(() => []);
    objects.parent.forEach((parent, at) => {
      if (parent >= 0) this.children[parent].push(at);
    });
  }

  static of({ objects, connections, probes, version }: GraphMessage): Graph {
    return new Graph(objects, connections, probes, version);
  }

  get size(): number {
    return this.objects.kind.length;
  }

  kind(at: number): Kind {
    return KINDS[this.objects.kind[at]];
  }

  /** Whether it can be opened. */
  holds(at: number): boolean {
    return this.children[at].length > 0;
  }

  /** The whole name, as everywhere else; of the network itself "". */
  name(at: number): string {
    return this.allNames[at];
  }

  /** Where an object of this name stands. */
  find(name: string): number | undefined {
    this.places ??= new Map(this.allNames.map((each, at) => [each, at]));
    return this.places.get(name);
  }

  /** Objects whose name holds every word, those first of which the last part begins with it. */
  search(text: string, most: number): number[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const begin: number[] = [];
    const others: number[] = [];
    for (let at = 1; at < this.size && begin.length < most; at++) {
      const name = this.allNames[at].toLowerCase();
      if (!words.every((word) => name.includes(word))) continue;
      const begins = this.objects.label[at].toLowerCase().startsWith(words[0]);
      if (begins) begin.push(at);
      else if (others.length < most) others.push(at);
    }
    return [...begin, ...others].slice(0, most);
  }

  /** What an object is in, from the inside out, without the network itself. */
  around(at: number): number[] {
    const found: number[] = [];
    for (let up = this.objects.parent[at]; up > ROOT; up = this.objects.parent[up]) found.push(up);
    return found;
  }

  private get allNames(): string[] {
    if (this.names !== null) return this.names;
    const names: string[] = [""];
    for (let at = 1; at < this.size; at++) {
      const parent = this.objects.parent[at];
      const label = this.objects.label[at];
      // A parent comes before what it holds.
      names.push(parent === ROOT ? label : `${names[parent]}/${label}`);
    }
    return (this.names = names);
  }
}
