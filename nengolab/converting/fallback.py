"""Operations without a native form, as TensorNodes that hold them."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from nengolab.converting.base import Call, Unsupported
from nengolab.converting.making import Maker, Place
from nengolab.exceptions import ValidationError

# What computes each step of a temporal model by itself. Functions along an axis take the last one.
_EACH_STEP = (
    keras.layers.Activation,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
)
_ALONG_LAST = (keras.layers.Softmax, keras.layers.LayerNormalization)


class KerasCall(keras.layers.Layer):
    """A call of a Keras operation on one vector that holds all of its inputs.

    Parameters
    ----------
    operation : keras.Operation
    arguments : object
        Keras's ``SymbolicArguments``.
    shapes : list of tuple of int
        Of an item of each input.
    """

    def __init__(self, operation: Any, arguments: Any, shapes: list[tuple[int, ...]]):
        super().__init__(name=operation.name)
        self.operation = operation
        self._arguments = arguments
        self._shapes = [tuple(shape) for shape in shapes]
        self.built = True

    def call(self, x: Any) -> Any:
        ends, n = [], 0
        for shape in self._shapes:
            n += math.prod(shape)
            ends.append(n)
        parts = ops.split(x, ends[:-1], axis=-1) if len(ends) > 1 else [x]
        symbols = self._arguments.keras_tensors
        given = {}
        for symbol, part, shape in zip(symbols, parts, self._shapes, strict=True):
            tensor = ops.reshape(part, (-1, *shape))
            integer = keras.backend.is_int_dtype(symbol.dtype)
            given[id(symbol)] = ops.cast(tensor, symbol.dtype) if integer else tensor
        args, kwargs = self._arguments.fill_in(given)
        outputs = keras.tree.flatten(self.operation(*args, **kwargs))
        flat = [ops.cast(ops.reshape(y, (-1, math.prod(y.shape[1:]))), x.dtype) for y in outputs]
        return ops.concatenate(flat, axis=-1) if len(flat) > 1 else flat[0]


def refuse_in_time(call: Call, reason: Unsupported) -> None:
    """Refuse what would need all steps of a temporal model at once."""
    layer = call.operation
    if isinstance(layer, keras.layers.TimeDistributed):
        return
    if isinstance(layer, _ALONG_LAST) and layer.axis in (-1, [-1], (-1,)):
        return
    if type(layer) in _EACH_STEP and getattr(layer, "noise_shape", None) is None:
        return
    raise ValidationError(
        f"{_kind(layer)} {layer.name!r} in a temporal model: {reason.why}; it would need "
        f"{reason.instead}",
        attr="temporal_model",
    )


def fall_back(call: Call, make: Maker) -> list[Place]:
    """A TensorNode for a call, and where its outputs are."""
    layer, places = call.operation, call.inputs
    if call.temporal and isinstance(layer, keras.layers.TimeDistributed):
        layer = layer.layer
    arguments = call.arguments
    if arguments is None or call.temporal or _is_plain(layer, arguments):
        if len(places) == 1 and len(call.outputs) == 1:
            node = make.tensor_node(layer, places[0].shape)
            make.connect(places[0], node)
            return [Place(node, call.outputs[0])]
    sizes = [place.size for place in places]
    held = KerasCall(layer, arguments, [place.shape for place in places])
    node = make.tensor_node(held, (sum(sizes),))
    begin = 0
    for place, size in zip(places, sizes, strict=True):
        make.connect(place, node if len(places) == 1 else node[begin : begin + size])
        begin += size
    if len(call.outputs) == 1:
        return [Place(node, call.outputs[0])]
    return _parts(node, call, make)


def _is_plain(layer: Any, arguments: Any) -> bool:
    """Whether a layer is called on one tensor that it need not be told more of."""
    if not isinstance(layer, keras.layers.Layer) or len(arguments.keras_tensors) != 1:
        return False
    others = [v for v in arguments.kwargs.values() if v is not None]
    return len(arguments.args) == 1 and not others and arguments.args[0] is not None


def _parts(node: Any, call: Call, make: Maker) -> list[Place]:
    found, begin = [], 0
    for number, shape in enumerate(call.outputs):
        size = math.prod(shape)
        part = make.node(size, f"output_{number}")
        make.connect(Place(node[begin : begin + size], shape), part)
        found.append(Place(part, shape))
        begin += size
    return found


def _kind(layer: Any) -> str:
    return type(layer).__name__
