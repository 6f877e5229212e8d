// A module "<name>:<file>" is made of the file when the bundle is built: the text of an ES module
// with all that it imports. As a plugin for esbuild, and as one for Vite (Vitest).
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";

/** Bundle one file; the outputs as text, by the end of their path. */
export async function bundled(file, options) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    outdir: "bundle",
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    ...options,
  });
  return (end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
}

/** `source(file, minify)` gives the module that stands for a file. */
export function textModules(name, source) {
  const prefix = `${name}:`;
  const filter = new RegExp(`^${prefix}`);
  const inner = `\0${prefix}`;
  return {
    forEsbuild: {
      name,
      setup(build) {
        build.onResolve({ filter }, ({ path, resolveDir }) => ({
          path: resolve(resolveDir, path.slice(prefix.length)),
          namespace: name,
        }));
        build.onLoad({ filter: /.*/, namespace: name }, async ({ path }) => ({
          contents: await source(path, build.initialOptions.minify),
          watchFiles: [path],
          watchDirs: [dirname(path)],
        }));
      },
    },
    forVite: {
      name,
      resolveId: (id, importer) =>
        id.startsWith(prefix)
          ? inner + resolve(dirname(importer), id.slice(prefix.length))
          : undefined,
      load: (id) => (id.startsWith(inner) ? source(id.slice(inner.length), false) : undefined),
    },
  };
}
