"""Which places of an image a window sees: padding, strides, dilation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Image:
    """Shapes of images of an item.

    Attributes
    ----------
    spatial : tuple of int
    channels : int
    last : bool
        Whether the channels are the last axis.
    """

    spatial: tuple[int, ...]
    channels: int
    last: bool

    @classmethod
    def of(cls, shape: tuple[int, ...], data_format: str) -> Image:
        """One of this shape, in Keras's words."""
        if data_format == "channels_last":
            return cls(tuple(shape[:-1]), shape[-1], True)
        return cls(tuple(shape[1:]), shape[0], False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an item."""
        ends = (self.channels,)
        return (*self.spatial, *ends) if self.last else (*ends, *self.spatial)

    def with_spatial(self, spatial: tuple[int, ...]) -> Image:
        """Another size of the same channels."""
        return Image(tuple(spatial), self.channels, self.last)

    def taken(self, per_axis: list[np.ndarray]) -> np.ndarray:
        """Flat indices of the places whose indices along each axis are given; -1 stays -1."""
        numbers = np.arange(math.prod(self.shape)).reshape(self.shape)
        first = 0 if self.last else 1
        for axis, at in enumerate(per_axis):
            numbers = np.take(numbers, np.maximum(at, 0), axis=first + axis)
            outside = [1] * numbers.ndim
            outside[first + axis] = -1
            numbers = np.where((np.asarray(at) < 0).reshape(outside), -1, numbers)
        return numbers


def windows(n: int, size: int, stride: int, same: bool) -> np.ndarray:
    """Indices ``(outputs, size)`` that each window of an axis of length n sees; -1 outside.

    As TensorFlow pads: half of what is missing in front, rounded down.
    """
    if same:
        count = -(-n // stride)
        before = max((count - 1) * stride + size - n, 0) // 2
    else:
        count, before = (n - size) // stride + 1, 0
    at = np.arange(count)[:, None] * stride + np.arange(size) - before
    return np.where((at >= 0) & (at < n), at, -1)
