/** Membrane voltage and other signals of neurons: lines, or rows of an image. */

import type { PanelKind } from "../../panel";
import { LinesPanel } from "../value";

const STYLE = { zero: false, colors: "amounts", unit: "" } as const;

export default { name: "signal", make: () => new LinesPanel(STYLE) } satisfies PanelKind;
