"""Sparse matrices. No form of one is ever as large as the dense matrix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.sparse import csr_matrix

from nengolab.kernels.base import Kernel
from nengolab.kernels.events import add_events, each_item
from nengolab.kernels.gradient import custom_gradient

# What visiting a stretch costs, in elements of it (0.1 us against 2 ns, see events.py).
_VISIT = 64
# Steps multiplied at once: more do not stay in cache (20,000 x 20,000, 4 million nonzeros: 0.64 ms
# a step for 128 at once, 3.4 ms for 16 or for 512).
_ROWS_AT_ONCE = 128


@dataclass
class SparseLines:
    """The nonzeros of a matrix by column (or by row), each line cut into stretches of one length.

    The first stretches are the beginnings of the lines; what does not fit in them follows in
    stretches behind, whose lines ``owner`` names. So one long line does not lengthen all.

    Attributes
    ----------
    other : ndarray of int32, shape (stretches, length)
        Row (or column) of each nonzero; one past the last where there is none.
    place : ndarray of int32, shape (stretches, length)
        Number of each nonzero; one past the last where there is none.
    owner : ndarray of int32
    """

    other: np.ndarray
    place: np.ndarray
    owner: np.ndarray

    @classmethod
    def of(
        cls, indptr: np.ndarray, indices: np.ndarray, number: np.ndarray, size: int
    ) -> SparseLines:
        """Lines of a compressed matrix; ``size`` is the length of a line if it were dense."""
        n, counts = len(indptr) - 1, np.diff(indptr)
        length = _stretch_length(counts)
        after = np.maximum(-(-counts // length) - 1, 0)
        owner = np.repeat(np.arange(n, dtype=np.int32), after)
        # Where each line begins, and where its second stretch would be if the first were there.
        begin = np.arange(n) * length
        behind = (n - 1 + np.cumsum(after) - after) * length
        within = np.arange(len(indices)) - np.repeat(indptr[:-1], counts)
        at = np.where(within < length, np.repeat(begin, counts), np.repeat(behind, counts)) + within
        shape = (n + len(owner), length)
        other, place = np.full(shape, size, np.int32), np.full(shape, len(indices), np.int32)
        other.ravel()[at], place.ravel()[at] = indices, number
        return cls(other, place, owner)

    def arranged(self, data: np.ndarray) -> np.ndarray:
        """The nonzeros' values in the places of the lines, 0 where there is none."""
        return np.append(data, 0.0)[self.place]


def _stretch_length(counts: np.ndarray) -> int:
    """The length that makes visiting every line once cheapest."""
    lengths = [*np.quantile(counts, (0.25, 0.5, 0.75, 0.9, 0.99, 1)), counts.mean()]
    lengths = np.unique(np.maximum(1, np.ceil(lengths))).astype(int)
    stretches = [np.sum(np.maximum(-(-counts // n), 1)) for n in lengths]
    return int(lengths[np.argmin(stretches * (lengths + _VISIT))])


class Pattern:
    """Where a sparse matrix has its nonzeros; what stays while their values are trained.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix
        The nonzeros are numbered in its order.
    """

    def __init__(self, matrix: csr_matrix):
        self.shape, self.indptr, self.indices = matrix.shape, matrix.indptr, matrix.indices

    @cached_property
    def columns(self) -> SparseLines:
        """For each input, the outputs that it reaches."""
        numbered = csr_matrix(
            (np.arange(len(self.indices), dtype=np.int32), self.indices, self.indptr), self.shape
        ).tocsc()
        return SparseLines.of(numbered.indptr, numbered.indices, numbered.data, self.shape[0])

    @cached_property
    def rows(self) -> SparseLines:
        """For each output, the inputs that it sums."""
        number = np.arange(len(self.indices), dtype=np.int32)
        return SparseLines.of(self.indptr, self.indices, number, self.shape[1])

    @cached_property
    def coordinates(self) -> np.ndarray:
        """Row and column of each nonzero, ``(nonzeros, 2)``."""
        row = np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))
        return np.stack([row, self.indices], axis=1).astype(np.int64)


class SparseDot(Kernel):
    """``y = W x`` with a sparse ``W``; static is ``(rows, columns, number of the operation)``.

    ``events`` adds the columns of the inputs that are not 0: for spikes.
    ``sums`` sums every row: for other inputs, step by step.
    ``product`` multiplies many steps at once, outside XLA.
    ``gathered`` is for training in the loop: every row sums what it gathers, and its gradient sums
    every column; neither scatters, which XLA does one by one.

    Only the last two have gradients, and take the nonzeros as they are. Patterns differ, so each
    operation is a group of its own.
    """

    name = "sparse_dot"

    def variant(self, group) -> str:
        if not group.stepped:
            return "product"
        if group.training:
            return "gathered"
        return "events" if group.reads_spikes else "sums"

    def arrays(self, ops: list[Any], values, spec) -> dict[str, np.ndarray]:
        (op,) = ops
        pattern, data = op.pattern, values(op.params["weights"])
        if spec.variant == "product":
            return {"weights": data, "coordinates": pattern.coordinates}
        if spec.variant == "gathered":
            return {"weights": data, "coordinates": pattern.coordinates} | {
                f"{side}_{part}": array
                for side in ("rows", "columns")
                for part, array in vars(getattr(pattern, side)).items()
            }
        lines = pattern.columns if spec.variant == "events" else pattern.rows
        arrays = {"weights": lines.arranged(data), "other": lines.other}
        return arrays | ({"owner": lines.owner} if len(lines.owner) else {})

    def apply(self, params, inputs, spec):
        x = tf.reshape(inputs[0], (-1, spec.static[1]))
        y = getattr(self, f"_{spec.variant}")(params, x, spec)
        return {"out": tf.reshape(y, (-1, *spec.layout.shape(spec.static[0])))}

    @staticmethod
    def _events(params, x, spec):
        rows = spec.static[0]
        weights, other = params["weights"], params["other"]
        if "owner" in params:
            x = tf.concat([x, tf.gather(x, params["owner"], axis=1)], axis=1)

        def one(_, x):
            # Places without a nonzero lie past the end of y: XLA adds nothing there.
            return add_events(
                x,
                lambda y, j: tf.tensor_scatter_nd_add(
                    y, tf.gather(other, j)[:, None], tf.gather(weights, j) * tf.gather(x, j)
                ),
                tf.zeros(rows, x.dtype),
            )

        return each_item(one, x, rows)

    @staticmethod
    def _sums(params, x, spec):
        rows = spec.static[0]
        x = tf.concat([x, tf.zeros_like(x[:, :1])], axis=1)

        def one(_, x):
            sums = tf.reduce_sum(params["weights"] * tf.gather(x, params["other"]), axis=1)
            if "owner" not in params:
                return sums
            at = params["owner"][:, None]
            return tf.tensor_scatter_nd_add(sums[:rows], at, sums[rows:])

        return each_item(one, x, rows)

    @staticmethod
    def _product(params, x, spec):
        places, shape = params["coordinates"], spec.static[:2]

        @custom_gradient
        def product(weights, x):
            def gradient(upstream):
                return (
                    _by_weights(upstream, x, places),
                    _multiplied(weights, places, shape, upstream, transposed=True),
                )

            return _multiplied(weights, places, shape, x), gradient

        return product(params["weights"], x)

    @staticmethod
    def _gathered(params, x, spec):
        places = params["coordinates"]

        @custom_gradient
        def product(weights, x):
            def gradient(upstream):
                return (
                    _sum_of_products(upstream, x, places),
                    _line_sums(params, "columns", weights, upstream, spec.static[1]),
                )

            return _line_sums(params, "rows", weights, x, spec.static[0]), gradient

        return product(params["weights"], x)


def _multiplied(weights, places, shape, x, transposed=False):
    """``x W'``, or ``x W``, by the vendor's sparse product."""
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=places, values=weights, dense_shape=shape
    )
    pieces = [
        tf.raw_ops.SparseMatrixMatMul(
            a=matrix,
            b=x[at : at + _ROWS_AT_ONCE],
            transpose_a=transposed,
            transpose_b=True,
            transpose_output=True,
        )
        for at in range(0, x.shape[0], _ROWS_AT_ONCE)
    ]
    return tf.concat(pieces, axis=0)


def _by_weights(upstream, x, places):
    """``_sum_of_products``, compiled by itself: what it gathers is then held nowhere."""
    run = tf.function(_sum_of_products, jit_compile=True, autograph=False)
    return run.get_concrete_function(upstream, x, places)(upstream, x, places)


def _sum_of_products(upstream, x, places):
    """The gradient by each nonzero, the sum over all rows of what it multiplied."""
    row, column = places[:, 0], places[:, 1]
    products = tf.gather(tf.transpose(upstream), row) * tf.gather(tf.transpose(x), column)
    return tf.reduce_sum(products, axis=1)


def _line_sums(params, side, weights, x, size):
    """Sums along all lines of one side, ``(rows of x, size)``."""
    other, place, owner = (params[f"{side}_{part}"] for part in ("other", "place", "owner"))
    nothing = tf.zeros_like(weights[:1])
    arranged = tf.gather(tf.concat([weights, nothing], axis=0), place)
    x = tf.concat([x, tf.zeros_like(x[:, :1])], axis=1)
    sums = tf.reduce_sum(arranged * tf.gather(x, other, axis=1), axis=2)
    if owner.shape[0] == 0:
        return sums
    # Long lines go on in further stretches.
    further = tf.math.unsorted_segment_sum(tf.transpose(sums[:, size:]), owner, size)
    return sums[:, :size] + tf.transpose(further)
