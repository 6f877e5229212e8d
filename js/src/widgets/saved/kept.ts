/**
 * The last seconds of a Lab, as a saved notebook keeps them: what its panels were told.
 *
 * Packed: gzip of a line of JSON (`Kept`) and the frames' buffers one after the other, as base64.
 */

import { gunzipSync, gzipSync, strFromU8, strToU8 } from "fflate";

import { dictOf, isNumber, isRecord, isString, listOf, record, type Check } from "../decode";
import { isFrame, isLayout, type Frame, type Layout, type PanelEntry } from "../messages";

/** Bytes of frames that are kept for saving; a saved notebook holds them twice, as text. */
export const MOST_BYTES = 300_000;
/** A kept Lab of another make is not shown. */
const VERSION = 1;

export interface Kept {
  version: number;
  layout: Layout;
  frames: Frame[];
  /** Bytes of the frames' buffers. */
  lengths: number[];
  /** A picture of the network, as the address of a PNG; empty where there is none. */
  network: string;
  /** Pictures of panels that cannot be drawn without a kernel, as addresses of PNGs, by panel. */
  pictures: Record<string, string>;
}

interface Held {
  frame: Frame;
  buffer: Uint8Array;
}

/** Frames as they come, the newest ones, and of each panel at least the last. */
export class FrameLog {
  private held: Held[] = [];
  private bytes = 0;

  constructor(private readonly most = MOST_BYTES) {}

  add(frame: Frame, buffer: DataView): void {
    if (frame.clear) [this.held, this.bytes] = [[], 0];
    if (frame.panels.length === 0 && !frame.clear) return;
    // The socket's buffer may be large, and this only a part of it.
    const copy = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice();
    this.held.push({ frame, buffer: copy });
    this.bytes += copy.length;
    if (this.bytes > 2 * this.most) this.trim();
  }

  /** Forget the oldest, but for the last that a panel was told. */
  private trim(): void {
    const told = new Set<string>();
    const kept: Held[] = [];
    let bytes = 0;
    for (const held of [...this.held].reverse()) {
      const fresh = held.frame.panels.filter(({ id }) => !told.has(id));
      for (const { id } of fresh) told.add(id);
      const whole = bytes + held.buffer.length <= this.most;
      if (!whole && fresh.length === 0) continue;
      const part = whole ? held : only(held, fresh);
      // A panel whose last word alone is too large is left empty.
      if (bytes + part.buffer.length > 2 * this.most) continue;
      bytes += part.buffer.length;
      kept.push(part);
    }
    this.held = kept.reverse();
    this.bytes = bytes;
  }

  /** Drop the arrays of panels of which there are pictures. */
  private forget(ids: string[]): void {
    if (ids.length === 0) return;
    this.held = this.held.map((held) => {
      const rest = held.frame.panels.filter(({ id }) => !ids.includes(id));
      return rest.length === held.frame.panels.length ? held : only(held, rest);
    });
    this.bytes = this.held.reduce((sum, { buffer }) => sum + buffer.length, 0);
  }

  /** What to write into the notebook; empty while there is nothing. */
  pack(layout: Layout, network = "", pictures: Record<string, string> = {}): string {
    this.forget(Object.keys(pictures));
    this.trim();
    if (this.held.length === 0) return "";
    const frames = this.held.map(({ frame }) => frame);
    const lengths = this.held.map(({ buffer }) => buffer.length);
    // What can be added, set or driven needs a kernel.
    const panels = layout.panels.map((panel) => ({ ...panel, settings: [] }));
    // The network is drawn of what a kernel says: of it there is a picture.
    const rest = { ...layout, panels, aside: null, offers: null, inputs: [] };
    const kept: Kept = { version: VERSION, layout: rest, frames, lengths, network, pictures };
    const head = strToU8(`${JSON.stringify(kept)}\n`);
    const whole = new Uint8Array(head.length + this.bytes);
    whole.set(head);
    let at = head.length;
    for (const { buffer } of this.held) {
      whole.set(buffer, at);
      at += buffer.length;
    }
    return encode(gzipSync(whole));
  }
}

/** A frame of some of its panels alone. */
function only({ frame, buffer }: Held, panels: PanelEntry[]): Held {
  let size = 0;
  const parts: Uint8Array[] = [];
  const moved = panels.map((panel) => ({
    ...panel,
    arrays: panel.arrays.map((entry) => {
      const length = bytesOf(entry.dtype) * entry.shape.reduce((a, b) => a * b, 1);
      const part = buffer.subarray(entry.offset, entry.offset + length);
      const offset = size;
      parts.push(part);
      size += Math.ceil(length / 8) * 8;
      return { ...entry, offset };
    }),
  }));
  const packed = new Uint8Array(size);
  const offsets = moved.flatMap(({ arrays }) => arrays.map(({ offset }) => offset));
  parts.forEach((part, i) => packed.set(part, offsets[i]));
  return { frame: { ...frame, panels: moved }, buffer: packed };
}

function bytesOf(dtype: string): number {
  return Number(/\d+$/.exec(dtype)?.[0] ?? 0) / 8;
}

const NEWLINE = 10;
const CHUNK = 0x8000;

function encode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

const isKept: Check<Kept> = record<Kept>({
  version: isNumber,
  layout: isLayout,
  frames: listOf(isFrame),
  lengths: listOf(isNumber),
  network: isString,
  pictures: dictOf(isString),
});

const PNG = "data:image/png;base64,";

/** What was kept before there was this or that has nothing of it. */
function completed(kept: unknown): unknown {
  if (!isRecord(kept) || !Array.isArray(kept.frames)) return kept;
  const frames = kept.frames.map((frame: unknown) =>
    isRecord(frame) ? { note: "", returning: null, ...frame } : frame,
  );
  const { network, pictures } = kept;
  const good = (value: unknown): value is string =>
    typeof value === "string" && value.startsWith(PNG);
  const all = Object.entries(isRecord(pictures) ? pictures : {});
  return {
    ...kept,
    frames,
    network: good(network) ? network : "",
    pictures: Object.fromEntries(all.filter(([, address]) => good(address))),
  };
}

/** Read what a notebook keeps; null for what is no such thing, or of another make. */
export function readKept(text: unknown): { kept: Kept; buffers: DataView[] } | null {
  try {
    const whole = gunzipSync(decode(String(text)));
    let at = whole.indexOf(NEWLINE) + 1;
    const kept = completed(JSON.parse(strFromU8(whole.subarray(0, at))));
    if (!isKept(kept) || kept.version !== VERSION) return null;
    const buffers = kept.lengths.map((length) => {
      at += length;
      return new DataView(whole.buffer, whole.byteOffset + at - length, length);
    });
    return { kept, buffers };
  } catch {
    return null;
  }
}
