// The module "bundle:<file>": the text of an ES module, and of its style sheet, for pages that have
// neither a kernel nor a server to load them from.
import { esbuildSavedPanels } from "./panels.mjs";
import { bundled, textModules } from "./texts.mjs";

// What runs in workers is left out: it is larger than all the rest.
const noWorkers = textModules("worker", () => 'export default "";\n').forEsbuild;

export const bundles = textModules("bundle", async (file, minify) => {
  const text = await bundled(file, {
    minify,
    legalComments: "none",
    plugins: [esbuildSavedPanels, noWorkers],
    loader: { ".svg": "text" },
  });
  return `export const js = ${JSON.stringify(text(".js"))};
export const css = ${JSON.stringify(text(".css"))};
`;
});
