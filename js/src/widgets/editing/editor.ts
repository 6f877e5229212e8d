/** The editor of code as panels see it: its types here, itself loaded when it is first needed. */

import type * as CodeMirror from "./codemirror";

export type Editing = typeof CodeMirror;
export type { Editor, EditorHost, Flaw } from "./codemirror";

/** What the part is called; `EDITOR_DIGEST` is of the one with which this bundle was built. */
export const PART = "editor";

declare const EDITOR_DIGEST: string;

export const digest = (): string => EDITOR_DIGEST;
