"""Passes over the functional graph that make fewer operations of more."""

from __future__ import annotations

from nengolab.compiler.graph import Op, Wire

# Only small matrices: large ones are worth a place of their own in the schedule.
MOST_ROWS = 16
# Every matrix is a product of its own in the compiled code; very many are better merged.
MOST_MATRICES = 8


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
