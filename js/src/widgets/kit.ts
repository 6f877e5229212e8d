/** Parts of which panels are made; kinds from outside get them as `context.kit`. */

import { Lines } from "./charts/lines";
import { CalmRange } from "./charts/range";
import { Series } from "./charts/series";
import { Strip } from "./charts/strip";
import { make, setText } from "./dom";
import { lineStyle } from "./theme";

export const kit = { make, setText, lineStyle, CalmRange, Lines, Series, Strip };

export type Kit = typeof kit;
