"""Spiking neuron models that add up what comes in and spike by whole numbers, and Izhikevich's."""

from __future__ import annotations

import tensorflow as tf

from nengolab.kernels.neuron_kernel import NeuronKernel
from nengolab.kernels.rates import leaky


class SpikingRectifiedLinear(NeuronKernel):
    """Integrate-and-fire, no leak: ``v += max(J, 0) dt``; ``floor(v)`` spikes, which leave v."""

    name = "spiking_rectified_linear"
    stateful = True
    spiking = True
    constant_names = ("amplitude",)
    state_names = ("voltage",)

    def step(self, params, state, inputs, spec):
        return _spikes(params, state["voltage"], tf.maximum(inputs[0], 0), tf.floor, spec.dt)


class SpikingLeakyRelu(NeuronKernel):
    """``v += leaky(J) dt``; the whole part of v are spikes, of either sign, and leaves v."""

    name = "spiking_leaky_relu"
    stateful = True
    spiking = True
    constant_names = ("negative_slope", "amplitude")
    state_names = ("voltage",)

    def step(self, params, state, inputs, spec):
        return _spikes(params, state["voltage"], leaky(params, inputs[0]), truncated, spec.dt)


class IntegrateAndFire(NeuronKernel):
    """``v += J dt``; above 1 a spike, and v is 0. Source: NIR's IF neuron."""

    name = "integrate_and_fire"
    stateful = True
    spiking = True
    constant_names = ("amplitude",)
    state_names = ("voltage",)

    def step(self, params, state, inputs, spec):
        voltage = state["voltage"] + rounded(spec.dt * inputs[0])
        spiked = voltage > 1
        voltage = tf.where(spiked, tf.zeros_like(voltage), voltage)
        height = tf.expand_dims(params["amplitude"], 0) * (1 / spec.dt)
        out = tf.where(spiked, height, tf.zeros_like(voltage))
        return {"voltage": voltage}, {"out": out, "voltage": voltage}


class RegularSpiking(NeuronKernel):
    """A rate ``r`` (of another model) to spikes: ``v += r dt``; ``floor(v)`` spikes leave v.

    Source: Voelker, Rasmussen and Eliasmith, arXiv:2002.03553, 2020.
    """

    name = "regular_spiking"
    stateful = True
    spiking = True
    constant_names = ("amplitude",)
    state_names = ("voltage",)

    def step(self, params, state, inputs, spec):
        return _spikes(params, state["voltage"], inputs[0], tf.floor, spec.dt)


def _spikes(params, voltage, rate, whole, dt):
    voltage = voltage + rounded(dt * rate)  # on a tie, one rounding decides on a spike
    spikes = whole(voltage)
    voltage = voltage - spikes
    out = (tf.expand_dims(params["amplitude"], 0) * (1 / dt)) * spikes
    return {"voltage": voltage}, {"out": out, "voltage": voltage}


def rounded(product):
    """A product that is rounded by itself, in double precision as in Nengo.

    The bound is none. It keeps the compiler from contracting a product and a sum into one
    operation with one rounding, and from joining constant factors.
    """
    return tf.maximum(product, tf.float64.min) if product.dtype == tf.float64 else product


def truncated(x):
    """The whole part, towards 0."""
    return tf.where(x < 0, tf.math.ceil(x), tf.floor(x))


class Izhikevich(NeuronKernel):
    """Izhikevich's model, in the order in which Nengo evaluates it. Time is in ms, hence 1000.

    ::

        v += dt 1000 (0.04 v^2 + 5 v + 140 - u + max(J, -30));  v >= 30: spike, v <- reset_voltage
        u += dt 1000 tau_recovery (coupling v - u);             u += reset_recovery on a spike

    Stepped by 1 ms they are unstable at currents far below 0: there the last digit of a current
    decides, after some hundred steps, over whole millivolts.

    Source: Izhikevich, "Simple model of spiking neurons", IEEE Trans. Neural Networks 14, 2003.
    """

    name = "izhikevich"
    stateful = True
    spiking = True
    constant_names = ("tau_recovery", "coupling", "reset_voltage", "reset_recovery")
    state_names = ("voltage", "recovery")

    def step(self, params, state, inputs, spec):
        p = {k: tf.expand_dims(v, 0) for k, v in params.items()}
        v, u = state["voltage"], state["recovery"]
        current = tf.maximum(inputs[0], -30)
        slope = rounded(0.04 * rounded(v * v)) + rounded(5 * v) + 140 - u + current
        v = v + rounded(rounded(slope * 1000) * spec.dt)
        spiked = v >= 30
        v = tf.where(spiked, p["reset_voltage"], v)
        slope = p["tau_recovery"] * (rounded(p["coupling"] * v) - u)
        u = u + rounded(rounded(slope * 1000) * spec.dt)
        u = tf.where(spiked, u + p["reset_recovery"], u)
        out = tf.where(spiked, tf.constant(1 / spec.dt, v.dtype), tf.zeros_like(v))
        state = {"voltage": v, "recovery": u}
        return state, {"out": out, **state}
