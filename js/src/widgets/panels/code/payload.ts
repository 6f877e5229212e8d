/** Made from nengolab_widgets/panels/code.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { dictOf, either, isBoolean, isNull, isNumber, isString, isUnknown, listOf, oneOf, record, type Check } from "../../decode";

/** What the panel shows comes as messages: it is too long for a layout. */
export interface Payload {
  kind: "file" | "cell" | "here";
}

export const isPayload: Check<Payload> = record<Payload>({
  kind: oneOf("file", "cell", "here"),
});

/** Why the code makes nothing that could run; ``line`` as people count, the others from 1. */
export interface TroubleTold {
  kind: string;
  message: string;
  line: number | null;
  at: number[];
  traceback: string;
}

export const isTroubleTold: Check<TroubleTold> = record<TroubleTold>({
  kind: isString,
  message: isString,
  line: either(isNumber, isNull),
  at: listOf(isNumber),
  traceback: isString,
});

/** The code, and how it stands. ``version`` counts its texts. ``drawn`` says whether it is another text than the page had last, ``besides`` what else there is to say than the trouble. ``other`` is what another program has written meanwhile, or an edit by drawing (``drawn_other``) has made. ``lines`` are the lines, from 1, that made each object, by its name; ``first_line`` is what people call the first one. ``phase`` is what is done while it works. */
export interface CodeTold {
  name: string;
  kind: "file" | "cell" | "here";
  cell: string;
  first_line: number;
  text: string;
  version: number;
  state: "unrun" | "working" | "good" | "failed";
  phase: "" | "running" | "building" | "stopping";
  fresh: boolean;
  drawn: boolean;
  trouble: TroubleTold | null;
  besides: string[];
  other: string | null;
  drawn_other: boolean;
  lines: Record<string, number[]>;
}

export const isCodeTold: Check<CodeTold> = record<CodeTold>({
  name: isString,
  kind: oneOf("file", "cell", "here"),
  cell: isString,
  first_line: isNumber,
  text: isString,
  version: isNumber,
  state: oneOf("unrun", "working", "good", "failed"),
  phase: oneOf("", "running", "building", "stopping"),
  fresh: isBoolean,
  drawn: isBoolean,
  trouble: either(isTroubleTold, isNull),
  besides: listOf(isString),
  other: either(isString, isNull),
  drawn_other: isBoolean,
  lines: dictOf(listOf(isNumber)),
});

/** The code, and how it stands. */
export interface CodeMessage {
  type: "code";
  told: CodeTold;
}

export const isCodeMessage: Check<CodeMessage> = record<CodeMessage>({
  type: oneOf("code"),
  told: isCodeTold,
});

/** Plots and positions, which the page keeps with the cell. */
export interface KeptMessage {
  type: "kept";
  layout: Record<string, unknown>;
}

export const isKeptMessage: Check<KeptMessage> = record<KeptMessage>({
  type: oneOf("kept"),
  layout: dictOf(isUnknown),
});
