import { Token } from "@lumino/coreutils";
import type { Widget } from "@lumino/widgets";

/** What a notebook starts with: a network and its Lab, or a network that is to be drawn. */
export type Starter = "lab" | "drawing";

/** Makes notebooks that hold a starting network and its Lab. */
export interface IStarterNotebooks {
  /**
   * Make a new notebook and open it. None of its code is run.
   *
   * @param folder - The folder to make it in; the server's root when empty.
   * @param starter - What is in it.
   * @returns The notebook's panel, undefined when it could not be shown.
   */
  create(folder: string, starter: Starter): Promise<Widget | undefined>;
}

/** Gives other plugins the starter notebooks. */
export const IStarterNotebooks = new Token<IStarterNotebooks>(
  "nengolab:IStarterNotebooks",
  "Makes notebooks that hold a starting Nengo network and its Lab.",
);
