"""What reaches a probe, and how late: what to tell a person before a fit that learns nothing."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from nengolab.compiler.graph import Graph, Input, Op, Param, Port, Source, Wire
from nengolab.kernels.tensor import reached
from nengolab.names import listing

# Inputs, and parameters by role, of one operation.
Read = tuple[Iterable[Wire], dict[str, Param]]


def delays(graph: Graph, wire: Wire) -> dict[Source, tuple[str, ...]]:
    """Every parameter and input that reaches ``wire``, by the way that takes the fewest steps.

    Each with what it passes that puts out in a step what it was given in the one before (synapses).
    """
    return _walked(graph, wire, lambda op: (op.inputs, op.params))


def learning(graph: Graph, wire: Wire, batch: int, dtype: str) -> set[str]:
    """Names of the parameters to which a gradient comes back from ``wire``, on whatever way."""
    found = _walked(graph, wire, partial(_differentiated, batch=batch, dtype=dtype))
    return {source.name for source in found if isinstance(source, Param)}


def _differentiated(op: Op, batch: int, dtype: str) -> Read:
    """Inputs and parameters of an operation to which the gradient of its output comes back."""
    if op.call is not None:
        return [], {}
    if op.kernel != "tensor":
        return op.inputs, op.params
    to_input, roles = reached(op.static[0], batch, dtype)
    return op.inputs if to_input else [], {r: p for r, p in op.params.items() if r in roles}


def _walked(graph: Graph, wire: Wire, reads: Callable[[Op], Read]) -> dict[Source, tuple]:
    """Sources upstream of a wire with what delays them, by fewest delays."""
    found: dict[Source, tuple[str, ...]] = {}
    queue: deque[tuple[Source, tuple[str, ...]]] = deque((s, ()) for s in _read(graph, [wire]))
    while queue:
        source, late = queue.popleft()
        if source in found:
            continue
        found[source] = late
        if not isinstance(source, Port):
            continue
        op = source.op
        inputs, params = reads(op)
        late = (op.name, *late) if source.delayed else late
        found |= {p: late for p in params.values() if p not in found}
        step = queue.append if source.delayed else queue.appendleft
        for before in _read(graph, inputs):
            step((before, late))
    return found


def _read(graph: Graph, wires: Iterable[Wire]) -> Iterator[Source]:
    for wire in wires:
        for number in wire.numbers:
            yield graph.sources[int(number)]


def unreached(
    graph: Graph,
    probes: dict[str, Any],
    trained: Callable[[str], bool],
    fed: Any,
    n_steps: int,
    batch: int,
    dtype: str,
) -> list[str]:
    """What to tell a person of probes on which a fit of ``n_steps`` cannot learn.

    Parameters
    ----------
    graph : Graph
        To be differentiated.
    probes : dict
        Probes on which it is to learn, by alias.
    trained : callable
        Whether the parameter of a name is trained.
    fed : collection of nengo.Node
        Empty: all inputs count.
    n_steps : int
    batch : int
    dtype : str
    """
    told = []
    # Of one probe alone, or of all of them, the gradient itself is asked.
    without = [
        alias
        for alias, probe in probes.items()
        if len(probes) > 1
        and not any(map(trained, learning(graph, graph.probes[probe], batch, dtype)))
    ]
    if 0 < len(without) < len(probes):
        told.append(
            f"no gradient of what {listing(without)} sees reaches a trainable parameter, so "
            "nothing is learned of that loss; sim.parameters shows what is trainable, and why not"
        )
    for alias, probe in probes.items():
        late = [
            names
            for s, names in delays(graph, graph.probes[probe]).items()
            if isinstance(s, Input) and not isinstance(s.owner, str) and (not fed or s.owner in fed)
        ]
        if late and all(len(names) >= n_steps for names in late):
            names = min(late, key=len)
            told.append(
                f"in {n_steps} step{'s' * (n_steps > 1)} nothing that is put in reaches {alias!r}: "
                f"synapses hide it ({listing(dict.fromkeys(names))}; each puts out what it was "
                f"given the step before); train with at least {len(names) + 1} steps, or "
                "with synapse=None where time is of no matter"
            )
    return told


def warn_of_no_gradient(probes: Iterable[str]) -> None:
    """As Keras does where nothing is to be trained; loss and metrics are computed all the same."""
    warnings.warn(
        f"no gradient of the loss of {listing(probes)} reaches a trainable parameter, so nothing "
        "is learned; sim.parameters shows what is trainable, and why not",
        stacklevel=2,
    )
