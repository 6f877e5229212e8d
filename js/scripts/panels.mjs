// The module "panels:all": the default exports of all src/widgets/panels/*/index.ts, so that a kind
// of panel is added by adding its folder. A plugin for esbuild, and one for Vite (Vitest).
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "panels:all";
const folder = resolve(dirname(fileURLToPath(import.meta.url)), "../src/widgets/panels");

/** Of kinds that BokehJS draws a saved notebook holds pictures: their code is not wanted there. */
const isStill = (kind) => /^  still: true,$/m.test(readFileSync(join(folder, kind, "index.ts")));

function source(wanted) {
  const kinds = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter(wanted)
    .sort();
  const imports = kinds.map(
    (kind, i) => `import k${i} from ${JSON.stringify(join(folder, kind, "index.ts"))};`,
  );
  return `${imports.join("\n")}\nexport default [${kinds.map((_, i) => `k${i}`).join(", ")}];\n`;
}

const forEsbuild = (wanted) => ({
  name: "panels",
  setup(build) {
    build.onResolve({ filter: /^panels:all$/ }, () => ({ path: NAME, namespace: "panels" }));
    build.onLoad({ filter: /.*/, namespace: "panels" }, () => ({
      contents: source(wanted),
      resolveDir: folder,
      watchDirs: [folder],
    }));
  },
});

export const esbuildPanels = forEsbuild(() => true);
export const esbuildSavedPanels = forEsbuild((kind) => !isStill(kind));

export const vitePanels = {
  name: "panels",
  resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
  load: (id) => (id === `\0${NAME}` ? source(() => true) : undefined),
};
