"""Linear maps: matrices, sparse matrices, convolutions and elementwise gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.operator import DotInc, ElementwiseInc, Operator, SparseDotInc
from nengo.builder.signal import Signal
from nengo.builder.transforms import ConvInc, ConvTransposeInc, GeneralConvInc
from nengo.transforms import SparseMatrix
from scipy.sparse import csr_matrix

from nengolab.compiler.graph import Wire
from nengolab.compiler.signals import elements
from nengolab.kernels.convolution import Geometry
from nengolab.kernels.sparse import Pattern
from nengolab.layers.keras_weights import Ones

if TYPE_CHECKING:
    from nengolab.compiler.translation import Translation


def _added(s: Translation, X: Signal, Y: Signal, weights: Signal, each: np.ndarray) -> bool:
    """Add weights from ones as they are, the number ``each`` of them to each element of ``Y``.

    False where ``X`` is no ones: then there is something to multiply.
    """
    owner, role = s.signal_names.get(X, (None, None))
    if not isinstance(owner, Ones) or role != "out" or not s.is_constant(weights):
        return False
    param = s.param(weights, f"{s.name_of_signal(weights)}.weights")
    number = np.full(len(each), s.add_source(param), np.int64)
    wire = Wire(len(each), np.arange(len(each)), number, each)
    s.writers.setdefault(Y.base, []).append((elements(Y), wire))
    return True


def _dot(s: Translation, op: DotInc) -> None:
    if op.A.shape[1:] == (1,) and op.A is op.A.base:
        if _added(s, op.X, op.Y, op.A, np.arange(op.A.shape[0])):
            return
    if op.A.ndim != 2 or op.X.ndim != 1:
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    if not s.is_constant(op.A):
        new = s.add_op(op, "dot_signal", tuple(op.A.shape))
        s.connect(new, op.A, op.X)
        s.emit(new, "out", op.Y)
        if op.A.size == op.A.base.size:
            s.products.setdefault(op.A.base, []).append(new.ports["out"])
        return
    block = _block(op.A)
    whole = op.A if block is None else op.A.base
    weights = s.param(whole, f"{s.built.name_of(op)}.weights", owner=s.built.owner(op))
    new = s.add_op(op, "dot", (), params={"weights": weights})
    if block is None:
        s.connect(new, op.X)
        s.emit(new, "out", op.Y)
        return
    # Part of a matrix that has a parameter already: the whole, with zeros where nothing comes in.
    rows, columns = block
    s.when_known(lambda: new.inputs.append(s.read(op.X).place(columns, whole.shape[1])))
    port = new.add_port("out", whole.shape[0])
    wire = Wire.of_source(s.add_source(port), port.size).take(rows)
    s.writers.setdefault(op.Y.base, []).append((elements(op.Y), wire))


def _block(matrix: Signal) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows and columns of its base that a view of a matrix consists of; None for the base itself.

    It is None, too, for a view that is no such block.
    """
    base = matrix.base
    if matrix is base or base.ndim != 2:
        return None
    at = elements(matrix).reshape(matrix.shape)
    rows, columns = at[:, 0] // base.shape[1], at[0] % base.shape[1]
    whole = np.array_equal(at, rows[:, None] * base.shape[1] + columns)
    return (rows, columns) if whole else None


def _sparse(s: Translation, op: SparseDotInc) -> None:
    _require_constant(s, op, op.A)
    matrix = op.A.initial_value
    matrix = csr_matrix(matrix.allocate() if isinstance(matrix, SparseMatrix) else matrix)
    # The parameter is the vector of the nonzeros: the matrix itself might not fit in memory.
    weights = s.param(op.A, f"{s.built.name_of(op)}.weights", np.asarray(matrix.data, float))
    new = s.add_op(op, "sparse_dot", (*matrix.shape, len(s.ops)), params={"weights": weights})
    new.pattern = Pattern(matrix)
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _elementwise(s: Translation, op: ElementwiseInc) -> None:
    if op.A.ndim > 1 or op.X.ndim > 1 or op.Y.size != max(op.A.size, op.X.size):
        raise s.no_kernel(op, f"shapes {op.A.shape} and {op.X.shape}")
    if op.A.shape == op.X.shape and op.A is op.A.base:
        if _added(s, op.X, op.Y, op.A, np.arange(op.A.size)):
            return
    if not s.is_constant(op.A):
        new = s.add_op(op, "multiply", ())
        s.when_known(lambda: new.inputs.extend(_spread(s, x, op.Y.size) for x in (op.A, op.X)))
        s.emit(new, "out", op.Y)
        return
    weights = s.param(op.A, f"{s.built.name_of(op)}.gain", owner=s.built.owner(op))
    new = s.add_op(op, "scale", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _spread(s: Translation, signal: Signal, size: int) -> Wire:
    """The wire of a signal; a single number is repeated ``size`` times."""
    wire = s.read(signal)
    return wire if wire.size == size else wire.take(np.zeros(size, np.int64))


def _convolution(s: Translation, op: GeneralConvInc) -> None:
    _require_constant(s, op, op.W)
    conv = op.conv
    if not op.is_transpose and conv.input_shape.n_channels == 1 == np.prod(conv.kernel_size):
        n, places = conv.n_filters, np.prod(conv.output_shape.spatial_shape)
        channel = np.tile(np.arange(n), places)
        if not conv.channels_last:
            channel = np.repeat(np.arange(n), places)
        if max(conv.strides) == 1 and _added(s, op.X, op.Y, op.W, channel):
            return
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


def _require_constant(s: Translation, op: Operator, signal: Signal) -> None:
    if not s.is_constant(signal):
        raise s.no_kernel(op, f"{signal.name} changes while the network runs")


TRANSLATORS = {
    DotInc: _dot,
    ElementwiseInc: _elementwise,
    SparseDotInc: _sparse,
    ConvInc: _convolution,
    ConvTransposeInc: _convolution,
}
