"""Layers along time."""

from __future__ import annotations

from typing import Any

import keras
import nengo
import numpy as np

from nengolab.converting.activations import Neural
from nengolab.converting.base import Call, LayerConverter, Unsupported, converter_of, converts
from nengolab.converting.making import Place
from nengolab.keras_layers import Alpha, Lowpass, SpikingActivation
from nengolab.neurons import LeakyReLU, SpikingLeakyReLU


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


@converts(SpikingActivation)
class ConvertSpikingActivation(LayerConverter):
    """Spiking neurons that start at the layer's voltages."""

    each_step = True

    def _neuron_type(self) -> Any:
        function = self.layer.activation
        start = {"voltage": np.asarray(self.layer.voltage.value, float).ravel()}
        neural = self.activation(function)
        base = neural.neuron_type
        if neural.clipped is not None:
            return None
        if type(base) is nengo.RectifiedLinear:
            return nengo.SpikingRectifiedLinear(initial_state=start)
        if type(base) is LeakyReLU:
            return SpikingLeakyReLU(base.negative_slope, initial_state=start)
        if type(base) is nengo.Sigmoid:
            return nengo.RegularSpiking(base, initial_state=start)
        return base if base is not None and base.spiking else None

    def unsupported(self) -> Unsupported | None:
        if not self.call.temporal:
            return _whole_sequences(self.layer)
        if self._neuron_type() is None:
            name = getattr(self.layer.activation, "__name__", self.layer.activation)
            return Unsupported(
                f"no spiking neuron type has rates of {name}",
                "relu, leaky_relu or sigmoid, or swap_activations with a type that spikes",
            )
        return None

    def convert(self) -> Place:
        place = self.input
        target = self.make.target(place.shape, Neural(neuron_type=self._neuron_type()))
        self.make.connect(place, target.post)
        return target.place


@converts(Lowpass, Alpha)
class ConvertSynapse(LayerConverter):
    """A synapse of Nengo's, one for each time constant."""

    each_step = True

    def unsupported(self) -> Unsupported | None:
        return None if self.call.temporal else _whole_sequences(self.layer)

    def convert(self) -> Place:
        kind = {Lowpass: nengo.Lowpass, Alpha: nengo.Alpha}[type(self.layer)]
        place = self.input
        if place.synapse is not None:
            place = self.make.selected(place, np.arange(place.size).reshape(place.shape), part="in")
        node = self.make.node(place.size)
        taus = np.broadcast_to(self.layer.taus, place.shape).ravel()
        for tau in np.unique(taus):
            at = np.flatnonzero(taus == tau).tolist()
            whole = len(at) == place.size
            self.make.filtered(
                place.obj if whole else place.obj[at], node if whole else node[at], kind(float(tau))
            )
        return Place(node, place.shape)

    def became(self) -> str:
        n = np.unique(self.layer.taus).size
        kind = type(self.layer).__name__
        return f"{n} {kind} synapse{'s' * (n != 1)}, whose time constants are not trained any more"


def _whole_sequences(layer: Any) -> Unsupported:
    return Unsupported(
        f"{type(layer).__name__} works along the axis of time", "temporal_model=True"
    )
