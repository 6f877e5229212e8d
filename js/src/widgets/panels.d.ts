/** All folders under `panels/`, gathered when the bundle is built (scripts/panels.mjs). */
declare module "panels:all" {
  const kinds: unknown[];
  export default kinds;
}

/** The text of an ES module that stands alone (scripts/workers.mjs). */
declare module "worker:*" {
  const source: string;
  export default source;
}

/** A module and its style sheet as text (scripts/bundles.mjs). */
declare module "bundle:*" {
  export const js: string;
  export const css: string;
}
