"""Converters of the layers of Keras, by kind; importing a module enters its converters."""

from nengolab.converting.kinds import (
    activation,
    convolution,
    dense,
    identity,
    merging,
    normalization,
    pooling,
    selection,
    temporal,
)

__all__ = [
    "activation",
    "convolution",
    "dense",
    "identity",
    "merging",
    "normalization",
    "pooling",
    "selection",
    "temporal",
]
