"""Stage 2, simplify: Nengo's operators over shared signals -> operations over wires.

Resets, copies, slices and passthrough nodes disappear into the wires; what stays is what computes.
Each Nengo operator type has one translator in ``operators/``; one without is a ``BuildError``.
"""

from __future__ import annotations

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.node import SimPyFunc
from nengo.builder.operator import Operator
from nengo.builder.processes import SimProcess
from nengo.node import Node

from nengolab.compiler import own_neurons
from nengolab.compiler.build import Built
from nengolab.compiler.fusing import share_inputs, without_idle
from nengolab.compiler.graph import Graph, Op, Param, Source
from nengolab.compiler.operators import TRANSLATORS, learning
from nengolab.compiler.operators.python import is_tied, reads_network, traces, verdict
from nengolab.compiler.translation import Translation
from nengolab.exceptions import BuildError

_COMPUTED = ("weights", "encoders", "bias", "gain", "constant")


def simplify(
    built: Built,
    functions: str = "auto",
    demoted: frozenset[Operator] = frozenset(),
    fed: frozenset[Node] = frozenset(),
) -> Graph:
    """Translate a built model.

    Parameters
    ----------
    built : Built
    functions : {"auto", "traced", "callback"}
        How Python functions run; see ``configure_settings``.
    demoted : set of nengo.builder.Operator
        Those whose functions are not to be traced, because what they read keeps changing.
    fed : set of nengo.Node
        Those that are given data: inputs, though their own functions would take their turn among
        others.

    Raises
    ------
    BuildError
        Naming the object and the operator, for an operator that has no kernel.
    """
    s = Translation(built, functions, demoted, fed)
    s.traces, s.untraced = traces(s)
    s.ordered = _order_matters(s)
    s.learned = learning.prepare(s)
    for op in s.model.operators:
        translate = TRANSLATORS.get(type(op))
        if translate is None:
            raise s.no_kernel(op)
        translate(s, op)
    # Wires are resolved once every writer of every signal is known; a rule's delta becomes an
    # operation, with inputs of its own, when something is found to read it.
    probes = {p: s.read_after(s.model.sig[p]["in"]) for p in s.model.probes}
    for fill in s.later:
        fill()
    ops, idle = without_idle(s.ops, s.sources, probes)
    ops = share_inputs(ops)
    for i, op in enumerate(ops):
        op.index = i
    _check_values(ops, s.sources)
    return Graph(ops, s.sources, probes, s.read, s.model, s.model.dt, s.calls, idle)


def _check_values(ops: list[Op], sources: list[Source]) -> None:
    """What is no number at the start would be none at the first step, and harder to name."""
    params = [p for op in ops for p in op.params.values()]
    for source in [*params, *sources]:
        value = getattr(source, "value", None)
        if value is None or np.asarray(value).dtype.kind not in "fc":
            continue
        # A bound on a voltage may be infinite; what is multiplied or added may not.
        bounds = isinstance(source, Param) and source.role not in _COMPUTED
        if np.isnan(value).any() or not (bounds or np.isfinite(value).all()):
            count = int(np.size(value) - np.isfinite(value).sum())
            raise BuildError(
                f"{source.name}: {count} of {np.size(value)} values are NaN or infinite; the "
                "network was given them, or a solver found them"
            )


def _order_matters(s: Translation) -> bool:
    """Whether some Python code that reads the network may be tied to other code."""
    neurons = any(
        isinstance(op, SimNeurons) and own_neurons.is_tied(op) for op in s.model.operators
    )
    called = [
        op
        for op in s.model.operators
        if isinstance(op, (SimPyFunc, SimProcess)) and op not in s.traces
    ]
    if not neurons and not any(is_tied(op, s.model.dt) for op in called):
        return False
    return neurons or any(
        reads_network(op, s.model.dt) and verdict(op).level != "pure" for op in called
    )
