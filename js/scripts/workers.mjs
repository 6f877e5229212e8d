// The module "worker:<file>": the text of an ES module, to be run in a worker. anywidget loads the
// bundle from a Blob, so a worker cannot be loaded by relative address.
import { bundled, textModules } from "./texts.mjs";

export const workers = textModules("worker", async (file, minify) => {
  const text = await bundled(file, { minify, legalComments: "inline" });
  return `export default ${JSON.stringify(text(".js"))};\n`;
});
