import { describe, expect, it } from "vitest";

import { make, renewed } from "./dom";

const said = (parent: Element): string[] => [...parent.children].map((c) => c.outerHTML);

describe("renewed", () => {
  it("leaves equal children, and changes the text of those that differ in it alone", () => {
    const parent = make("div");
    renewed(parent, [make("span", "", {}, "one"), make("button", "", { value: "1" }, "two")]);
    const [span, button] = parent.children;
    renewed(parent, [make("span", "", {}, "other"), make("button", "", { value: "1" }, "two")]);
    expect([...parent.children]).toEqual([span, button]);
    expect(parent.children[0]).toBe(span);
    expect(parent.children[1]).toBe(button);
    expect(span.textContent).toBe("other");
  });

  it("puts in anew what has other attributes or children, so that clicks do what it says", () => {
    const parent = make("div");
    renewed(parent, [make("button", "", { value: "1" }, "silent"), make("span", "", {}, "x")]);
    const [button, span] = parent.children;
    const next = [
      make("button", "", { value: "2" }, "silent"),
      make("span", "", {}, make("i", "", {}, "x")),
    ];
    renewed(parent, next);
    expect(parent.children[0]).not.toBe(button);
    expect(parent.children[1]).not.toBe(span);
    renewed(parent, [make("p", "", {}, "alone")]);
    expect(said(parent)).toEqual(["<p>alone</p>"]);
  });
});
