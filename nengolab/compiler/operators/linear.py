"""Linear maps: matrices, sparse matrices, convolutions and elementwise gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.operator import DotInc, ElementwiseInc, Operator, SparseDotInc
from nengo.builder.signal import Signal
from nengo.builder.transforms import ConvInc, ConvTransposeInc, GeneralConvInc
from nengo.transforms import SparseMatrix

from nengolab.kernels.convolution import Geometry
from nengolab.kernels.sparse import Pattern

if TYPE_CHECKING:
    from nengolab.compiler.simplify import Simplifier


def _dot(s: Simplifier, op: DotInc) -> None:
    _require_constant(s, op, op.A)
    if op.A.ndim != 2 or op.X.ndim != 1:
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    weights = s.param(op.A, f"{s.built.name_of(op)}.weights")
    new = s.add_op(op, "dot", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _sparse(s: Simplifier, op: SparseDotInc) -> None:
    _require_constant(s, op, op.A)
    matrix = op.A.initial_value
    matrix = (matrix.allocate() if isinstance(matrix, SparseMatrix) else matrix).tocsr()
    # The parameter is the vector of the nonzeros: the matrix itself might not fit in memory.
    weights = s.param(op.A, f"{s.built.name_of(op)}.weights", np.asarray(matrix.data, float))
    new = s.add_op(op, "sparse_dot", (*matrix.shape, len(s.ops)), params={"weights": weights})
    new.pattern = Pattern(matrix)
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _elementwise(s: Simplifier, op: ElementwiseInc) -> None:
    _require_constant(s, op, op.A)
    if op.A.ndim > 1 or op.X.ndim > 1 or op.Y.size != max(op.A.size, op.X.size):
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    weights = s.param(op.A, f"{s.built.name_of(op)}.gain")
    new = s.add_op(op, "scale", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _convolution(s: Simplifier, op: GeneralConvInc) -> None:
    _require_constant(s, op, op.W)
    conv = op.conv
    geometry = Geometry(
        conv.input_shape.spatial_shape,
        conv.output_shape.spatial_shape,
        conv.kernel_size,
        conv.strides,
        conv.input_shape.n_channels,
        conv.output_shape.n_channels,
        conv.groups,
        conv.padding == "same",
        conv.channels_last,
        op.is_transpose,
    )
    weights = s.param(op.W, f"{s.built.name_of(op)}.weights")
    new = s.add_op(op, "convolve", (geometry,), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _require_constant(s: Simplifier, op: Operator, signal: Signal) -> None:
    if not s.is_constant(signal):
        raise s.no_kernel(op, f"{signal.name} changes while the network runs")


TRANSLATORS = {
    DotInc: _dot,
    ElementwiseInc: _elementwise,
    SparseDotInc: _sparse,
    ConvInc: _convolution,
    ConvTransposeInc: _convolution,
}
