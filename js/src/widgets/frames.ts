/** Decoding of binary frames: typed views of the received buffer, without copies. */

import type { ArrayEntry, PlotEntry } from "./messages";

export type FrameArray = Float64Array | Float32Array | Uint32Array;

const CONSTRUCTORS = {
  float64: Float64Array,
  float32: Float32Array,
  uint32: Uint32Array,
} as const;

function isKnown(dtype: string): dtype is keyof typeof CONSTRUCTORS {
  return dtype in CONSTRUCTORS;
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

/** The arrays of one plot, by name. */
export function decodePlot(plot: PlotEntry, buffer: DataView): Map<string, FrameArray> {
  return new Map(plot.arrays.map((entry) => [entry.name, decodeArray(entry, buffer)]));
}

/** Column `dim` of an array of shape (k, dims). */
export function column(values: FrameArray, dims: number, dim: number): Float32Array {
  const rows = dims > 0 ? Math.floor(values.length / dims) : 0;
  const out = new Float32Array(rows);
  for (let row = 0; row < rows; row++) out[row] = values[row * dims + dim];
  return out;
}
