"""Layers that only say where each number of their input goes."""

from __future__ import annotations

from functools import cached_property

import keras
import numpy as np

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.making import Place

_BY_DIMENSIONS = ("ZeroPadding", "Cropping", "UpSampling")


@converts(
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.RepeatVector,
    keras.layers.Reshape,
    *(getattr(keras.layers, f"{kind}{n}D") for kind in _BY_DIMENSIONS for n in (1, 2, 3)),
)
class ConvertSelection(LayerConverter):
    """Indices, found by giving the layer the numbers of its elements; 0 where it pads."""

    each_step = True

    def unsupported(self) -> Unsupported | None:
        if getattr(self.layer, "interpolation", "nearest") != "nearest":
            return Unsupported(
                f"interpolation={self.layer.interpolation!r} mixes neighbours",
                "interpolation='nearest'",
            )
        if self.call.temporal and self._mixes_steps():
            return Unsupported(
                f"{type(self.layer).__name__} rearranges the axis of time",
                "keras.layers.TimeDistributed around it, or temporal_model=False",
            )
        return None

    @cached_property
    def _indices(self) -> np.ndarray:
        shape = self.input.shape
        numbers = np.arange(1.0, self.input.size + 1).reshape(shape)
        if self.call.temporal:
            numbers = np.stack([numbers, numbers])
        # Not through __call__, which would round to the layer's precision.
        found = self.layer.call(keras.ops.convert_to_tensor(numbers[None], "float64"))
        return np.asarray(found)[0].astype(np.int64) - 1

    def _mixes_steps(self) -> bool:
        found = self._indices
        return found.shape != (2, *self.call.outputs[0]) or not np.array_equal(*found)

    def convert(self) -> Place:
        indices = self._indices[0] if self.call.temporal else self._indices
        if np.array_equal(np.ravel(indices), np.arange(self.input.size)):
            return Place(self.input.obj, indices.shape, self.input.synapse)
        return self.make.selected(self.input, indices)
