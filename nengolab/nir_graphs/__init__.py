"""Networks to and from NIR, the neuromorphic intermediate representation.

`writing` makes a graph of a `Circuit` (`nengolab.exporting`), `layouts` saying which layers are
images and in which order NIR has them; `reading` makes a network of a graph, whose nodes and shapes
`graphs` checks. `fidelity` runs both.
"""

from nengolab.nir_graphs.fidelity import Fidelity, OutputFidelity, compare
from nengolab.nir_graphs.reading import from_nir
from nengolab.nir_graphs.writing import to_nir

__all__ = ["Fidelity", "OutputFidelity", "compare", "from_nir", "to_nir"]
