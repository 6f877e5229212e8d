/** Saving what a panel shows or keeps: CSV, NPZ, PNG, SVG, and the lines of Python that draw it. */

import { Strip } from "./charts/strip";
import { make } from "./dom";
import type { Panel } from "./panel";

type Columns = Record<string, number[]>;

/** Columns as comma-separated lines; one that is shorter leaves its last fields empty. */
export function csv(columns: Columns): string {
  const names = Object.keys(columns);
  const rows = Math.max(0, ...names.map((name) => columns[name].length));
  const quoted = (name: string): string =>
    /[",\n]/.test(name) ? `"${name.replace(/"/g, '""')}"` : name;
  const field = (value: number | undefined): string => (value === undefined ? "" : String(value));
  const lines = Array.from({ length: rows }, (_, i) =>
    names.map((name) => field(columns[name][i])).join(","),
  );
  return [names.map(quoted).join(","), ...lines, ""].join("\n");
}

/** The rows of an interval; columns that are not over time stay whole. */
export function within(columns: Columns, from: number, to: number): Columns {
  const { t } = columns;
  if (t === undefined) return columns;
  const inside = t.map((instant) => instant >= from && instant <= to);
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      values.length === t.length ? values.filter((_, i) => inside[i]) : values,
    ]),
  );
}

/** One column in NumPy's format, version 1.0. */
export function npy(values: number[]): Uint8Array {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }`;
  const head = 10;
  const length = Math.ceil((head + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + 8 * values.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, length - head, true);
  const padded = `${text.padEnd(length - head - 1)}\n`;
  bytes.set(new TextEncoder().encode(padded), head);
  values.forEach((value, i) => view.setFloat64(length + 8 * i, value, true));
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Files in a ZIP archive, not compressed. */
export function zip(files: Record<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(files)) {
    const title = new TextEncoder().encode(name);
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(8, 0x21, true); // 1 January 1980
    common.setUint32(10, crc32(data), true);
    common.setUint32(14, data.length, true);
    common.setUint32(18, data.length, true);
    common.setUint16(22, title.length, true);
    const shared = new Uint8Array(common.buffer);
    parts.push(new Uint8Array([0x50, 0x4b, 3, 4]), shared, title, data);
    const rest = new DataView(new ArrayBuffer(14));
    rest.setUint32(10, offset, true);
    central.push(
      new Uint8Array([0x50, 0x4b, 1, 2, 20, 0]),
      shared,
      new Uint8Array(rest.buffer),
      title,
    );
    offset += 30 + title.length + data.length;
  }
  const size = central.reduce((sum, part) => sum + part.length, 0);
  const count = Object.keys(files).length;
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, count, true);
  end.setUint16(10, count, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return joined([...parts, ...central, new Uint8Array(end.buffer)]);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Columns of what is kept, as `numpy.load` reads them. */
export function npz(columns: Columns): Uint8Array {
  return zip(
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [`${name}.npy`, npy(values)]),
    ),
  );
}

function save(name: string, data: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([data], { type }));
  make("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The picture of a panel as an SVG document: lines where it has them, else its pixels. */
function vector(panel: Panel, body: HTMLElement): string | null {
  const strip = Strip.in(body)?.vector() ?? null;
  if (strip !== null) return strip;
  const picture = panel.picture?.() ?? null;
  if (picture instanceof SVGElement) return new XMLSerializer().serializeToString(picture);
  if (picture === null) return null;
  const size = `width="${picture.width}" height="${picture.height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><image ${size} href="${picture.toDataURL()}"/></svg>`;
}

/** Buttons that save what a panel shows, or of numbers all that it keeps. */
export function exportButtons(
  name: () => string,
  panel: () => Panel | null,
  body: HTMLElement,
  python: () => string,
  shown: () => { from: number; to: number },
): HTMLElement {
  const only = make("input", "", { type: "checkbox" });
  const file = (extension: string): string => `${name().replace(/[^\w.-]+/g, "-")}.${extension}`;
  const columns = (): Columns => {
    const all = panel()?.columns?.() ?? {};
    const { from, to } = shown();
    return only.checked ? within(all, from, to) : all;
  };
  const png = (): void => {
    const picture = panel()?.picture?.() ?? null;
    if (!(picture instanceof HTMLCanvasElement)) return;
    picture.toBlob((blob) => blob !== null && save(file("png"), blob, "image/png"));
  };
  const svg = (): void => {
    const open = panel();
    const text = open === null ? null : vector(open, body);
    if (text !== null) save(file("svg"), text, "image/svg+xml");
  };
  const entries: [string, string, () => void][] = [
    ["CSV", "numbers as text", () => save(file("csv"), csv(columns()), "text/csv")],
    [
      "NPZ",
      "numbers for numpy.load",
      () => save(file("npz"), npz(columns()) as BlobPart, "application/zip"),
    ],
    ["PNG", "the picture", png],
    ["SVG", "the picture, as lines", svg],
    [
      "copy as Python",
      "the lines that draw the same from sim.data",
      () => void navigator.clipboard.writeText(python()),
    ],
  ];
  const buttons = entries.map(([label, title, act]) => {
    const button = make("button", "nl-button", { type: "button", title }, label);
    button.addEventListener("click", act);
    return button;
  });
  const title = "of what is kept only the stretch of time that is shown";
  const choice = make("label", "nl-exports-shown", { title }, only, "only what is shown");
  return make("div", "nl-exports", { role: "group", "aria-label": "save" }, ...buttons, choice);
}
