import { nullTranslator } from "@jupyterlab/translation";
import { describe, expect, it } from "vitest";

import { pythonKernel, starterContent } from "./template";

const trans = nullTranslator.load("nengolab");

function spec(name: string, language: string) {
  return { name, language, display_name: name, argv: [], resources: {} };
}

describe("pythonKernel", () => {
  const r = spec("ir", "R");
  const python3 = spec("python3", "python");
  const conda = spec("conda", "Python");

  it("prefers python3 to the default", () => {
    const specs = { default: "conda", kernelspecs: { conda, python3 } };
    expect(pythonKernel(specs)).toBe(python3);
  });

  it("takes another Python where there is no python3, and never another language", () => {
    expect(pythonKernel({ default: "ir", kernelspecs: { ir: r, conda } })).toBe(conda);
    expect(pythonKernel({ default: "ir", kernelspecs: { ir: r } })).toBeUndefined();
    expect(pythonKernel(null)).toBeUndefined();
  });
});

describe("starterContent", () => {
  it("holds text, imports, a network and its Lab, none of it run", () => {
    const { cells } = starterContent(trans, spec("python3", "python"), "lab");
    expect(cells.map((cell) => cell.cell_type)).toEqual(["markdown", "code", "code", "code"]);
    expect(cells[2]?.source).toContain("nengo.Ensemble(100");
    expect(cells[3]?.source).toBe("Lab(net)");
    for (const cell of cells.slice(1)) {
      expect(cell).toMatchObject({ outputs: [], execution_count: null });
    }
  });

  it("holds an empty network that is to be drawn", () => {
    const { cells } = starterContent(trans, spec("python3", "python"), "drawing");
    expect(cells.map((cell) => cell.cell_type)).toEqual(["markdown", "code", "code"]);
    expect(cells[1]?.source).toBe("%load_ext nengolab");
    expect(cells[2]?.source).toMatch(/^%%lab\nimport nengo\n\nwith nengo\.Network\(/);
  });

  it("asks for the kernel by name, or leaves the question to JupyterLab", () => {
    const content = starterContent(trans, spec("python3", "python"), "lab");
    expect(content.metadata.kernelspec?.name).toBe("python3");
    expect(starterContent(trans, undefined, "lab").metadata).toEqual({});
  });
});
