/** All folders under `panels/`, gathered when the bundle is built (scripts/panels.mjs). */
declare module "panels:all" {
  const kinds: unknown[];
  export default kinds;
}

/** A module and its style sheet as text (scripts/bundles.mjs). */
declare module "bundle:*" {
  export const js: string;
  export const css: string;
}
