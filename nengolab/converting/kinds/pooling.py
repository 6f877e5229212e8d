"""Pooling by means; by largest values on request by means too."""

from __future__ import annotations

import itertools
import math

import keras
import nengo
import numpy as np

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.kinds.windows import Image, windows
from nengolab.converting.making import Place


def _kinds(*names: str) -> list[type]:
    return [getattr(keras.layers, f"{name}Pooling{n}D") for name in names for n in (1, 2, 3)]


class _Pooling(LayerConverter):
    """A sparse matrix: places that lie outside of the image do not count in a mean."""

    def windows(self) -> list[np.ndarray]:
        """For each axis ``(outputs, size)``."""
        layer, image = self.layer, self.image
        if not hasattr(layer, "pool_size"):
            return [np.arange(n)[None] for n in image.spatial]
        same = layer.padding == "same"
        return [
            windows(n, size, stride, same)
            for n, size, stride in zip(image.spatial, layer.pool_size, layer.strides, strict=True)
        ]

    @property
    def image(self) -> Image:
        return Image.of(self.input.shape, self.layer.data_format)

    def convert(self) -> Place:
        shape = self.call.outputs[0]
        size = math.prod(shape)
        found = self.windows()
        # One term for each place of a window: which input it adds to each output.
        terms = [
            self.image.taken([axis[:, at] for axis, at in zip(found, offset, strict=True)]).ravel()
            for offset in itertools.product(*(range(axis.shape[1]) for axis in found))
        ]
        columns = np.stack(terms, axis=1)
        there = columns >= 0
        rows = np.broadcast_to(np.arange(size)[:, None], columns.shape)
        weights = there / there.sum(axis=1, keepdims=True)
        matrix = nengo.transforms.Sparse(
            (size, self.input.size),
            indices=np.stack([rows[there], columns[there]], axis=1),
            init=weights[there],
        )
        node = self.make.node(size)
        made = self.make.connect(self.input, node, matrix)
        if (columns >= 0).all():
            image, layer = self.image, self.layer
            windows_of = tuple(axis.shape[1] for axis in found)
            strides = tuple(getattr(layer, "strides", windows_of))
            none = ((0, 0),) * len(found)
            made.pooling = (windows_of, image.shape, shape, strides, none, image.last)
        return Place(node, shape)


@converts(*_kinds("Average", "GlobalAverage"))
class ConvertAveragePooling(_Pooling):
    """The mean over each window."""

    def became(self) -> str:
        return "a Node behind a sparse matrix of means"


@converts(*_kinds("Max", "GlobalMax"))
class ConvertMaxPooling(_Pooling):
    """The largest value of each window is no weighted sum; the mean where that was asked for."""

    def unsupported(self) -> Unsupported | None:
        if self.options.max_to_avg_pool:
            return None
        return Unsupported(
            "the largest value of a window is no weighted sum",
            "max_to_avg_pool=True, which takes means instead",
        )

    def became(self) -> str:
        return "a Node behind a sparse matrix of means, in place of largest values"
