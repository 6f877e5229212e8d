/**
 * The neurons that are picked: one selection for all panels of a session.
 *
 * It is shown at once on the page where a hand picks, and told to the kernel, which tells all pages.
 * While a pick is on its way, what was picked before it counts no more.
 */

import type { PageMessage, Picked } from "./messages";
import type { LabStore } from "./store";

/** Numbers of neurons, by the name of their ensemble. */
export type Picks = Readonly<Record<string, readonly number[]>>;

const PLACE = Symbol.for("nengolab.picks");
/** A pick that is not heard by then was refused. */
const HEARD_MS = 5000;

interface Page {
  id: string;
  number: number;
  /** The newest pick that is not heard yet, by session. */
  waiting: Map<string, { number: number; since: number }>;
}

function here(): Page {
  const page = globalThis as { [PLACE]?: Page };
  return (page[PLACE] ??= { id: crypto.randomUUID(), number: 0, waiting: new Map() });
}

const NONE: readonly number[] = [];

/** The neurons of an ensemble that are picked; the same array while they are the same. */
export function pickedOf(picks: Picks, ensemble: string): readonly number[] {
  return Object.hasOwn(picks, ensemble) ? picks[ensemble] : NONE;
}

/** What is picked after a click or a box on some: they alone, or with those before, or without. */
export function combined(
  before: readonly number[],
  hit: readonly number[],
  adds: boolean,
): readonly number[] {
  if (!adds) return hit.length === 1 && before.length === 1 && hit[0] === before[0] ? [] : hit;
  const all = new Set(before);
  const known = hit.every((neuron) => all.has(neuron));
  for (const neuron of hit) known ? all.delete(neuron) : all.add(neuron);
  return [...all].sort((a, b) => a - b);
}

export class Picking {
  constructor(
    private readonly store: LabStore,
    private readonly send: (message: PageMessage) => void,
  ) {}

  pick(ensemble: string, neurons: readonly number[]): void {
    const page = here();
    page.number += 1;
    page.waiting.set(this.session, { number: page.number, since: performance.now() });
    const rest = Object.entries(this.store.get().picked).filter(([name]) => name !== ensemble);
    const own = neurons.length > 0 ? [[ensemble, neurons] as const] : [];
    this.store.set({ picked: Object.fromEntries([...rest, ...own]) });
    const { id, number } = page;
    this.send({ type: "pick", page: id, number, ensemble, neurons: [...neurons] });
  }

  /** The kernel says what is picked. */
  take({ page: from, number, neurons }: Picked): void {
    const page = here();
    const waiting = page.waiting.get(this.session);
    if (waiting !== undefined && performance.now() - waiting.since < HEARD_MS) {
      if (from !== page.id || number < waiting.number) return;
    }
    page.waiting.delete(this.session);
    if (JSON.stringify(neurons) !== JSON.stringify(this.store.get().picked))
      this.store.set({ picked: neurons });
  }

  private get session(): string {
    return this.store.get().layout?.session ?? "";
  }
}
