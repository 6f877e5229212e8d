"""Layers that compute nothing where a network is not trained, or never."""

from __future__ import annotations

import keras

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.making import Place


@converts(keras.layers.Identity)
class ConvertIdentity(LayerConverter):
    """The output is the input."""

    each_step = True

    def convert(self) -> Place:
        return self.input


@converts(
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
class ConvertNoise(ConvertIdentity):
    """Noise in training; left out where there is none."""

    def unsupported(self) -> Unsupported | None:
        silent = not getattr(self.layer, "rate", getattr(self.layer, "stddev", 0))
        if self.options.inference_only or silent:
            return None
        return Unsupported(
            f"{type(self.layer).__name__} draws random numbers in training",
            "inference_only=True, which leaves it out",
        )
