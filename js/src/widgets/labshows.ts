/** What a Lab shows, as a picture and as numbers: for saved notebooks, tests and benchmarks. */

import { smallPng, type Picture } from "./picture";
import type { Stage } from "./stage";
import type { LabState, LabStore, Status } from "./store";
import type { Stream, StreamStats } from "./stream";
import type { Layout } from "./messages";
import { stateWords, timeText } from "./transport";

/** What a Lab shows, for tests and for people who look in the browser's console. */
export interface LabProbe {
  status: () => Status;
  layout: () => Layout | null;
  playhead: () => LabState["playhead"];
  /** All that each panel keeps, as columns, by panel id. */
  sources: () => Record<string, Record<string, number[]>>;
}

export interface LabStats extends StreamStats {
  /** Pictures with new data of each panel. */
  panels: Record<string, { kind: string; drawn: number }>;
}

/** The root element of a Lab; both are documented for tests and benchmarks. */
export type LabElement = HTMLElement & { nengolab?: LabProbe; nengolabStats?: () => LabStats };

/** The network view as a PNG's address, no larger than a saved notebook can bear. */
export function networkPicture(store: LabStore, stage: Stage): string {
  const aside = store.get().layout?.aside ?? null;
  const shown = aside === null ? null : stage.tiles.get(aside.id)?.panel?.picture?.();
  return shown instanceof HTMLCanvasElement ? smallPng(shown) : "";
}

/** All plots as they are, for a notebook that is saved. */
export function picture(root: HTMLElement, store: LabStore, stage: Stage): Picture | null {
  if (!root.isConnected) return null;
  const { theme, status, layout } = store.get();
  const tiles = [...stage.tiles.values()].map((tile) => {
    const picture = tile.panel?.picture?.() ?? null;
    return {
      element: tile.element,
      body: tile.body,
      title: tile.layout.title,
      what: tile.layout.what,
      legend: tile.panel?.legend?.(theme) ?? [],
      canvas: picture instanceof HTMLCanvasElement ? picture : null,
    };
  });
  const footer = `${timeText(status.time)} simulated, ${stateWords(status)}`;
  return { root, title: layout?.title ?? "", footer, tiles, theme };
}

export function stats(stream: Stream, stage: Stage): LabStats {
  const panels = [...stage.tiles].map(([id, tile]) => [
    id,
    { kind: tile.layout.kind, drawn: tile.drawn },
  ]);
  return { ...stream.stats, panels: Object.fromEntries(panels) };
}

export function probe(store: LabStore, stage: Stage): LabProbe {
  return {
    status: () => store.get().status,
    layout: () => store.get().layout,
    playhead: () => store.get().playhead,
    sources: () =>
      Object.fromEntries([...stage.tiles].map(([id, tile]) => [id, tile.panel?.columns?.() ?? {}])),
  };
}
