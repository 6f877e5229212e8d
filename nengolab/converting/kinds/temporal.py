"""Layers along time."""

from __future__ import annotations

import keras

from nengolab.converting.base import Call, LayerConverter, Unsupported, converter_of, converts
from nengolab.converting.making import Place


@converts(keras.layers.TimeDistributed)
class ConvertTimeDistributed(LayerConverter):
    """In a temporal model: the layer inside, at each step."""

    each_step = True

    def _inner(self) -> LayerConverter | None:
        inner = self.layer.layer
        found = converter_of(inner)
        if found is None:
            return None
        call = Call(inner, self.call.name, self.call.inputs, None, self.call.outputs, False)
        return found(call, self.make, self.options, self._activations)

    def unsupported(self) -> Unsupported | None:
        if not self.call.temporal:
            return Unsupported(
                "places share a layer that is called for each of them", "temporal_model=True"
            )
        inner = self._inner()
        if inner is None:
            kind = type(self.layer.layer).__name__
            return Unsupported(f"there is no converter for {kind}", "Converter.register")
        return inner.unsupported()

    def convert(self) -> Place:
        inner = self._inner()
        assert inner is not None
        return inner.convert()
