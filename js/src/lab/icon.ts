import { LabIcon } from "@jupyterlab/ui-components";

import svgstr from "../../style/nengolab.svg";

/** A neuron whose axon carries a spike. */
export const nengolabIcon = new LabIcon({ name: "nengolab:icon", svgstr });
