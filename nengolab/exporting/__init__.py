"""Networks for hardware and other programs.

*Described.* A simulator's network becomes a `Circuit`: layers (inputs, sums, neurons, outputs) in
the order in which a step computes them, and links with weights and synapses (`describing`); what
that cannot say is refused by name. `merging` makes it smaller: constants into biases, Nodes that
only pass on, and with ``fold`` gains and encoders into weights.

*Written.* A bundle is a folder with the circuit in files (`manifest`, `files`), a script of under
100 lines that runs it with NumPy, made of the functions in `reference` that it needs (`scripts`),
and what the simulator put out, to compare with. `quantising` makes whole numbers of it, which
`integers` runs in another way.

*Counted.* `energy` counts synaptic operations and updates of neurons.
"""

from nengolab.exporting.bundle import Bundle, Compared, as_values, export, read_bundle
from nengolab.exporting.energy import DEVICES, Device, Energy, LayerOperations, estimate_energy

__all__ = [
    "DEVICES",
    "Bundle",
    "Compared",
    "Device",
    "Energy",
    "LayerOperations",
    "as_values",
    "estimate_energy",
    "export",
    "read_bundle",
]
