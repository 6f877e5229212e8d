// The module "bundle:<file>": the text of an ES module with all that it imports, and of its style
// sheet, for pages that have neither a kernel nor a server to load them from.
// A plugin for esbuild, and one for Vite (Vitest).
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";
import { esbuildPanels } from "./panels.mjs";

const PREFIX = "bundle:";

// What runs in workers is left out: it is larger than all the rest.
const noWorkers = {
  name: "no workers",
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, ({ path }) => ({ path, namespace: "none" }));
    build.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "", loader: "text" }));
  },
};

async function textsOf(file, minify) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    outdir: "bundle",
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify,
    legalComments: "none",
    plugins: [esbuildPanels, noWorkers],
    loader: { ".svg": "text" },
    logLevel: "silent",
  });
  const text = (end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return `export const js = ${JSON.stringify(text(".js"))};
export const css = ${JSON.stringify(text(".css"))};
`;
}

export const esbuildBundles = {
  name: "bundles",
  setup(build) {
    build.onResolve({ filter: /^bundle:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice(PREFIX.length)),
      namespace: "bundle",
    }));
    build.onLoad({ filter: /.*/, namespace: "bundle" }, async ({ path }) => ({
      contents: await textsOf(path, build.initialOptions.minify),
      watchFiles: [path],
      watchDirs: [dirname(path)],
    }));
  },
};

export const viteBundles = {
  name: "bundles",
  resolveId: (id, importer) =>
    id.startsWith(PREFIX)
      ? `\0${PREFIX}${resolve(dirname(importer), id.slice(PREFIX.length))}`
      : undefined,
  load: (id) =>
    id.startsWith(`\0${PREFIX}`) ? textsOf(id.slice(PREFIX.length + 1), false) : undefined,
};
