"""Translators, one file per family: Nengo's operators -> operations of the functional graph.

Each file has a table ``TRANSLATORS``: operator type -> ``translate(simplifier, operator)``. A
translator adds operations, sources and wires; an operator type that no table names has no kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nengolab.compiler.operators import learning, linear, neurons, python, tensor, wiring

TRANSLATORS: dict[type, Callable[[Any, Any], None]] = {
    **wiring.TRANSLATORS,
    **linear.TRANSLATORS,
    **neurons.TRANSLATORS,
    **python.TRANSLATORS,
    **learning.TRANSLATORS,
    **tensor.TRANSLATORS,
}
