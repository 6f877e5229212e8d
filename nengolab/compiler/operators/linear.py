"""Linear maps: matrices and elementwise gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.operator import DotInc, ElementwiseInc
from nengo.builder.signal import Signal

from nengolab.compiler.graph import Wire

if TYPE_CHECKING:
    from nengolab.compiler.simplify import Simplifier


def _dot(s: Simplifier, op: DotInc) -> None:
    if op.A.ndim != 2 or op.X.ndim != 1:
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    if not s.is_constant(op.A):
        new = s.add_op(op, "dot_signal", tuple(op.A.shape))
        s.connect(new, op.A, op.X)
        s.emit(new, "out", op.Y)
        if op.A.size == op.A.base.size:
            s.products.setdefault(op.A.base, []).append(new.ports["out"])
        return
    weights = s.param(op.A, f"{s.built.name_of(op)}.weights")
    new = s.add_op(op, "dot", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _elementwise(s: Simplifier, op: ElementwiseInc) -> None:
    if op.A.ndim > 1 or op.X.ndim > 1 or op.Y.size != max(op.A.size, op.X.size):
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    if not s.is_constant(op.A):
        new = s.add_op(op, "multiply", ())
        s.when_known(lambda: new.inputs.extend(_spread(s, x, op.Y.size) for x in (op.A, op.X)))
        s.emit(new, "out", op.Y)
        return
    weights = s.param(op.A, f"{s.built.name_of(op)}.gain")
    new = s.add_op(op, "scale", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _spread(s: Simplifier, signal: Signal, size: int) -> Wire:
    """The wire of a signal; a single number is repeated ``size`` times."""
    wire = s.read(signal)
    return wire if wire.size == size else wire.take(np.zeros(size, np.int64))


TRANSLATORS = {DotInc: _dot, ElementwiseInc: _elementwise}
