"""What nodes of a NIR graph are called: after the layers and links that they are made of."""

from __future__ import annotations

import re

from nengolab.exporting.parts import SUM, Circuit
from nengolab.names import Taken


def given(taken: Taken, name: str) -> str:
    """A name that none has yet, of letters, digits and underlines."""
    return taken.give(re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "node")


def layer_names(circuit: Circuit, taken: Taken | None = None) -> dict[str, str]:
    """The names of the nodes of layers, by layer; sums have none."""
    taken = Taken() if taken is None else taken
    return {one.name: given(taken, one.name) for one in circuit.layers if one.kind != SUM}
