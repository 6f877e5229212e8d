"""Batch normalization, where its statistics do not move."""

from __future__ import annotations

import keras
import numpy as np

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.making import Place


@converts(keras.layers.BatchNormalization)
class ConvertBatchNormalization(LayerConverter):
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` as a factor and a constant."""

    each_step = True

    def unsupported(self) -> Unsupported | None:
        options = self.options
        if options.inference_only or options.freeze_batchnorm or not self.layer.trainable:
            return None
        return Unsupported(
            "in training it takes statistics over the batch",
            "inference_only=True, freeze_batchnorm=True, or trainable=False of the layer",
        )

    def convert(self) -> Place:
        layer, shape = self.layer, self.input.shape
        mean = np.asarray(layer.moving_mean.value, float)
        factor = 1 / np.sqrt(np.asarray(layer.moving_variance.value, float) + layer.epsilon)
        if layer.scale:
            factor = factor * np.asarray(layer.gamma.value, float)
        offset = -mean * factor
        if layer.center:
            offset = offset + np.asarray(layer.beta.value, float)
        axis = layer.axis if layer.axis < 0 else layer.axis - (2 if self.call.temporal else 1)
        along = [1] * len(shape)
        along[axis] = -1
        node = self.make.node(self.input.size)
        spread = np.broadcast_to(factor.reshape(along), shape)
        self.make.connect(self.input, node, spread.ravel())
        self.make.added(np.broadcast_to(offset.reshape(along), shape), node, "ones")
        return Place(node, shape)

    def became(self) -> str:
        return "folded into a factor and a constant for each element, of the moving statistics"
