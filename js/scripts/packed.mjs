// The bundle as each widget brings it: packed, in a module of a few lines that unpacks and evaluates
// it once for a page, however many widgets there are.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** An ES module with the default export of `code`, an ES module. */
export function packed(code) {
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const base64 = gzipSync(code, { level: 9 }).toString("base64");
  return `const unpack = async () => {
  const bytes = Uint8Array.from(atob("${base64}"), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = new Blob([await new Response(stream).arrayBuffer()], { type: "text/javascript" });
  const url = URL.createObjectURL(code);
  try {
    return await import(/* webpackIgnore: true */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
};
const bundles = (globalThis[Symbol.for("nengolab.bundles")] ??= new Map());
if (!bundles.has("${digest}")) bundles.set("${digest}", unpack());
export default (await bundles.get("${digest}")).default;
`;
}
