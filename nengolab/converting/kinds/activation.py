"""Layers that are activations."""

from __future__ import annotations

import keras

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.making import Place


@converts(
    keras.layers.Activation,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.Softmax,
)
class ConvertActivation(LayerConverter):
    """Neurons, one for each element, with a gain of 1; a TensorNode where no type computes it."""

    each_step = True

    def unsupported(self) -> Unsupported | None:
        neural = self.activation(self.layer)
        if neural.layer is not None:
            return Unsupported(neural.why, neural.instead)
        return None

    def convert(self) -> Place:
        neural = self.activation(self.layer)
        place = self.input
        if neural.linear:
            return place
        target = self.make.target(place.shape, neural)
        self.make.connect(place, target.post)
        return target.place
