"""Convolutions and transposed convolutions in 1, 2 and 3 dimensions.

With kernel ``w`` of size ``K`` and stride ``s`` along an axis (a correlation, as is usual)::

    y[o] = sum_k w[k] x[s o + k - before]                        convolution
    y[o] = sum of w[k] x[i] over s i + k = o + before            transposed

``before`` is 0 for ``valid`` padding. For ``same`` it is half of what the outputs need beyond the
input, rounded down for convolutions; for transposed ones Nengo pads the spread input by
``p = clip(out + K - 1 - ((in - 1) s + 1), 0, 2 K - 2)``, the larger half first, so that
``before = K - 1 - ceil(p / 2)``.

On no feedback path, too, convolutions are stepped unless time batches are asked for. Steps a
processor second in the XLA loop against time batches in the vendor library, between two LIF layers
of equal size: 16 x 16 x 32 9,700 against 5,100; 8 x 8 x 128 3,400 against 1,500; 4 x 4 x 512 720
against 155; the three layers of the ``conv_stack`` benchmark 4,000 against 2,700.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from nengolab.kernels.base import Kernel
from nengolab.kernels.compiled import compiled

# Up to so many input channels, shifted inputs side by side and one matrix product are faster in
# an XLA loop than its convolution (28 x 28 x 1 -> 32 filters: 28 against 125 us; 26 x 26 x 32 ->
# 64 with stride 2: 190 against 113 us).
SHIFTED_UP_TO_CHANNELS = 4


@dataclass(frozen=True)
class Geometry:
    """What a convolution is but for its weights.

    Attributes
    ----------
    spatial_in, spatial_out, kernel, strides : tuple of int
        One for each dimension.
    channels_in, channels_out, groups : int
    same : bool
        Whether the padding is ``"same"`` rather than ``"valid"``.
    channels_last, transposed : bool
    """

    spatial_in: tuple[int, ...]
    spatial_out: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    channels_in: int
    channels_out: int
    groups: int
    same: bool
    channels_last: bool
    transposed: bool


class Convolve(Kernel):
    """A convolution of each member; static is ``(Geometry,)``."""

    name = "convolve"

    def variant(self, group) -> str:
        geometry: Geometry = group.static[0]
        if geometry.transposed:
            return "transposed"
        if not group.stepped:
            # Vendor library; it has no groups, XLA has.
            return "convolution" if geometry.groups == 1 else "compiled"
        few = geometry.channels_in <= SHIFTED_UP_TO_CHANNELS and geometry.groups == 1
        return "shifted" if few else "convolution"

    def permutation(self, param, ndim, spec):
        return (ndim - 1, *range(ndim - 1))

    def apply(self, params, inputs, spec):
        geometry: Geometry = spec.static[0]
        layout, x = spec.layout, inputs[0]
        run = _WAYS[spec.variant]
        axis = 2 if layout.last else 1
        if layout.members == 1:
            # A view: slices and stacks are copied on the way back, too (a tenth of the time of
            # training three layers of convolutions).
            y = self._member(tf.squeeze(x, axis), tf.squeeze(params["weights"], 0), geometry, run)
            return {"out": tf.expand_dims(y, axis)}
        images, weights = tf.unstack(x, axis=axis), tf.unstack(params["weights"])
        members = [self._member(*pair, geometry, run) for pair in zip(images, weights, strict=True)]
        return {"out": tf.stack(members, axis=axis)}

    @staticmethod
    def _member(x, weights, geometry: Geometry, run):
        """One member's vectors ``(rows, n)``, as images with the channels last and back."""
        rows, last = x.shape[0], range(1, len(geometry.kernel) + 1)
        if geometry.channels_last:
            x = tf.reshape(x, (rows, *geometry.spatial_in, geometry.channels_in))
        else:
            x = tf.reshape(x, (rows, geometry.channels_in, *geometry.spatial_in))
            x = tf.transpose(x, (0, *(d + 1 for d in last), 1))
        y = run(x, weights, geometry)
        if not geometry.channels_last:
            y = tf.transpose(y, (0, len(geometry.kernel) + 1, *last))
        return tf.reshape(y, (rows, -1))


def _convolution(x, weights, geometry: Geometry):
    """TensorFlow pads as Nengo does."""
    padding = "SAME" if geometry.same else "VALID"
    return tf.nn.convolution(x, weights, strides=geometry.strides, padding=padding)


def _compiled(x, weights, geometry: Geometry):
    def run(x, weights):
        return _convolution(x, weights, geometry)

    return compiled(run, x, weights, key=("convolution", geometry))(x, weights)


def _shifted(x, weights, geometry: Geometry):
    """The inputs of each output side by side, and one matrix product."""
    if geometry.same:
        x = tf.pad(x, [(0, 0), *map(_same_padding, *_axes(geometry)), (0, 0)])
    parts = []
    for offset in np.ndindex(*geometry.kernel):
        window = tuple(
            slice(k, k + s * (n - 1) + 1, s)
            for k, s, n in zip(offset, geometry.strides, geometry.spatial_out, strict=True)
        )
        parts.append(x[(slice(None), *window)])
    patches = tf.concat(parts, axis=-1)
    flat = tf.reshape(patches, (-1, patches.shape[-1]))
    y = tf.matmul(flat, tf.reshape(weights, (-1, geometry.channels_out)))
    return tf.reshape(y, (x.shape[0], *geometry.spatial_out, geometry.channels_out))


def _axes(geometry: Geometry) -> tuple:
    return geometry.spatial_in, geometry.spatial_out, geometry.kernel, geometry.strides


def _same_padding(n_in: int, n_out: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((n_out - 1) * stride + kernel - n_in, 0)
    return total // 2, total - total // 2


def _transposed(x, weights, geometry: Geometry):
    """The full result, of which ``before`` places are cut off in front."""
    full, window, missing = [], [], []
    for n_in, n_out, k, s in zip(*_axes(geometry), strict=True):
        reach = (n_in - 1) * s + 1
        pad = min(max(n_out + k - 1 - reach, 0), 2 * (k - 1)) if geometry.same else 2 * (k - 1)
        before = k - 1 - -(-pad // 2)
        full.append(reach + k - 1)
        window.append(slice(before, before + n_out))
        missing.append((0, max(0, before + n_out - full[-1])))
    dims = len(full)
    y = tf.nn.conv_transpose(
        x,
        # TensorFlow wants (*kernel, out, in).
        tf.transpose(weights, (*range(dims), dims + 1, dims)),
        (x.shape[0], *full, geometry.channels_out),
        strides=geometry.strides,
        padding="VALID",
    )
    return tf.pad(y[(slice(None), *window)], [(0, 0), *missing, (0, 0)])


_WAYS = {
    "convolution": _convolution,
    "compiled": _compiled,
    "shifted": _shifted,
    "transposed": _transposed,
}
