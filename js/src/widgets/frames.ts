/** Decoding of binary frames: typed views of the received buffer, without copies. */

import type { ArrayEntry, PanelEntry } from "./messages";

const CONSTRUCTORS = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
} as const;

export type FrameArray = InstanceType<(typeof CONSTRUCTORS)[keyof typeof CONSTRUCTORS]>;

function isKnown(dtype: string): dtype is keyof typeof CONSTRUCTORS {
  return Object.hasOwn(CONSTRUCTORS, dtype);
}

/** One array of a frame. Browsers on big-endian machines do not exist any more. */
function decodeArray(entry: ArrayEntry, buffer: DataView): FrameArray {
  if (!isKnown(entry.dtype)) {
    throw new Error(`the frame holds an array of type ${entry.dtype}, which is not known here`);
  }
  const type = CONSTRUCTORS[entry.dtype];
  const count = entry.shape.reduce((a, b) => a * b, 1);
  const start = buffer.byteOffset + entry.offset;
  if (entry.offset + count * type.BYTES_PER_ELEMENT > buffer.byteLength) {
    throw new Error(`array ${entry.name} reaches past the end of the frame`);
  }
  if (start % type.BYTES_PER_ELEMENT === 0) {
    return new type(buffer.buffer as ArrayBuffer, start, count);
  }
  // A front end may hand over a view that starts anywhere in its socket's buffer.
  const bytes = new Uint8Array(buffer.buffer, start, count * type.BYTES_PER_ELEMENT);
  return new type(bytes.slice().buffer, 0, count);
}

/** The arrays of a buffer, by name. */
export function namedArrays(entries: ArrayEntry[], buffer: DataView): Map<string, FrameArray> {
  return new Map(entries.map((entry) => [entry.name, decodeArray(entry, buffer)]));
}

/** The array of instants: it travels as seconds after the `t0` of its panel. */
const TIMES = "t";

/** The arrays of one panel, by name; `t` in seconds of simulated time. */
export function decodeArrays(panel: PanelEntry, buffer: DataView): Map<string, FrameArray> {
  const arrays = namedArrays(panel.arrays, buffer);
  const times = arrays.get(TIMES);
  if (times !== undefined)
    arrays.set(
      TIMES,
      Float64Array.from(times, (t) => t + panel.t0),
    );
  return arrays;
}

/** The buffer of a message; empty where there is none. */
export function asView(buffer: unknown): DataView {
  return buffer instanceof DataView ? buffer : new DataView(new ArrayBuffer(0));
}
