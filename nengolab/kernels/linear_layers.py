"""Keras layers that are a linear map and a bias: in training, neurons behind them add the bias."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from nengolab.kernels.base import Spec

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def is_map_and_bias(function: Any, dtype: str) -> bool:
    """Whether a TensorFunction is a convolution or a dense layer with a bias and nothing else.

    Parameters
    ----------
    function : TensorFunction
    dtype : str
        Precision of the network; a layer with another one keeps to its own formula.
    """
    layer = function.layer
    if type(layer) not in (*_CONVOLUTIONS, keras.layers.Dense) or not layer.use_bias:
        return False
    extras = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    plain = not any(getattr(layer, name, None) for name in (*extras, "lora_enabled"))
    linear = layer.activation in (None, keras.activations.linear)
    last = getattr(layer, "data_format", "channels_last") == "channels_last"
    own = layer.compute_dtype == layer.variable_dtype == dtype
    return plain and linear and last and own and layer.quantization_mode is None


def apart(spec: Spec, params: dict, x: Any) -> tuple[Any, Any]:
    """The map of the input, ``(rows, 1, size)``, and the bias for each element, ``(1, size)``.

    Parameters
    ----------
    spec : Spec
    params : dict
        Packed variables by role.
    x : tensor
        ``(rows, 1, size_in)``.
    """
    function = spec.static[0]
    layer, shapes = function.layer, {r: v.shape for r, v in function.variables().items()}
    kernel = tf.reshape(params["kernel"], shapes["kernel"])
    bias = tf.reshape(params["bias"], (1, -1))
    x = tf.reshape(x, (x.shape[0], *function.shape_in))
    if isinstance(layer, keras.layers.Dense):
        y = tf.tensordot(x, kernel, 1)
    else:
        y = layer.convolution_op(x, kernel)
    positions = function.size_out // bias.shape[1]
    return tf.reshape(y, (x.shape[0], 1, function.size_out)), tf.tile(bias, (1, positions))
