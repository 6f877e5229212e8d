/** All folders under `panels/`, gathered when the bundle is built (scripts/panels.mjs). */
declare module "panels:all" {
  const kinds: unknown[];
  export default kinds;
}

declare module "worker:*" {
  /** The text of an ES module that stands alone. */
  const source: string;
  export default source;
}
