/** The kinds of panel that this page can draw. */

import own from "panels:all";

import type { ForeignKind } from "./messages";
import { isPanelKind, type PanelKind } from "./panel";

const kinds = new Map<string, PanelKind>(own.filter(isPanelKind).map((kind) => [kind.name, kind]));

/** Kinds from outside, by the text of their module, so that each is loaded once a page. */
const loaded = new Map<string, Promise<PanelKind>>();

/** Load an ES module from its text, as anywidget does: it cannot import by relative address. */
async function load({ kind, esm }: ForeignKind): Promise<PanelKind> {
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  try {
    const module = (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as {
      default?: unknown;
    };
    const found = module.default;
    if (!isPanelKind(found) || found.name !== kind) {
      throw new Error(`its module does not export {name: "${kind}", make} by default`);
    }
    return found;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Find a kind; an error says why there is none. */
export async function findKind(name: string, foreign: ForeignKind[]): Promise<PanelKind> {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const source = foreign.find(({ kind }) => kind === name);
  if (source === undefined) {
    throw new Error(`This page has no panel of kind “${name}”: it was made by a newer nengolab.`);
  }
  const loading = loaded.get(source.esm) ?? load(source);
  loaded.set(source.esm, loading);
  return loading;
}
