import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";

import { pythonKernel, starterContent } from "./template";
import { IStarterNotebooks } from "./tokens";

/** Provides the starter notebooks. */
export const starterPlugin: JupyterFrontEndPlugin<IStarterNotebooks> = {
  id: "nengolab:starter",
  description: "Makes notebooks that hold a starting Nengo network and its Lab.",
  autoStart: true,
  provides: IStarterNotebooks,
  requires: [IDocumentManager],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    translator: ITranslator | null,
  ): IStarterNotebooks => {
    const trans = (translator ?? nullTranslator).load("nengolab");
    const { contents, kernelspecs } = app.serviceManager;
    return {
      async create(folder, starter) {
        await kernelspecs.ready;
        const kernel = pythonKernel(kernelspecs.specs);
        const { path } = await contents.newUntitled({ path: folder, type: "notebook" });
        await contents.save(path, {
          type: "notebook",
          format: "json",
          content: starterContent(trans, kernel, starter),
        });
        const panel = documents.open(path, "default", kernel && { name: kernel.name });
        void panel?.revealed.then(() => activateFirstCode(panel.content));
        return panel;
      },
    };
  },
};

/** Below the introduction: the next Shift+Enter runs code. */
function activateFirstCode(content: object): void {
  if ("activeCellIndex" in content && content.activeCellIndex === 0) content.activeCellIndex = 1;
}
