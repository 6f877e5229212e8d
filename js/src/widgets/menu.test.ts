import { describe, expect, it, vi } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { LabMenu } from "./menu";
import type { Offer, PageMessage } from "./messages";
import { Picker } from "./picker";
import type { StreamStats } from "./stream";

const STATS: StreamStats = {
  frames: 10,
  drawn: 9,
  dropped: 1,
  bytes: 2 ** 20,
  credit: 4,
  roundTripMs: 31.4,
  framesPerSecond: 59.6,
};

// The page of the tests does not scroll.
Element.prototype.scrollIntoView = vi.fn();

describe("LabMenu", () => {
  const open = (askCode = vi.fn()): LabMenu => {
    const host = { stats: () => STATS, share: () => 0.987, askCode };
    const menu = new LabMenu(host, lifeOfTest().signal);
    menu.button.click();
    return menu;
  };

  it("is closed at first, and says how fast the panel is", () => {
    const menu = open();
    expect(menu.element.hidden).toBe(false);
    expect(menu.element.textContent).toContain("60 / s");
    expect(menu.element.textContent).toContain("31 ms");
    menu.button.click();
    expect(menu.element.hidden).toBe(true);
  });

  it("asks for the code, and shows it where a page may not copy", async () => {
    const ask = vi.fn();
    const menu = open(ask);
    menu.element.querySelector("button")?.click();
    expect(ask).toHaveBeenCalledOnce();
    vi.stubGlobal("navigator", {});
    await menu.take("lab = Lab(net)");
    vi.unstubAllGlobals();
    expect(menu.element.querySelector("pre")?.hidden).toBe(false);
    expect(menu.element.querySelector("pre")?.textContent).toBe("lab = Lab(net)");
  });

  it("says that it has copied", async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const menu = open();
    await menu.take("lab = Lab(net)");
    vi.unstubAllGlobals();
    expect(writeText).toHaveBeenCalledWith("lab = Lab(net)");
    expect(menu.element.querySelector("button")?.textContent).toBe("copied");
    expect(menu.element.querySelector("pre")?.hidden).toBe(true);
  });
});

describe("Picker", () => {
  it("asks what there is where that is not known yet, and then offers it", () => {
    const sent: PageMessage[] = [];
    const picker = new Picker((message) => sent.push(message));
    picker.update([], false);
    picker.element.querySelector("button")?.click();
    expect(sent).toEqual([{ type: "ask_offers" }]);
    expect(picker.element.textContent).toContain("Looking at what there is");
    const offer: Offer = {
      object: "object-0",
      label: "ens",
      group: "",
      kinds: [{ name: "value", label: "value" }],
    };
    picker.update([offer], false);
    expect(picker.element.textContent).toContain("ens");
    expect(picker.element.textContent).not.toContain("Looking");
    // Nothing is added where nobody would do it.
    picker.enable(false);
    expect(picker.element.querySelector("button")?.disabled).toBe(true);
    expect(picker.element.querySelector<HTMLElement>(".nl-picker")?.hidden).toBe(true);
    picker.enable(true);
    expect(picker.element.querySelector("button")?.disabled).toBe(false);
  });
});
