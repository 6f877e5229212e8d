"""Dense layers."""

from __future__ import annotations

import math
from typing import Any

import keras
import nengo
import numpy as np

from nengolab.converting.base import LayerConverter, converts
from nengolab.converting.making import Place
from nengolab.layers.keras_weights import Arrangement


@converts(keras.layers.Dense)
class ConvertDense(LayerConverter):
    """``y = f(x W + b)`` along the last axis.

    Of a vector it is a matrix; of more axes a convolution with a kernel of one place, so that all
    places go on sharing the weights.
    """

    each_step = True

    def convert(self) -> Place:
        layer, shape = self.layer, self.call.outputs[0]
        target = self.activated(shape)
        n_in, n_out = (int(n) for n in layer.kernel.shape)
        count = math.prod(shape[:-1])
        if count == 1:
            arrangement = Arrangement.of((n_in, n_out), axes=(1, 0))
        else:
            arrangement = Arrangement.of((n_in, n_out), to=(1, n_in, n_out))

        def transform(values: np.ndarray) -> Any:
            if count == 1:
                return nengo.transforms.Dense(values.shape, init=values)
            return nengo.transforms.Convolution(n_out, (count, n_in), (1,), (1,), init=values)

        place = self.input
        self.make.weighted(
            place.obj, target.post, transform, layer.kernel, arrangement, "kernel", place.synapse
        )
        if layer.use_bias:
            self.make.bias(layer.bias, target.post, shape)
        return target.place
