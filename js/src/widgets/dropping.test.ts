import { expect, it, vi } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import { MOST_BYTES, takeModels } from "./dropping";

function dropped(file: File, taken = false) {
  const root = document.createElement("div");
  const [send, say] = [vi.fn(), vi.fn()];
  const life = lifeOfTest();
  const question = takeModels(root, send, say, life.signal);
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { types: ["Files"], files: [file] } });
  if (taken) event.preventDefault();
  root.dispatchEvent(event);
  return { send, say, question, event, life };
}

const buttons = (question: HTMLElement) => [...question.querySelectorAll("button")];

it("asks before it sends a model, and sends its bytes", async () => {
  const { send, say, question, event } = dropped(new File(["bytes"], "<b>.keras"));
  expect(event.defaultPrevented).toBe(true);
  expect(question.hidden).toBe(false);
  expect(question.querySelector("b")).toBeNull();
  expect(send).not.toHaveBeenCalled();
  buttons(question)[0].click();
  await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
  const message = { type: "open_model", name: "<b>.keras", data: btoa("bytes") };
  expect(send).toHaveBeenCalledWith(message);
  expect(question.hidden).toBe(true);
  expect(say).not.toHaveBeenCalled();
});

it("sends nothing where a person leaves it", () => {
  const { send, question } = dropped(new File(["bytes"], "a.keras"));
  buttons(question)[1].click();
  expect(question.hidden).toBe(true);
  expect(send).not.toHaveBeenCalled();
});

it("says what it does not open, and leaves to a panel what that has taken", () => {
  const other = dropped(new File(["x"], "model.h5"));
  expect(other.say).toHaveBeenCalledWith("A Lab opens .keras files; model.h5 is none.");
  const large = new File(["x"], "large.keras");
  Object.defineProperty(large, "size", { value: MOST_BYTES + 1 });
  expect(dropped(large).say.mock.calls[0][0]).toContain("up to 14 MB are read here");
  const taken = dropped(new File(["x"], "a.keras"), true);
  expect(taken.question.hidden).toBe(true);
});

function dragged(type: string, data: Record<string, unknown>) {
  const root = document.createElement("div");
  const [send, say] = [vi.fn(), vi.fn()];
  const question = takeModels(root, send, say, lifeOfTest().signal);
  const event = new Event(type, { bubbles: true, cancelable: true });
  const mimeData = { hasData: (mime: string) => mime in data, getData: (m: string) => data[m] };
  Object.assign(event, { mimeData, proposedAction: "move", dropAction: "none" });
  root.dispatchEvent(event);
  return { send, say, question, event };
}

const PATHS = "application/x-jupyter-icontents";

it("takes files of JupyterLab's browser by their path, once that is confirmed", async () => {
  const over = dragged("lm-dragover", { [PATHS]: ["RTC:models/a.keras"] });
  expect(over.event).toMatchObject({ defaultPrevented: true, dropAction: "move" });
  const { send, question } = dragged("lm-drop", { [PATHS]: ["b.txt", "RTC:models/a.keras"] });
  expect(question.textContent).toContain("Open a.keras here?");
  expect(send).not.toHaveBeenCalled();
  buttons(question)[0].click();
  await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
  expect(send).toHaveBeenCalledWith({
    type: "open_model",
    name: "a.keras",
    path: "models/a.keras",
  });
  const other = dragged("lm-drop", { [PATHS]: ["b.txt"] });
  expect(other.say).toHaveBeenCalledWith("A Lab opens .keras files; b.txt is none.");
  // What else JupyterLab drags goes to whom it is meant for.
  expect(dragged("lm-dragenter", { "application/cells": [] }).event.defaultPrevented).toBe(false);
});
