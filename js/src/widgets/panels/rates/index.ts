/** The firing-rate plot: lines whose y axis starts at zero, or an image, in Hz. */

import type { PanelKind } from "../../panel";
import { LinesPanel } from "../value";

const STYLE = { zero: true, colors: "amounts", unit: "Hz" } as const;

export default { name: "rates", make: () => new LinesPanel(STYLE) } satisfies PanelKind;
