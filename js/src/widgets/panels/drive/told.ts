/** What the kernel says drives the Node. */

import { isRecord } from "../../decode";
import type { FrameArray } from "../../frames";

export interface Told {
  kind: "own" | "values" | "recording";
  values: number[];
  name: string;
  samples: number;
  seconds: number;
  loop: boolean;
  from: number;
  undoes: string;
  redoes: string;
}

export const NOTHING: Told = {
  kind: "own",
  values: [],
  name: "",
  samples: 0,
  seconds: 0,
  loop: false,
  from: 0,
  undoes: "",
  redoes: "",
};

/** Read it from a frame; null where there is nothing of it. */
export function readTold(arrays: Map<string, FrameArray>): Told | null {
  const bytes = arrays.get("told");
  if (!(bytes instanceof Uint8Array)) return null;
  const told: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isRecord(told)) return null;
  const { kind } = told;
  if (kind !== "own" && kind !== "values" && kind !== "recording") return null;
  const values = Array.isArray(told.values) ? told.values.map(Number) : [];
  const text = (name: string): string => {
    const value = told[name];
    return typeof value === "string" ? value : "";
  };
  const number = (name: string): number => Number(told[name] ?? 0);
  return {
    kind,
    values,
    name: text("name"),
    samples: number("samples"),
    seconds: number("seconds"),
    loop: told.loop === true,
    from: number("from"),
    undoes: text("undoes"),
    redoes: text("redoes"),
  };
}

const plain = (value: number): string => String(Number(value.toPrecision(4)));

/** Seconds as a person says them. */
export function secondsText(seconds: number): string {
  return `${plain(seconds)} s`;
}

/** What drives the Node, in words. */
export function words(told: Told, now: number, own: "constant" | "function"): string {
  if (told.kind === "own") return own === "constant" ? "its own constant" : "its own function";
  if (told.kind === "values") {
    const shown = told.values.slice(0, 4).map(plain).join(", ");
    return told.values.length > 4 ? `${shown}, … by hand` : `${shown} by hand`;
  }
  if (told.samples === 1) return `«${told.name}»`;
  const since = Math.max(0, now - told.from);
  const over = !told.loop && since >= told.seconds;
  if (over) return `«${told.name}» is over; its last value stays`;
  const at = told.loop ? since % told.seconds : since;
  const how = told.loop ? ", looped" : "";
  return `«${told.name}»: ${at.toFixed(2)} of ${secondsText(told.seconds)}${how}`;
}
