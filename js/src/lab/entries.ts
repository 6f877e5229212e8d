import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";

import { nengolabIcon } from "./icon";
import { IStarterNotebooks, type Starter } from "./tokens";

/** The commands that this extension adds to JupyterLab. */
export const CommandIDs = {
  newLab: "nengolab:new-lab",
  newDrawing: "nengolab:new-drawing",
} as const;

/** Between JupyterLab's sections "Notebook" (0) and "Console" (20). */
const CATEGORY_RANK = 10;

const ARGUMENTS = {
  args: {
    type: "object",
    properties: {
      cwd: { type: "string", description: "The folder to make the notebook in" },
      isPalette: { type: "boolean", description: "Whether the palette shows the command" },
    },
  },
} as const;

/** Lets a person make a starter notebook from the launcher and from the command palette. */
export const entriesPlugin: JupyterFrontEndPlugin<void> = {
  id: "nengolab:entries",
  description: "Adds launcher cards and palette commands that make starter notebooks.",
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

    const entries: { id: string; starter: Starter; card: string; item: string; hint: string }[] = [
      {
        id: CommandIDs.newLab,
        starter: "lab",
        card: trans.__("Nengo Lab"),
        item: trans.__("New Nengo Lab"),
        hint: trans.__("Create a notebook with a small spiking network and its live Lab"),
      },
      {
        id: CommandIDs.newDrawing,
        starter: "drawing",
        card: trans.__("Nengo Drawing"),
        item: trans.__("New Nengo Drawing"),
        hint: trans.__("Create a notebook with a network to be drawn, and its code"),
      },
    ];
    for (const { id, starter, card, item, hint } of entries) {
      app.commands.addCommand(id, {
        label: (args) => (args["isPalette"] ? item : card),
        caption: hint,
        // The palette has no room for an icon.
        icon: (args) => (args["isPalette"] ? undefined : nengolabIcon),
        describedBy: ARGUMENTS,
        execute: (args) => {
          const folder = args["cwd"];
          const given = typeof folder === "string" ? folder : (files?.model.path ?? "");
          return notebooks.create(given, starter);
        },
      });
      launcher?.add({ command: id, category, categoryRank: CATEGORY_RANK });
      palette?.addItem({ command: id, category, args: { isPalette: true } });
    }
  },
};
