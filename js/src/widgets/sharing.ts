/**
 * One timeline for all widgets of one session on a page: what is held, pointed at, selected, picked.
 *
 * Each widget brings a module of its own, even of the same text, so what they share hangs on the
 * page itself.
 */

import type { LabState, LabStore } from "./store";

const PLACE = Symbol.for("nengolab.timelines");

type Groups = Map<string, Set<LabStore>>;

function groups(): Groups {
  const page = globalThis as { [PLACE]?: Groups };
  return (page[PLACE] ??= new Map());
}

type Shared = Pick<LabState["playhead"], "held" | "hover"> & Pick<LabState, "selection" | "picked">;

function read(store: LabStore): Shared {
  const { playhead, selection, picked } = store.get();
  return { held: playhead.held, hover: playhead.hover, selection, picked };
}

function write(store: LabStore, { held, hover, selection, picked }: Shared): void {
  const { playhead, selection: before, picked: known } = store.get();
  const same = playhead.held === held && playhead.hover === hover;
  if (same && before === selection && known === picked) return;
  const moved = same ? playhead : { ...playhead, held, hover };
  store.set({ playhead: moved, selection, picked });
}

/** Have a widget's store follow those of its session, and lead them, until aborted. */
export function shareTimeline(session: string, store: LabStore, signal: AbortSignal): void {
  const all = groups();
  const members = all.get(session) ?? new Set<LabStore>();
  all.set(session, members);
  const [first] = members;
  if (first !== undefined) write(store, read(first));
  members.add(store);
  signal.addEventListener("abort", () => {
    members.delete(store);
    if (members.size === 0 && all.get(session) === members) all.delete(session);
  });
  const tell = (): void => {
    const shared = read(store);
    for (const other of members) if (other !== store) write(other, shared);
  };
  store.subscribe((s) => s.playhead.held, signal, tell);
  store.subscribe((s) => s.playhead.hover, signal, tell);
  store.subscribe((s) => s.selection, signal, tell);
  store.subscribe((s) => s.picked, signal, tell);
}
