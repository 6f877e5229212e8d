/** The firing-rate plot: lines whose y axis starts at zero, in Hz. */

import type { PanelKind } from "../../panel";
import { LinesPanel } from "../value";

export default { name: "rates", make: () => new LinesPanel(true) } satisfies PanelKind;
