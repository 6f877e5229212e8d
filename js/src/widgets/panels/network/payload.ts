/** Made from nengolab_widgets/panels/network.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { dictOf, either, isBoolean, isNull, isNumber, isString, listOf, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the view shows: ``version`` tells one description of the network from the next. ``opened`` are the subnetworks that are open and ``placed`` what was put in place by hand, both by name; ``height`` is in pixels, None for the usual one; ``activity`` says whether that is shown as colour. ``drawn`` says whether it can be edited by drawing: "not yet" before its code has run, while it runs for the first time ("coming"), or where it does not ("failed"), and not before its code is written where it "can be"; ``stale`` says that the code makes another one. */
export interface Payload {
  version: number;
  opened: string[];
  placed: Record<string, [number, number]>;
  passthrough: boolean;
  folded: boolean;
  activity: boolean;
  height: number | null;
  drawn: "no" | "can be" | "not yet" | "coming" | "failed" | "yes";
  stale: boolean;
}

export const isPayload: Check<Payload> = record<Payload>({
  version: isNumber,
  opened: listOf(isString),
  placed: dictOf(tupleOf(isNumber, isNumber)),
  passthrough: isBoolean,
  folded: isBoolean,
  activity: isBoolean,
  height: either(isNumber, isNull),
  drawn: oneOf("no", "can be", "not yet", "coming", "failed", "yes"),
  stale: isBoolean,
});

/** An entry for each object; the first is the network itself, whose parent is -1. A parent comes before what it holds. ``label`` is the last part of the name, whose first part is the parent's name; ``note`` says in a few words what it is; ``count`` is how many things a network holds, or members an array has; ``size`` its neurons, else its dimensions; ``keras`` those that came with a Layer or TensorNode; ``probes`` how many look at it. */
export interface ObjectColumns {
  kind: number[];
  label: string[];
  note: string[];
  parent: number[];
  count: number[];
  size: number[];
  keras: number[];
  probes: number[];
}

export const isObjectColumns: Check<ObjectColumns> = record<ObjectColumns>({
  kind: listOf(isNumber),
  label: listOf(isString),
  note: listOf(isString),
  parent: listOf(isNumber),
  count: listOf(isNumber),
  size: listOf(isNumber),
  keras: listOf(isNumber),
  probes: listOf(isNumber),
});

/** An entry for each connection. ``pre`` and ``post`` count into the objects; one that leads to a learning rule has the object that the rule's connection leads to as ``post``, and that connection in ``onto`` (else -1). ``home`` is the network that it is made in, ``sign`` 1 where it can only excite, -1 where it can only inhibit, 0 else; ``size`` how many numbers it carries; ``marks`` the sum of learns 1, function 2, synapse 4, transform 8, to a rule 16, from neurons 32, to neurons 64. */
export interface ConnectionColumns {
  pre: number[];
  post: number[];
  home: number[];
  onto: number[];
  sign: number[];
  size: number[];
  marks: number[];
}

export const isConnectionColumns: Check<ConnectionColumns> = record<ConnectionColumns>({
  pre: listOf(isNumber),
  post: listOf(isNumber),
  home: listOf(isNumber),
  onto: listOf(isNumber),
  sign: listOf(isNumber),
  size: listOf(isNumber),
  marks: listOf(isNumber),
});

/** The network, told when a page asks for it; ``probes`` are the names of its probes. What a page says of things by their numbers comes with the ``version`` that they are of. */
export interface GraphMessage {
  type: "graph";
  version: number;
  objects: ObjectColumns;
  connections: ConnectionColumns;
  probes: string[];
}

export const isGraphMessage: Check<GraphMessage> = record<GraphMessage>({
  type: oneOf("graph"),
  version: isNumber,
  objects: isObjectColumns,
  connections: isConnectionColumns,
  probes: listOf(isString),
});

/** A fact: what it is called, and its value as text. */
export interface CardRow {
  label: string;
  value: string;
}

export const isCardRow: Check<CardRow> = record<CardRow>({
  label: isString,
  value: isString,
});

/** A connection from or to something else, with what is on it; ``at`` counts connections. */
export interface CardLink {
  at: number;
  label: string;
  note: string;
}

export const isCardLink: Check<CardLink> = record<CardLink>({
  at: isNumber,
  label: isString,
  note: isString,
});

/** What a card says; ``title`` is the name, ``kind`` what it is. ``probes`` are those that look at it, by their numbers. */
export interface CardFacts {
  title: string;
  kind: string;
  rows: CardRow[];
  incoming: CardLink[];
  outgoing: CardLink[];
  more_incoming: number;
  more_outgoing: number;
  probes: CardLink[];
}

export const isCardFacts: Check<CardFacts> = record<CardFacts>({
  title: isString,
  kind: isString,
  rows: listOf(isCardRow),
  incoming: listOf(isCardLink),
  outgoing: listOf(isCardLink),
  more_incoming: isNumber,
  more_outgoing: isNumber,
  probes: listOf(isCardLink),
});

/** One way to look at an object. */
export interface KindOffer {
  name: string;
  label: string;
}

export const isKindOffer: Check<KindOffer> = record<KindOffer>({
  name: isString,
  label: isString,
});

/** Something to plot of what a card is about: itself (""), the output or input of a network. */
export interface CardPart {
  part: string;
  kinds: KindOffer[];
}

export const isCardPart: Check<CardPart> = record<CardPart>({
  part: isString,
  kinds: listOf(isKindOffer),
});

/** One of the values that an argument can have; ``refused`` says why not here, or "". */
export interface ChoiceTold {
  code: string;
  title: string;
  refused: string;
}

export const isChoiceTold: Check<ChoiceTold> = record<ChoiceTold>({
  code: isString,
  title: isString,
  refused: isString,
});

/** The code of an argument that is a function; ``line``, as people count, is its first. ``along`` names what it is a function of; ``uses`` is how often the code uses a ``def``. */
export interface FunctionTold {
  text: string;
  kind: "expression" | "def" | "none";
  line: number;
  uses: number;
  along: string[];
}

export const isFunctionTold: Check<FunctionTold> = record<FunctionTold>({
  text: isString,
  kind: oneOf("expression", "def", "none"),
  line: isNumber,
  uses: isNumber,
  along: listOf(isString),
});

/** One argument of a call: its ``value`` as the code has it, "" where it has none. ``now`` is what the object has, as code, "" where that cannot be told. The name of an argument of an argument is ``"layer.units"``. */
export interface PartTold {
  name: string;
  kind: string;
  value: string;
  default: string;
  now: string;
  required: boolean;
  unit: string;
  choices: ChoiceTold[];
  hint: string;
}

export const isPartTold: Check<PartTold> = record<PartTold>({
  name: isString,
  kind: isString,
  value: isString,
  default: isString,
  now: isString,
  required: isBoolean,
  unit: isString,
  choices: listOf(isChoiceTold),
  hint: isString,
});

/** One argument of an object; ``parts`` are those of the call that it is given as. */
export interface FieldTold {
  name: string;
  kind: string;
  value: string;
  default: string;
  now: string;
  required: boolean;
  unit: string;
  choices: ChoiceTold[];
  hint: string;
  function: FunctionTold | null;
  parts: PartTold[];
}

export const isFieldTold: Check<FieldTold> = record<FieldTold>({
  name: isString,
  kind: isString,
  value: isString,
  default: isString,
  now: isString,
  required: isBoolean,
  unit: isString,
  choices: listOf(isChoiceTold),
  hint: isString,
  function: either(isFunctionTold, isNull),
  parts: listOf(isPartTold),
});

/** What of an object can be edited. ``variable`` is what the code calls it, or ""; ``made`` says which line made it, and what besides; ``why_not`` why it cannot be edited, or "". */
export interface CardEdit {
  variable: string;
  made: string;
  line: number;
  count: number;
  fields: FieldTold[];
  why_not: string;
}

export const isCardEdit: Check<CardEdit> = record<CardEdit>({
  variable: isString,
  made: isString,
  line: isNumber,
  count: isNumber,
  fields: listOf(isFieldTold),
  why_not: isString,
});

/** The answer to the question ``ask``; ``edit`` is what can be edited of it in its code. */
export interface CardMessage {
  type: "card";
  ask: string;
  facts: CardFacts;
  parts: CardPart[];
  edit: CardEdit | null;
}

export const isCardMessage: Check<CardMessage> = record<CardMessage>({
  type: oneOf("card"),
  ask: isString,
  facts: isCardFacts,
  parts: listOf(isCardPart),
  edit: either(isCardEdit, isNull),
});

/** Something that can be added; ``needs`` are what it is added to, such as two ends. */
export interface PaletteEntry {
  key: string;
  group: string;
  title: string;
  hint: string;
  needs: string[];
}

export const isPaletteEntry: Check<PaletteEntry> = record<PaletteEntry>({
  key: isString,
  group: isString,
  title: isString,
  hint: isString,
  needs: listOf(isString),
});

/** What can be added. */
export interface PaletteMessage {
  type: "palette";
  entries: PaletteEntry[];
}

export const isPaletteMessage: Check<PaletteMessage> = record<PaletteMessage>({
  type: oneOf("palette"),
  entries: listOf(isPaletteEntry),
});

/** The edit ``ask`` was done, or ``problem`` says why not; ``came`` are names of what is new. ``late`` says that numbers in it were of another network than the one that is drawn by now. */
export interface EditedMessage {
  type: "edited";
  ask: string;
  problem: string;
  came: string[];
  late: boolean;
}

export const isEditedMessage: Check<EditedMessage> = record<EditedMessage>({
  type: oneOf("edited"),
  ask: isString,
  problem: isString,
  came: listOf(isString),
  late: isBoolean,
});

/** What a function gave, or why not: ``line`` as people count, None where it is of no line. ``y`` has a list for each number of what it gives, of which there are ``size``; None is no number that could be drawn. */
export interface TriedTold {
  problem: string;
  line: number | null;
  along: string;
  x: number[];
  y: ((number | null)[])[];
  size: number;
}

export const isTriedTold: Check<TriedTold> = record<TriedTold>({
  problem: isString,
  line: either(isNumber, isNull),
  along: isString,
  x: listOf(isNumber),
  y: listOf(listOf(either(isNumber, isNull))),
  size: isNumber,
});

/** What the function gave that ``ask`` wanted to see. */
export interface TriedMessage {
  type: "tried";
  ask: string;
  told: TriedTold;
}

export const isTriedMessage: Check<TriedMessage> = record<TriedMessage>({
  type: oneOf("tried"),
  ask: isString,
  told: isTriedTold,
});

/** Something of a network, by its number. */
export interface Thing {
  of: "object" | "connection" | "probe";
  at: number;
}

export const isThing: Check<Thing> = record<Thing>({
  of: oneOf("object", "connection", "probe"),
  at: isNumber,
});

/** What would be deleted with what was asked about: names, those of that itself first. ``problem`` says why it cannot be deleted, or ""; ``instead`` are those that can be, with it. ``changed`` says, in sentences, what stays and is drawn anew then. */
export interface DependingMessage {
  type: "depending";
  ask: string;
  names: string[];
  problem: string;
  changed: string[];
  instead: Thing[];
}

export const isDependingMessage: Check<DependingMessage> = record<DependingMessage>({
  type: oneOf("depending"),
  ask: isString,
  names: listOf(isString),
  problem: isString,
  changed: listOf(isString),
  instead: listOf(isThing),
});

/** Which of the things on the screen are coloured; ``why`` not all of them, or "". */
export interface WatchedMessage {
  type: "watched";
  objects: number[];
  why: string;
}

export const isWatchedMessage: Check<WatchedMessage> = record<WatchedMessage>({
  type: oneOf("watched"),
  objects: listOf(isNumber),
  why: isString,
});
