import { expect, it, vi } from "vitest";

import { lifeOfTest } from "./charts/fakes";
import type { WidgetModel } from "./host";
import { Link } from "./link";

it("goes without a word where the notebook is closed", () => {
  const send = vi.fn(() => {
    throw new Error("Cannot send");
  });
  const model = { send, get: () => "key" } as unknown as WidgetModel;
  const link = new Link(model, () => ({ type: "bye", view: "1" }), lifeOfTest().signal);
  link.part({ type: "bye", view: "1" });
  expect(send).toHaveBeenCalledOnce();
  // What a person does there is not lost in silence.
  expect(() => link.send({ type: "bye", view: "1" })).toThrow("Cannot send");
});
