"""Weights of every kind as sparse matrices, and what is told of convolutions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import csr_matrix

from nengolab.exporting.parts import Convolving, Link, Weights


def padding_of(transform: Any) -> tuple[tuple[int, int], ...]:
    """Zeros around each spatial axis of a convolution of Nengo's (as TensorFlow pads)."""
    if transform.padding == "valid":
        return ((0, 0),) * transform.dimensions
    found = []
    sizes = zip(
        transform.input_shape.spatial_shape,
        transform.output_shape.spatial_shape,
        transform.kernel_size,
        transform.strides,
        strict=True,
    )
    for n, n_out, kernel, stride in sizes:
        missing = max((n_out - 1) * stride + kernel - n, 0)
        found.append((missing // 2, missing - missing // 2))
    return tuple(found)


def transposed(transform: Any) -> Convolving:
    """How a transposed convolution of Nengo's is one of an input that is spread by its strides.

    Its kernel is turned round for it, along each spatial axis.
    """
    pads = []
    sizes = zip(
        transform.input_shape.spatial_shape,
        transform.output_shape.spatial_shape,
        transform.kernel_size,
        transform.strides,
        strict=True,
    )
    for n, n_out, kernel, stride in sizes:
        missing = n_out + kernel - 1 - ((n - 1) * stride + 1)
        # "same": as much before as after, what is odd before; never beyond the kernel.
        before = -(-min(missing, 2 * kernel - 2) // 2)
        before = kernel - 1 if transform.padding == "valid" else before
        pads.append((before, missing - before))
    return Convolving(
        tuple(transform.input_shape.shape),
        tuple(transform.output_shape.shape),
        (1,) * transform.dimensions,
        tuple(pads),
        transform.channels_last,
        spread=tuple(int(s) for s in transform.strides),
    )


def matrix(weights: Weights) -> csr_matrix:
    """Weights as a sparse matrix ``(size_out, size_in)``, of the dtype that they have."""
    rows, columns, values = triples(weights)
    return csr_matrix((values, (rows, columns)), shape=weights.shape)


def triples(weights: Weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of each weight."""
    n_out, _n_in = weights.shape
    values = weights.array
    if weights.kind in ("identity", "scale"):
        at = np.arange(n_out)
        return at, at, np.broadcast_to(values, (n_out,))
    if weights.kind == "dense":
        rows, columns = np.indices(weights.shape)
        return rows.ravel(), columns.ravel(), values.ravel()
    if weights.kind == "sparse":
        assert weights.rows is not None
        assert weights.columns is not None
        return weights.rows, weights.columns, values
    assert weights.convolving is not None
    return _of_convolution(values, weights.convolving)


def _of_convolution(
    kernel: np.ndarray, how: Convolving
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    numbers = np.arange(math.prod(how.input_shape)).reshape(how.input_shape)
    out = np.arange(math.prod(how.output_shape)).reshape(how.output_shape)
    if not how.channels_last:
        numbers, out = np.moveaxis(numbers, 0, -1), np.moveaxis(out, 0, -1)
    dims = len(how.strides)
    if how.spread:
        places = [(n - 1) * s + 1 for n, s in zip(numbers.shape, how.spread, strict=False)]
        wide = np.full((*places, numbers.shape[-1]), -1)
        wide[tuple(slice(None, None, s) for s in how.spread)] = numbers
        numbers = wide
    padded = np.pad(numbers, [*how.padding, (0, 0)], constant_values=-1)
    windows = sliding_window_view(padded, kernel.shape[:dims], axis=tuple(range(dims)))
    windows = windows[tuple(slice(None, None, s) for s in how.strides)]
    # (*out, channels, *size) -> (*out, *size, channels)
    windows = np.moveaxis(windows, dims, -1)
    each_in, each_out = kernel.shape[-2], kernel.shape[-1] // how.groups
    rows, columns, values = [], [], []
    for g in range(how.groups):
        inside = windows[..., g * each_in : (g + 1) * each_in]
        part = kernel[..., g * each_out : (g + 1) * each_out]
        ours = out[..., g * each_out : (g + 1) * each_out]
        # (*out, *size, channels, filters)
        shape = (*inside.shape, each_out)
        columns.append(np.broadcast_to(inside[..., None], shape).ravel())
        spread = ours.reshape(*ours.shape[:-1], *(1,) * (dims + 1), each_out)
        rows.append(np.broadcast_to(spread, shape).ravel())
        values.append(np.broadcast_to(part, shape).ravel())
    row, column, value = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    there = column >= 0
    return row[there], column[there], value[there]


def whole_matrix(link: Link, n_out: int, n_in: int) -> csr_matrix:
    """The matrix of a link between whole layers, its elements in place."""
    rows, columns, values = triples(link.weights)
    if link.target_at is not None:
        rows = link.target_at[rows]
    if link.source_at is not None:
        columns = link.source_at[columns]
    return csr_matrix((values, (rows, columns)), shape=(n_out, n_in))
