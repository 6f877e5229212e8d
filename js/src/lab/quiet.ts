import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PageConfig } from "@jupyterlab/coreutils";

/** What a panel sends over the control channel: `MESSAGE_TYPE` in src/widgets/link.ts. */
const MESSAGE_TYPE = "nengolab_message";

const OPTION = "untracked_message_types";

/**
 * Keeps the kernel's indicator still while a panel talks with the kernel.
 *
 * Each message to a kernel comes back as "busy" and "idle", and JupyterLab lays out its toolbar
 * anew for each. It leaves out messages of the types that this option of the page lists.
 */
export const quietPlugin: JupyterFrontEndPlugin<void> = {
  id: "nengolab:quiet",
  description: "Leaves the messages of panels out of what makes the kernel look busy.",
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => {
    const listed: unknown = JSON.parse(PageConfig.getOption(OPTION) || "[]");
    const types = Array.isArray(listed) ? listed : [];
    if (!types.includes(MESSAGE_TYPE)) {
      PageConfig.setOption(OPTION, JSON.stringify([...types, MESSAGE_TYPE]));
    }
  },
};
