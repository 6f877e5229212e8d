// Bundles src/widgets/index.ts into one ES module (and one style sheet, when a
// module imports CSS) that the Python widgets hand to anywidget. Nothing is fetched at run time.
//
//   node scripts/build-widgets.mjs [--watch]
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { bundles } from "./bundles.mjs";
import { packed } from "./packed.mjs";
import { esbuildPanels } from "./panels.mjs";
import { buildParts } from "./parts.mjs";
import { workers } from "./workers.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const outdir = resolve(root, "../widgets/nengolab_widgets/static");
const watch = process.argv.includes("--watch");

if (!watch) {
  // A file that is no longer built must not stay behind and be packed into the wheel.
  await rm(outdir, { recursive: true, force: true });
}
await mkdir(outdir, { recursive: true });
const digests = await buildParts(root, outdir, !watch);

const options = {
  absWorkingDir: root,
  entryPoints: { nengolab: "src/widgets/index.ts" },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "linked",
  plugins: [esbuildPanels, workers.forEsbuild, bundles.forEsbuild],
  loader: { ".svg": "text" },
  define: Object.fromEntries(Object.entries(digests).map(([n, d]) => [n, JSON.stringify(d)])),
  logLevel: "info",
};

if (watch) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
  const bundle = resolve(outdir, "nengolab.js");
  await writeFile(bundle, packed(await readFile(bundle, "utf8")));
}
