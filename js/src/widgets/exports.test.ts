import { describe, expect, it } from "vitest";

import { SvgContext } from "./charts/svg";
import { csv, npy, npz, within } from "./exports";

describe("csv", () => {
  it("writes columns side by side", () => {
    expect(csv({ t: [0.1, 0.2], "a,b": [1, NaN] })).toBe('t,"a,b"\n0.1,1\n0.2,NaN\n');
    expect(csv({})).toBe("\n");
    expect(csv({ t: [1, 2], y: [3] })).toBe("t,y\n1,3\n2,\n");
  });
});

describe("within", () => {
  it("has the rows of an interval, and what is not over time as it is", () => {
    const columns = { t: [0.1, 0.2, 0.3], y0: [1, 2, 3], frequency: [5, 10] };
    expect(within(columns, 0.15, 0.3)).toEqual({ t: [0.2, 0.3], y0: [2, 3], frequency: [5, 10] });
    expect(within({ edges: [0, 1] }, 0, 1)).toEqual({ edges: [0, 1] });
  });
});

describe("npy", () => {
  it("has NumPy's header, on a multiple of 64 bytes, and the numbers", () => {
    const bytes = npy([1.5, -2]);
    const view = new DataView(bytes.buffer);
    const start = 10 + view.getUint16(8, true);
    expect(start % 64).toBe(0);
    expect(new TextDecoder().decode(bytes.slice(10, start))).toContain("'shape': (2,)");
    expect([view.getFloat64(start, true), view.getFloat64(start + 8, true)]).toEqual([1.5, -2]);
  });
});

describe("npz", () => {
  it("is an archive with one file a column", () => {
    const bytes = npz({ t: [1], y0: [2] });
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text.startsWith("PK\u0003\u0004")).toBe(true);
    expect(text.match(/(t|y0)\.npy/g)).toHaveLength(4);
    const end = new DataView(bytes.buffer, bytes.length - 22);
    expect(end.getUint32(0, true)).toBe(0x06054b50);
    expect(end.getUint16(10, true)).toBe(2);
  });
});

describe("SvgContext", () => {
  it("writes what is drawn, with text as text", () => {
    const context = new SvgContext();
    context.strokeStyle = "#123456";
    context.setLineDash([4, 2]);
    context.beginPath();
    context.moveTo(0, 1);
    context.lineTo(2.123, 3);
    context.stroke();
    context.save();
    context.translate(5, 6);
    context.fillText("<b> & c", 1, 2);
    context.restore();
    context.fillRect(1, 2, 3, 4);
    const [line, text, rect] = context.parts;
    expect(line).toContain('d="M0 1L2.12 3"');
    expect(line).toContain('stroke="#123456"');
    expect(line).toContain('stroke-dasharray="4 2"');
    expect(text).toContain("translate(5 6)");
    expect(text).toContain("&lt;b&gt; &amp; c");
    expect(rect).toContain('<rect x="1" y="2" width="3" height="4"');
    expect(rect).not.toContain("translate");
  });
});
