"""Passes over the functional graph that make fewer operations of more."""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.compiler.graph import Op, Port, Source, Wire

# Only small matrices: large ones are worth a place of their own in the schedule.
MOST_ROWS = 16
# Every matrix is a product of its own in the compiled code; very many are better merged.
MOST_MATRICES = 8


_PRODUCTS = ("dot", "scale", "sparse_dot", "convolve")


def without_idle(
    ops: list[Op], sources: list[Source], probes: dict[Any, Wire]
) -> tuple[list[Op], list[Op]]:
    """Leave out products with nothing, which are 0: operations that stay, and those left out.

    An ensemble of which only the neurons are connected has encoders that multiply nothing; they
    would cost a pass over all neurons in each step. Wires (of ``ops`` and ``probes``) lose them.
    """
    idle: list[Op] = []
    number = {s: n for n, s in enumerate(sources) if isinstance(s, Port)}
    while True:
        found = [op for op in ops if op.kernel in _PRODUCTS and not len(op.inputs[0].src)]
        if not found:
            return ops, idle
        idle += found
        gone = np.array([number[p] for op in found for p in op.ports.values() if p in number])
        ops = [op for op in ops if op not in found]
        for op in found:
            for param in op.params.values():
                param.idle = True
        for op in ops:
            op.inputs = [_without(wire, gone) for wire in op.inputs]
        for probe, wire in probes.items():
            probes[probe] = _without(wire, gone)


def _without(wire: Wire, gone: np.ndarray) -> Wire:
    """A wire without the terms from the sources of these numbers."""
    if not np.isin(wire.numbers, gone).any():
        return wire
    kept = ~np.isin(wire.src, gone)
    return Wire(wire.size, wire.pos[kept], wire.src[kept], wire.idx[kept])


def share_inputs(ops: list[Op]) -> list[Op]:
    """Make one operation of small matrices that multiply the same vector.

    An ensemble that is decoded for several functions is then read once, and what decodes it lines
    up with the ensemble itself when both are merged with their like. Since they read the same, no
    path becomes a cycle. Parameters keep their names; ports move to the first operation.
    """
    first: dict[tuple, Op] = {}
    kept = []
    for op in ops:
        if op.kernel != "dot" or op.params["weights"].value.shape[0] > MOST_ROWS:
            kept.append(op)
            continue
        key = _key(op.inputs[0])
        into = first.setdefault(key, op)
        if len(into.params) == MOST_MATRICES:
            into = first[key] = op
        if into is op:
            kept.append(op)
            continue
        number = len(into.params)
        into.params[f"weights{number}"] = op.params["weights"]
        port = op.ports["out"]
        port.op, port.name = into, f"out{number}"
        into.ports[port.name] = port
    return kept


def _key(wire: Wire) -> tuple:
    return wire.size, wire.pos.tobytes(), wire.src.tobytes(), wire.idx.tobytes()
