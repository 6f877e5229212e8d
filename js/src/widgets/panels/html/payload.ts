/** Made from nengolab_widgets/panels/html.py by `python js/scripts/generate_messages.py`: change that, not this. */

import { isNumber, oneOf, record, type Check } from "../../decode";

/** What the page draws on: white paper, or the theme's ground; and how high (CSS pixels). */
export interface Payload {
  ground: "white" | "theme";
  height: number;
}

export const isPayload: Check<Payload> = record<Payload>({
  ground: oneOf("white", "theme"),
  height: isNumber,
});
