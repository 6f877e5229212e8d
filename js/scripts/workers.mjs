// The module "worker:<file>": the text of an ES module with all that it imports, to be run in a
// worker. anywidget loads the bundle from a Blob, so a worker cannot be loaded by relative address.
// A plugin for esbuild, and one for Vite (Vitest).
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";

const PREFIX = "worker:";

async function textOf(file, minify) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify,
    legalComments: "inline",
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

export const esbuildWorkers = {
  name: "workers",
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice(PREFIX.length)),
      namespace: "worker",
    }));
    build.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => ({
      contents: await textOf(path, build.initialOptions.minify),
      loader: "text",
      watchFiles: [path],
      watchDirs: [dirname(path)],
    }));
  },
};

export const viteWorkers = {
  name: "workers",
  resolveId: (id, importer) =>
    id.startsWith(PREFIX)
      ? `\0${PREFIX}${resolve(dirname(importer), id.slice(PREFIX.length))}`
      : undefined,
  load: async (id) =>
    id.startsWith(`\0${PREFIX}`)
      ? `export default ${JSON.stringify(await textOf(id.slice(PREFIX.length + 1), false))};`
      : undefined,
};
