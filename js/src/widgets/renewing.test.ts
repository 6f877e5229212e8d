import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { make } from "./dom";
import { renew } from "./renewing";

describe("renew", () => {
  let parent: HTMLElement;
  let seen: MutationObserver;

  beforeEach(() => {
    parent = make("div");
    document.body.append(parent);
    seen = new MutationObserver(() => undefined);
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    seen.observe(parent, all);
  });
  afterEach(() => {
    seen.disconnect();
    parent.remove();
  });
  const touched = (): number => seen.takeRecords().length;

  it("touches nothing where nothing differs, and only what does", () => {
    const row = (loss: string) =>
      make("p", "", { title: "run" }, make("b", "", {}, "loss"), make("i", "", {}, loss));
    renew(parent, [row("1"), "words"]);
    touched();
    const [b, i] = parent.querySelectorAll("b, i");
    renew(parent, [row("1"), "words"]);
    expect(touched()).toBe(0);
    renew(parent, [row("2"), "words"]);
    expect(touched()).toBe(1);
    expect(parent.textContent).toBe("loss2words");
    expect([...parent.querySelectorAll("b, i")]).toEqual([b, i]);
  });

  it("knows rows by their keys, whatever comes before them or goes", () => {
    const row = (key: string) => make("li", "", { "data-key": key }, key);
    renew(parent, ["a", "b", "c"].map(row));
    const [, b, c] = parent.children;
    renew(parent, ["new", "b", "c"].map(row));
    expect(parent.children[1]).toBe(b);
    renew(parent, ["c", "b"].map(row));
    expect([...parent.children]).toEqual([c, b]);
  });

  it("keeps a button's deed where it says the same, and takes another's with its words", () => {
    const done: string[] = [];
    const button = (text: string, deed: string) => {
      const made = make("button", "", { type: "button" }, text);
      made.addEventListener("click", () => done.push(deed));
      return made;
    };
    renew(parent, [button("Delete …", "ask")]);
    const old = parent.querySelector("button");
    renew(parent, [button("Delete …", "ask")]);
    expect(parent.querySelector("button")).toBe(old);
    renew(parent, [button("Delete for good", "delete"), button("Keep it", "keep")]);
    for (const one of parent.querySelectorAll("button")) one.click();
    expect(done).toEqual(["delete", "keep"]);
  });

  it("leaves what is being typed, and fills in what nobody is at", () => {
    const field = (value: string) => make("input", "", { type: "text", "aria-label": "n", value });
    renew(parent, [field("1")]);
    const input = parent.querySelector("input");
    if (input === null) throw new Error("no field");
    renew(parent, [field("2")]);
    expect(input.value).toBe("2");
    input.focus();
    input.value = "25";
    input.setSelectionRange(1, 1);
    renew(parent, [make("p", "", {}, "above"), field("3")]);
    expect(document.activeElement).toBe(input);
    expect([input.value, input.selectionStart]).toEqual(["25", 1]);
    input.blur();
    renew(parent, [field("4")]);
    expect(input.value).toBe("4");
  });

  it("leaves what was chosen in a menu, unless the kernel says something else is", () => {
    const menu = (names: string[], chosen = "") => {
      const options = names.map((value) => make("option", "", { value }, value));
      for (const option of options)
        if (option.value === chosen) option.setAttribute("selected", "");
      return make("select", "", { "aria-label": "of" }, ...options);
    };
    renew(parent, [menu(["best", "1", "2"])]);
    const select = parent.querySelector("select");
    if (select === null) throw new Error("no menu");
    select.value = "2";
    renew(parent, [menu(["best", "2", "3"])]);
    expect(parent.querySelector("select")).toBe(select);
    expect(select.value).toBe("2");
    renew(parent, [menu(["best", "2", "3"], "3")]);
    expect(select.value).toBe("3");
    select.value = "best"; // chosen, and on its way to the kernel
    renew(parent, [menu(["best", "2", "3", "4"], "3")]);
    expect(select.value).toBe("best");
  });

  it("leaves open what a person has opened, and ticks what the kernel says", () => {
    const part = (on: boolean) => {
      const box = make("input", "", { type: "checkbox", "aria-label": "on" });
      box.checked = on;
      return make("details", "", {}, make("summary", "", {}, "more"), box);
    };
    renew(parent, [part(false)]);
    const details = parent.querySelector("details");
    if (details === null) throw new Error("no details");
    details.open = true;
    renew(parent, [part(true)]);
    expect(parent.querySelector("details")).toBe(details);
    expect(details.open).toBe(true);
    expect(details.querySelector("input")?.checked).toBe(true);
  });

  it("puts in new pictures, of which the page has no words", () => {
    renew(parent, [make("canvas")]);
    const old = parent.firstChild;
    renew(parent, [make("canvas")]);
    expect(parent.firstChild).not.toBe(old);
  });
});
