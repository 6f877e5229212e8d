/** Runs again for each file of tests, also where all of them share one page and its modules. */

import { afterEach } from "vitest";

import { endLives } from "./widgets/charts/fakes";

afterEach(endLives);
