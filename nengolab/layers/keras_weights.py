"""Weights of Keras layers as weights of Nengo connections.

A converted network holds what its Keras model holds: each weight once, arranged as Nengo has it,
with the regularizer and the constraint of the layer it is from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from nengolab.layers.layer import LayerConnection


class Ones(nengo.Node):
    """A Node that puts out ones, to which nothing is fed: weights from it are biases."""

    def __init__(self, size: int, label: str):
        super().__init__(np.ones(size), label=label)


class ConverterConnection(LayerConnection):
    """A connection that computes what has no weights in the Keras model: it is not trained.

    Attributes
    ----------
    pooling : tuple, optional
        Where it takes means over windows that lie within an image: their size, shapes of input and
        output, strides, padding, and whether channels are last.
    """

    pooling: tuple[Any, ...] | None = None
    why_fixed = "made by the Converter, for what is no weight in the Keras model"


class KerasConnection(nengo.Connection):
    """A connection whose weights are those of a Keras layer.

    Attributes
    ----------
    regularizer : callable, optional
        What the weights add to the loss.
    constraint : callable, optional
        The weights to which training comes back after each step.
    variable : Keras variable, optional
        That they are from.
    arrangement : Arrangement, optional
    """

    regularizer: Callable[[Any], Any] | None = None
    constraint: Callable[[Any], Any] | None = None
    variable: Any = None
    arrangement: Any = None


@dataclass(frozen=True)
class Arrangement:
    """How a weight of Keras lies as the weights of a Nengo transform.

    It is given the shape ``split``, turned round along the axes ``flip``, its axes are put in the
    order ``axes``, and the result is given the shape ``shape``.

    Attributes
    ----------
    keras : tuple of int
        Shape of the Keras variable.
    shape : tuple of int
        Shape of the weights in Nengo.
    split : tuple of int
    axes, flip : tuple of int
    """

    keras: tuple[int, ...]
    shape: tuple[int, ...]
    split: tuple[int, ...]
    axes: tuple[int, ...]
    flip: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        axes: tuple[int, ...] | None = None,
        flip: tuple[int, ...] = (),
        split: tuple[int, ...] | None = None,
        to: tuple[int, ...] | None = None,
    ) -> Arrangement:
        """One for a variable of this shape; what is not given changes nothing."""
        split = tuple(shape) if split is None else split
        axes = tuple(range(len(split))) if axes is None else axes
        moved = tuple(split[a] for a in axes)
        to = moved if to is None else to
        assert math.prod(to) == math.prod(shape)
        return cls(tuple(shape), to, split, axes, flip)

    def to_nengo(self, weights: Any) -> Any:
        """A tensor or array as Nengo has it."""
        from keras import ops

        moved = ops.reshape(weights, self.split)
        moved = ops.flip(moved, self.flip) if self.flip else moved
        return ops.reshape(ops.transpose(moved, self.axes), self.shape)

    def to_keras(self, weights: Any) -> Any:
        """A tensor or array as Keras has it."""
        from keras import ops

        moved = ops.reshape(weights, tuple(self.split[a] for a in self.axes))
        moved = ops.transpose(moved, tuple(int(a) for a in np.argsort(self.axes)))
        moved = ops.flip(moved, self.flip) if self.flip else moved
        return ops.reshape(moved, self.keras)


@dataclass(frozen=True)
class Regularized:
    """A regularizer of a Keras variable, of the weights as Nengo has them."""

    regularizer: Any
    arrangement: Arrangement

    def __call__(self, weights: Any) -> Any:
        return self.regularizer(self.arrangement.to_keras(weights))


@dataclass(frozen=True)
class Constrained:
    """A constraint on a Keras variable, on the weights as Nengo has them."""

    constraint: Any
    arrangement: Arrangement

    def __call__(self, weights: Any) -> Any:
        kept = self.constraint(self.arrangement.to_keras(weights))
        return self.arrangement.to_nengo(kept)
