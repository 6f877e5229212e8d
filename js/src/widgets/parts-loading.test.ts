import { gzipSync, strToU8 } from "fflate";
import { describe, expect, it } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { Parts } from "./parts";

const packed = (text: string): DataView => {
  const bytes = gzipSync(strToU8(text));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

describe("Parts", () => {
  it("asks once a page for a version, however many want it", async () => {
    const asked: string[] = [];
    const { signal } = lifeOfTest();
    const [one, other] = [0, 1].map(() => new Parts((name) => asked.push(name), signal));
    const loads = [one.load("part-a", "1"), other.load("part-a", "1")];
    expect(asked).toEqual(["part-a"]);
    other.take("part-a", "no such part", packed(""));
    for (const load of loads) await expect(load).rejects.toThrow("no such part");
    // What was refused is asked for anew.
    one.load("part-a", "1").catch(() => undefined);
    expect(asked).toEqual(["part-a", "part-a"]);
    other.take("part-a", "gone", packed(""));
  });

  it("tells versions apart", () => {
    const asked: string[] = [];
    const life = lifeOfTest();
    const parts = new Parts((name) => asked.push(name), life.signal);
    for (const digest of ["1", "2"]) parts.load("part-b", digest).catch(() => undefined);
    expect(asked.length).toBe(2);
    life.abort();
  });
});
