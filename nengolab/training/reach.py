"""What reaches a probe, and how late: what to tell a person before a fit that learns nothing."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nengolab.compiler.graph import Graph, Input, Op, Param, Port, Source, Wire
from nengolab.names import listing


@dataclass(frozen=True)
class Way:
    """The way of a source to a probe that takes the fewest steps.

    Attributes
    ----------
    late : tuple of str
        What it passes that puts out in each step what it was given in the step before (synapses).
    differentiated : bool
        Whether a gradient comes back to it, on whatever way.
    """

    late: tuple[str, ...]
    differentiated: bool


def ways(graph: Graph, wire: Wire) -> dict[Source, Way]:
    """Every parameter and input that reaches ``wire``, and how."""
    sources = _walked(graph, wire, lambda op: True)
    closed = _walked(graph, wire, lambda op: op.call is None)
    return {s: Way(late, s in closed) for s, late in sources.items() if not isinstance(s, Port)}


def _walked(graph: Graph, wire: Wire, passes: Callable[[Op], bool]) -> dict[Source, tuple]:
    """Sources upstream of a wire with what delays them, by fewest delays."""
    found: dict[Source, tuple[str, ...]] = {}
    queue: deque[tuple[Source, tuple[str, ...]]] = deque((s, ()) for s in _read(graph, [wire]))
    while queue:
        source, late = queue.popleft()
        if source in found:
            continue
        found[source] = late
        if not isinstance(source, Port) or not passes(source.op):
            continue
        op = source.op
        late = (op.name, *late) if source.delayed else late
        found |= {p: late for p in op.params.values() if p not in found}
        step = queue.append if source.delayed else queue.appendleft
        for before in _read(graph, op.inputs):
            step((before, late))
    return found


def _read(graph: Graph, wires: Iterable[Wire]) -> Iterator[Source]:
    for wire in wires:
        for number in wire.numbers:
            yield graph.sources[int(number)]


def unreached(
    graph: Graph, probes: dict[str, Any], trained: Callable[[str], bool], fed: Any, n_steps: int
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
    """
    told = []
    known = {alias: ways(graph, graph.probes[probe]) for alias, probe in probes.items()}
    without = [
        alias
        for alias, of in known.items()
        if not any(isinstance(s, Param) and trained(s.name) and w.differentiated
                   for s, w in of.items())
    ]  # fmt: skip
    if 0 < len(without) < len(known):  # of all of them, the gradient itself is asked
        told.append(
            f"no trainable parameter has any effect on what {listing(without)} sees, so that loss "
            "will not change; sim.parameters shows what is trainable, and why not"
        )
    for alias, of in known.items():
        late = [
            w.late
            for s, w in of.items()
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
