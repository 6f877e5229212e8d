"""Neuron models. Equations as documented by Nengo; each kernel states its own."""

from __future__ import annotations

import nengo
import tensorflow as tf

from nengolab.kernels.base import Kernel
from nengolab.kernels.lif import Lif


class NeuronKernel(Kernel):
    """A neuron model: ``J`` (input current) to ``out`` (spikes or rates, Hz)."""

    constant_names: tuple[str, ...] = ()

    def constants(self, neurons: nengo.neurons.NeuronType) -> dict[str, float]:
        """The constants of a neuron type that the equations use."""
        return {name: getattr(neurons, name) for name in self.constant_names}


class LifRate(NeuronKernel):
    """``r = amplitude / (tau_ref + tau_rc log(1 + 1/(J - 1)))`` for ``J > 1``, else 0."""

    name = "lif_rate"
    constant_names = ("tau_rc", "tau_ref", "amplitude")

    def apply(self, params, inputs, spec):
        p = {k: v[None] for k, v in params.items()}
        j = inputs[0] - 1
        on = j > 0
        # Where the neuron is silent the formula is evaluated at a harmless place.
        safe = tf.where(on, j, tf.ones_like(j))
        rate = p["amplitude"] / (p["tau_ref"] + p["tau_rc"] * tf.math.log1p(1 / safe))
        # NaN currents must not pass as silence.
        return {"out": tf.where(on, rate, tf.zeros_like(j) * j)}


class RectifiedLinear(NeuronKernel):
    """``r = amplitude max(J, 0)``."""

    name = "rectified_linear"
    constant_names = ("amplitude",)

    def apply(self, params, inputs, spec):
        return {"out": params["amplitude"][None] * tf.maximum(inputs[0], 0)}


class SpikingRectifiedLinear(NeuronKernel):
    """Integrate-and-fire, no leak: ``v += max(J, 0) dt``; ``floor(v)`` spikes, which leave v."""

    name = "spiking_rectified_linear"
    stateful = True
    spiking = True
    constant_names = ("amplitude",)

    def step(self, params, state, inputs, spec):
        voltage = state["voltage"] + tf.maximum(inputs[0], 0) * spec.dt
        spikes = tf.floor(voltage)
        voltage = voltage - spikes
        out = (params["amplitude"][None] * (1 / spec.dt)) * spikes
        return {"voltage": voltage}, {"out": out, "voltage": voltage}


class Sigmoid(NeuronKernel):
    """``r = 1/tau_ref / (1 + exp(-J))``."""

    name = "sigmoid"
    constant_names = ("tau_ref",)

    def apply(self, params, inputs, spec):
        return {"out": (1 / params["tau_ref"][None]) * tf.sigmoid(inputs[0])}


class Tanh(NeuronKernel):
    """``r = 1/tau_ref tanh(J)``."""

    name = "tanh"
    constant_names = ("tau_ref",)

    def apply(self, params, inputs, spec):
        return {"out": (1 / params["tau_ref"][None]) * tf.tanh(inputs[0])}


class LifNeurons(Lif, NeuronKernel):
    """Leaky integrate-and-fire; the equations are in ``lif.py``."""

    constant_names = ("tau_rc", "tau_ref", "amplitude", "min_voltage")


_BY_TYPE = {
    nengo.LIF: LifNeurons(),
    nengo.LIFRate: LifRate(),
    nengo.RectifiedLinear: RectifiedLinear(),
    nengo.SpikingRectifiedLinear: SpikingRectifiedLinear(),
    nengo.Sigmoid: Sigmoid(),
    nengo.Tanh: Tanh(),
}
NEURON_KERNELS = tuple(_BY_TYPE.values())


def neuron_kernel(neurons: nengo.neurons.NeuronType) -> NeuronKernel | None:
    """The kernel for exactly this neuron type; a subclass has equations of its own."""
    return _BY_TYPE.get(type(neurons))
