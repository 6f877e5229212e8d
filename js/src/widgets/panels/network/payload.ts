/** Made from nengolab_widgets/panels/network.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { dictOf, either, isBoolean, isNull, isNumber, isString, listOf, oneOf, record, tupleOf, type Check } from "../../decode";

/** What the view shows: ``version`` tells one description of the network from the next. ``opened`` are the subnetworks that are open and ``placed`` what was put in place by hand, both by name; ``height`` is in pixels, None for the usual one. */
export interface Payload {
  version: number;
  opened: string[];
  placed: Record<string, [number, number]>;
  passthrough: boolean;
  folded: boolean;
  height: number | null;
}

export const isPayload: Check<Payload> = record<Payload>({
  version: isNumber,
  opened: listOf(isString),
  placed: dictOf(tupleOf(isNumber, isNumber)),
  passthrough: isBoolean,
  folded: isBoolean,
  height: either(isNumber, isNull),
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

/** The network, told when a page asks for it. */
export interface GraphMessage {
  type: "graph";
  version: number;
  objects: ObjectColumns;
  connections: ConnectionColumns;
}

export const isGraphMessage: Check<GraphMessage> = record<GraphMessage>({
  type: oneOf("graph"),
  version: isNumber,
  objects: isObjectColumns,
  connections: isConnectionColumns,
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

/** What a card says; ``title`` is the name, ``kind`` what it is. */
export interface CardFacts {
  title: string;
  kind: string;
  rows: CardRow[];
  incoming: CardLink[];
  outgoing: CardLink[];
  more_incoming: number;
  more_outgoing: number;
}

export const isCardFacts: Check<CardFacts> = record<CardFacts>({
  title: isString,
  kind: isString,
  rows: listOf(isCardRow),
  incoming: listOf(isCardLink),
  outgoing: listOf(isCardLink),
  more_incoming: isNumber,
  more_outgoing: isNumber,
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

/** The answer to the question ``ask``; ``input`` is the label of its slider, or "". */
export interface CardMessage {
  type: "card";
  ask: string;
  facts: CardFacts;
  parts: CardPart[];
}

export const isCardMessage: Check<CardMessage> = record<CardMessage>({
  type: oneOf("card"),
  ask: isString,
  facts: isCardFacts,
  parts: listOf(isCardPart),
});
