import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";

import { nengolabIcon } from "./icon";
import { IStarterNotebooks } from "./tokens";

/** The commands that this extension adds to JupyterLab. */
export const CommandIDs = {
  newLab: "nengolab:new-lab",
} as const;

/** Between JupyterLab's sections "Notebook" (0) and "Console" (20). */
const CATEGORY_RANK = 10;

/** Lets a person make a starter notebook from the launcher and from the command palette. */
export const entriesPlugin: JupyterFrontEndPlugin<void> = {
  id: "nengolab:entries",
  description: "Adds the launcher card and the palette command that make a starter notebook.",
  autoStart: true,
  requires: [IStarterNotebooks],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: IStarterNotebooks,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    files: IDefaultFileBrowser | null,
    translator: ITranslator | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load("nengolab");
    const category = trans.__("Nengo");

    app.commands.addCommand(CommandIDs.newLab, {
      label: (args) => (args["isPalette"] ? trans.__("New Nengo Lab") : trans.__("Nengo Lab")),
      caption: trans.__("Create a notebook with a small spiking network and its live Lab"),
      // The palette has no room for an icon.
      icon: (args) => (args["isPalette"] ? undefined : nengolabIcon),
      describedBy: {
        args: {
          type: "object",
          properties: {
            cwd: { type: "string", description: "The folder to make the notebook in" },
            isPalette: { type: "boolean", description: "Whether the palette shows the command" },
          },
        },
      },
      execute: (args) => {
        const folder = args["cwd"];
        return notebooks.create(typeof folder === "string" ? folder : (files?.model.path ?? ""));
      },
    });
    launcher?.add({
      command: CommandIDs.newLab,
      category,
      categoryRank: CATEGORY_RANK,
    });
    palette?.addItem({
      command: CommandIDs.newLab,
      category,
      args: { isPalette: true },
    });
  },
};
