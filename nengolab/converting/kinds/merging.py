"""Sums, differences, means and concatenations; arithmetic with constants."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from nengolab.converting.base import LayerConverter, Unsupported, converts
from nengolab.converting.making import Place


class _Merging(LayerConverter):
    each_step = True

    def add(self, place: Place, post: Any, factor: float = 1.0) -> None:
        """Add a multiple of an input to ``post``, repeated where shapes differ."""
        shape = self.call.outputs[0]
        if place.shape == shape:
            self.make.connect(place, post, None if factor == 1 else factor)
            return
        indices = np.arange(place.size).reshape(place.shape)
        wide = self.make.selected(place, np.broadcast_to(indices, shape), part="repeated")
        self.make.connect(wide, post, None if factor == 1 else factor)


@converts(keras.layers.Add, keras.layers.Average, keras.layers.Subtract)
class ConvertSum(_Merging):
    """Each input times 1, -1 or 1/n."""

    def unsupported(self) -> Unsupported | None:
        ranks = {len(place.shape) for place in self.call.inputs}
        if len(ranks) > 1:
            return Unsupported("its inputs have different numbers of axes", "Reshape before it")
        return None

    def convert(self) -> Place:
        shape, places = self.call.outputs[0], self.call.inputs
        node = self.make.node(int(np.prod(shape)))
        factors = [1.0] * len(places)
        if isinstance(self.layer, keras.layers.Average):
            factors = [1 / len(places)] * len(places)
        elif isinstance(self.layer, keras.layers.Subtract):
            factors = [1.0, -1.0]
        for place, factor in zip(places, factors, strict=True):
            self.add(place, node, factor)
        return Place(node, shape)


@converts("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative")
class ConvertArithmetic(_Merging):
    """``x + y``, ``x - y``, ``-x``; with a constant also ``x * c`` and ``x / c``."""

    def unsupported(self) -> Unsupported | None:
        kind = type(self.layer).__name__
        terms = self._terms()
        constants = [np.asarray(t) for t in terms if not isinstance(t, Place)]
        if any(c.ndim > len(self.call.outputs[0]) for c in constants):
            return Unsupported("a constant has an axis for the batch", "one without it")
        if kind in ("Add", "Subtract", "Negative"):
            return None
        by_what_is_computed = kind != "Multiply" and not isinstance(terms[0], Place)
        if not constants or by_what_is_computed:
            return Unsupported(
                "values that are both computed are multiplied or divided, which no connection does",
                "a factor that is constant",
            )
        return None

    def _terms(self) -> list[Any]:
        places = iter(self.call.inputs)
        args, kwargs = self.call.arguments.args, self.call.arguments.kwargs
        given = [*args, *kwargs.values()]
        return [next(places) if isinstance(v, keras.KerasTensor) else v for v in given]

    def convert(self) -> Place:
        kind, shape = type(self.layer).__name__, self.call.outputs[0]
        node = self.make.node(int(np.prod(shape)))
        terms = self._terms()
        if kind in ("Multiply", "Divide", "TrueDivide"):
            place = next(t for t in terms if isinstance(t, Place))
            constant = next(np.asarray(t, float) for t in terms if not isinstance(t, Place))
            factors = constant if kind == "Multiply" else 1 / constant
            indices = np.arange(place.size).reshape(place.shape)
            wide = place
            if place.shape != shape:
                wide = self.make.selected(place, np.broadcast_to(indices, shape), part="repeated")
            self.make.connect(wide, node, np.broadcast_to(factors, shape).ravel())
            return Place(node, shape)
        signs = {"Add": (1, 1), "Subtract": (1, -1), "Negative": (-1,)}[kind]
        for term, sign in zip(terms, signs, strict=True):
            if isinstance(term, Place):
                self.add(term, node, float(sign))
            else:
                values = sign * np.asarray(term, float)
                self.make.added(np.broadcast_to(values, shape), node, "ones")
        return Place(node, shape)


@converts(keras.layers.Rescaling)
class ConvertRescaling(_Merging):
    """``scale x + offset``."""

    def unsupported(self) -> Unsupported | None:
        most = max(np.ndim(self.layer.scale), np.ndim(self.layer.offset))
        if most > len(self.input.shape):
            return Unsupported("its scale has an axis for the batch", "one without it")
        return None

    def convert(self) -> Place:
        shape = self.call.outputs[0]
        node = self.make.node(self.input.size)
        factors = np.broadcast_to(np.asarray(self.layer.scale, float), shape)
        self.make.connect(self.input, node, factors.ravel())
        self.make.added(np.broadcast_to(self.layer.offset, shape), node, "ones")
        return Place(node, shape)


@converts(keras.layers.Concatenate, "Concatenate")
class ConvertConcatenate(_Merging):
    """Each input in its part of a Node."""

    def _axis(self) -> int:
        """The axis among those of an item; negative for the batch or time."""
        before = 2 if self.call.temporal else 1
        axis = self.layer.axis
        rank = len(self.call.outputs[0])
        return rank + axis if axis < 0 else axis - before

    def unsupported(self) -> Unsupported | None:
        if self._axis() < 0:
            return Unsupported("it joins along the axis of time or of the batch", "another axis")
        return None

    def convert(self) -> Place:
        shape, axis = self.call.outputs[0], self._axis()
        node = self.make.node(int(np.prod(shape)))
        ends = np.cumsum([place.shape[axis] for place in self.call.inputs])[:-1]
        parts = np.split(np.arange(node.size_in).reshape(shape), ends, axis=axis)
        for place, part in zip(self.call.inputs, parts, strict=True):
            at = part.ravel().tolist()
            whole = len(at) == node.size_in
            self.make.connect(place, node if whole else node[at])
        return Place(node, shape)
