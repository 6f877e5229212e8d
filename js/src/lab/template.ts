import type { INotebookContent } from "@jupyterlab/nbformat";
import type { KernelSpec } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";

import type { Starter } from "./tokens";

const IMPORTS = `import nengo

from nengolab_widgets import Lab`;

const NETWORK = `with nengo.Network(label="My first network", seed=1) as net:
    stimulus = nengo.Node([0.5], label="stimulus")
    neurons = nengo.Ensemble(100, dimensions=1, neuron_type=nengo.LIF(), label="neurons")
    nengo.Connection(stimulus, neurons)`;

const LAB = "Lab(net)";

const EXTENSION = "%load_ext nengolab";

const DRAWING = `%%lab
import nengo

with nengo.Network(seed=0) as model:
    pass`;

/**
 * Return the notebook that a person starts from.
 *
 * @param trans - Translates its text; code stays as it is.
 * @param kernel - The kernel it asks for; JupyterLab asks the person when there is none.
 * @param starter - A network and its Lab, or an empty one that is to be drawn.
 */
export function starterContent(
  trans: TranslationBundle,
  kernel: KernelSpec.ISpecModel | undefined,
  starter: Starter,
): INotebookContent {
  const [title, text] =
    starter === "lab"
      ? [
          trans.__("A spiking network, live"),
          trans.__(
            "Run the cells below with Shift+Enter. Then press play in the Lab and drag the slider of the stimulus: 100 spiking neurons follow it.",
          ),
        ]
      : [
          trans.__("A network by drawing"),
          trans.__(
            "Run the cells below with Shift+Enter. Then add an input and an ensemble, and drag from the arrow of one to the other: the second cell is the code of what is drawn, and can be written in, too.",
          ),
        ];
  const code = (id: string, source: string) => ({
    id,
    cell_type: "code" as const,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  });
  return {
    metadata: kernel
      ? {
          kernelspec: { name: kernel.name, display_name: kernel.display_name },
          language_info: { name: kernel.language },
        }
      : {},
    nbformat: 4,
    nbformat_minor: 5,
    cells: [
      { id: "introduction", cell_type: "markdown", metadata: {}, source: `# ${title}\n\n${text}` },
      ...(starter === "lab"
        ? [code("imports", IMPORTS), code("network", NETWORK), code("lab", LAB)]
        : [code("extension", EXTENSION), code("drawing", DRAWING)]),
    ],
  };
}

/**
 * Return the kernel that a starter notebook runs on: "python3", else the server's default if that
 * is Python, else any that is.
 */
export function pythonKernel(
  specs: KernelSpec.ISpecModels | null,
): KernelSpec.ISpecModel | undefined {
  const all = specs?.kernelspecs ?? {};
  const candidates = [all["python3"], all[specs?.default ?? ""], ...Object.values(all)];
  return candidates.find((spec) => spec?.language.toLowerCase() === "python");
}
