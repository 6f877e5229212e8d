"""Which Keras layers compute every item of a batch by itself.

For those, the steps of a tile may be rows of one larger batch. The list names Keras's own layers
only; of whatever is not on it, nothing is assumed, which costs speed and never correctness.
"""

from __future__ import annotations

from typing import Any

import keras

_ELEMENTWISE = ("Activation", "ELU", "Identity", "LeakyReLU", "PReLU", "ReLU", "Rescaling")
_LINEAR = (
    *("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    *("Dense", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    "Embedding",
)
_POOLING = tuple(
    f"{kind}Pooling{n}D"
    for kind in ("Average", "Max", "GlobalAverage", "GlobalMax")
    for n in (1, 2, 3)
)
_SHAPES = (
    *("Flatten", "Reshape", "Permute", "RepeatVector", "InputLayer"),
    *(f"{kind}{n}D" for kind in ("Cropping", "UpSampling", "ZeroPadding") for n in (1, 2, 3)),
)
_MERGING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
# Along axes of an item alone, which is looked at.
_ALONG_AXES = ("LayerNormalization", "RMSNormalization", "Softmax", "UnitNormalization")
_RECURRENT = ("GRU", "LSTM", "SimpleRNN")
# Not in training: noise is drawn for a batch, statistics are taken over one.
_NOT_IN_TRAINING = (
    *("AlphaDropout", "BatchNormalization", "Dropout", "GaussianDropout", "GaussianNoise"),
    *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
)


def _types(names: tuple[str, ...]) -> frozenset[type]:
    return frozenset(getattr(keras.layers, name) for name in names)


_ALWAYS = _types(_ELEMENTWISE + _LINEAR + _POOLING + _SHAPES + _MERGING)
_AXES, _RNN, _INFERENCE = _types(_ALONG_AXES), _types(_RECURRENT), _types(_NOT_IN_TRAINING)


def per_sample(layer: Any, training: bool) -> tuple[bool, str]:
    """Whether each item of a batch is computed by itself, and why (not)."""
    kind = type(layer)
    if kind in (keras.Sequential, keras.Model) or kind.__name__ == "Functional":
        return _model(layer, training)
    if kind in _INFERENCE:
        return not training, f"{kind.__name__} in {'training' if training else 'inference'}"
    known = (
        kind in _ALWAYS
        or (kind in _AXES and _inside_an_item(layer))
        or (kind in _RNN and not layer.stateful and not (training and _drops(layer)))
    )
    if not known:
        return False, f"nothing is known of {kind.__name__} {layer.name!r}"
    if not _known_activation(layer):
        return False, f"nothing is known of the activation of {layer.name!r}"
    return True, f"{kind.__name__} computes each item by itself"


def _model(model: Any, training: bool) -> tuple[bool, str]:
    """A Sequential or functional model, whose parts are all known."""
    # A Sequential is its layers; a functional model may hold other operations beside layers.
    parts = model.layers if type(model) is keras.Sequential else getattr(model, "operations", None)
    inputs = getattr(model, "inputs", None)
    if not parts or not inputs:
        return False, f"nothing is known of the model {model.name!r}"
    if any(tensor.shape[0] is not None for tensor in inputs):
        return False, f"the model {model.name!r} is made for one size of batch"
    for part in parts:
        if not isinstance(part, keras.layers.Layer):
            return False, f"nothing is known of the operation {part.name!r}"
        each, why = per_sample(part, training)
        if not each:
            return False, why
    return True, "its layers compute each item by themselves"


def _inside_an_item(layer: Any) -> bool:
    """Whether the axes along which a layer works are none of the batch."""
    axis = layer.axis
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    rank = len(layer.input.shape) if getattr(layer, "_inbound_nodes", None) else None
    # Counted from the back, an axis may be the first one too.
    return all(a > 0 or (rank is not None and a < 0 and a + rank > 0) for a in axes)


def _drops(layer: Any) -> bool:
    return bool(getattr(layer, "dropout", 0) or getattr(layer, "recurrent_dropout", 0))


def _known_activation(layer: Any) -> bool:
    """Whether a layer's activations are Keras's own, which work on the last axis at most."""
    names = ("activation", "recurrent_activation")
    functions = [getattr(layer, name, None) for name in names]
    return all(
        f is None
        or (isinstance(f, keras.layers.Layer) and per_sample(f, True)[0])
        or getattr(f, "__module__", "").startswith("keras.src.activations")
        for f in functions
    )
