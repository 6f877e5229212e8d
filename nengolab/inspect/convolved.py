"""A convolution as a sparse matrix.

Along an axis with kernel size ``K``, stride ``s`` and ``before`` places of padding, kernel place
``k`` joins output ``o`` with input ``i`` where ``i = s o + k - before``; in a transposed
convolution where ``s i + k = o + before`` (see Nengo's documentation of its transforms).
"""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
import scipy.sparse


def convolution_matrix(transform: Any, kernel: np.ndarray) -> scipy.sparse.csr_array:
    """The matrix ``(outputs, inputs)`` of a convolution; it is never dense.

    Parameters
    ----------
    transform : nengo.Convolution or nengo.transforms.ConvolutionTranspose
    kernel : ndarray
        ``(*kernel size, channels in, filters)``.
    """
    before, after = transform.input_shape, transform.output_shape
    places_out, places_in, places_kernel = _places(
        transform, before.spatial_shape, after.spatial_shape, kernel.shape[:-2]
    )
    per_group, filters = kernel.shape[-2:]
    groups = before.n_channels // per_group
    channel, out = np.meshgrid(np.arange(per_group), np.arange(filters), indexing="ij")
    channel_in = channel + out // (filters // groups) * per_group
    flat = kernel.reshape(-1, per_group, filters)
    rows = _flat(places_out[:, None, None], out[None], after)
    columns = _flat(places_in[:, None, None], channel_in[None], before)
    values = flat[places_kernel]
    rows, columns = (np.broadcast_to(a, values.shape).ravel() for a in (rows, columns))
    found = scipy.sparse.coo_array((values.ravel(), (rows, columns)), (after.size, before.size))
    return found.tocsr()


def _flat(place: np.ndarray, channel: np.ndarray, shape: Any) -> np.ndarray:
    """Where a place and a channel lie in the vector."""
    if shape.channels_last:
        return place * shape.n_channels + channel
    return channel * int(np.prod(shape.spatial_shape)) + place


def _places(
    transform: Any, before: tuple[int, ...], after: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of output, input and kernel that belong together, in all dimensions."""
    joint = [np.zeros(1, int)] * 3
    for n_in, n_out, size, stride in zip(before, after, kernel, transform.strides, strict=True):
        axis = _along_axis(transform, n_in, n_out, size, stride)
        joint = [
            (whole[:, None] * count + own[None, :]).ravel()
            for whole, own, count in zip(joint, axis, (n_out, n_in, size), strict=True)
        ]
    return joint[0], joint[1], joint[2]


def _along_axis(
    transform: Any, n_in: int, n_out: int, size: int, stride: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    same = transform.padding == "same"
    if isinstance(transform, nengo.transforms.ConvolutionTranspose):
        short = np.clip(n_out + size - 1 - ((n_in - 1) * stride + 1), 0, 2 * size - 2)
        pad = size - 1 - -(-short // 2) if same else 0
        i, k = np.meshgrid(np.arange(n_in), np.arange(size), indexing="ij")
        o = stride * i + k - pad
        inside = (o >= 0) & (o < n_out)
    else:
        pad = max((n_out - 1) * stride + size - n_in, 0) // 2 if same else 0
        o, k = np.meshgrid(np.arange(n_out), np.arange(size), indexing="ij")
        i = stride * o + k - pad
        inside = (i >= 0) & (i < n_in)
    return o[inside], i[inside], k[inside]
