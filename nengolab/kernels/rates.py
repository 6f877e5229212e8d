"""Neuron models without spikes: a current to a rate (Hz)."""

from __future__ import annotations

import tensorflow as tf

from nengolab.kernels.neuron_kernel import NeuronKernel


class LifRate(NeuronKernel):
    """``r = amplitude / (tau_ref + tau_rc log(1 + 1/(J - 1)))`` for ``J > 1``, else 0."""

    name = "lif_rate"
    constant_names = ("tau_rc", "tau_ref", "amplitude")

    def apply(self, params, inputs, spec):
        return {"out": _lif_rate(params, inputs[0])}


class AdaptiveLifRate(NeuronKernel):
    """A LIF rate for ``J - n``; ``n += dt/tau_n (inc_n r - n)``."""

    name = "adaptive_lif_rate"
    stateful = True
    constant_names = ("tau_n", "inc_n", "tau_rc", "tau_ref", "amplitude")
    state_names = ("adaptation",)
    rate = staticmethod(lambda params, current: _lif_rate(params, current))

    def step(self, params, state, inputs, spec):
        rate = self.rate(params, inputs[0] - state["adaptation"])
        n = adapted(params, state["adaptation"], rate, spec.dt)
        return {"adaptation": n}, {"out": rate, "adaptation": n}


def _lif_rate(params, current):
    p = {k: v[None] for k, v in params.items()}
    j = current - 1
    on = j > 0
    # Where the neuron is silent the formula is evaluated at a harmless place.
    safe = tf.where(on, j, tf.ones_like(j))
    rate = p["amplitude"] / (p["tau_ref"] + p["tau_rc"] * tf.math.log1p(1 / safe))
    # NaN currents must not pass as silence.
    return tf.where(on, rate, tf.zeros_like(j) * j)


def adapted(params, n, out, dt):
    """The adaptation after a step: ``tau_n dn/dt = inc_n out - n``."""
    return n + (dt / params["tau_n"][None]) * (params["inc_n"][None] * out - n)


class SoftLifRate(NeuronKernel):
    """A LIF rate for ``j = sigma log(1 + exp((J - 1)/sigma))`` in place of ``J - 1``.

    Source: Hunsberger and Eliasmith, "Spiking deep networks with LIF neurons", arXiv:1510.08829,
    2015. Far below the threshold ``j`` is smaller than any float although the rate, which goes
    with ``1/log(1/j)``, is not 0; there ``log j = log sigma + (J - 1)/sigma`` is used.
    """

    name = "soft_lif_rate"
    constant_names = ("sigma", "tau_rc", "tau_ref", "amplitude")

    def apply(self, params, inputs, spec):
        return {"out": _soft_lif_rate(params, inputs[0])}


class AdaptiveSoftLifRate(AdaptiveLifRate):
    """A soft LIF rate for ``J - n``, adapted alike: by which `AdaptiveLifRate` may be trained."""

    name = "adaptive_soft_lif_rate"
    constant_names = (*AdaptiveLifRate.constant_names, "sigma")
    rate = staticmethod(lambda params, current: _soft_lif_rate(params, current))


def _soft_lif_rate(params, current):
    p = {k: v[None] for k, v in params.items()}
    x = (current - 1) / p["sigma"]
    far = x < SOFT_FAR
    near = tf.where(far, tf.zeros_like(x), x)
    # log(1 + exp(x)) without overflow.
    soft = tf.maximum(near, 0) + tf.math.log1p(tf.exp(-tf.abs(near)))
    log_term = tf.where(far, -tf.math.log(p["sigma"]) - x, tf.math.log1p(1 / (p["sigma"] * soft)))
    return p["amplitude"] / (p["tau_ref"] + p["tau_rc"] * log_term)


# Below this, log(1 + 1/j) and -log j differ by less than a rounding of double precision.
SOFT_FAR = -40.0


class RectifiedLinear(NeuronKernel):
    """``r = amplitude max(J, 0)``."""

    name = "rectified_linear"
    constant_names = ("amplitude",)

    def apply(self, params, inputs, spec):
        return {"out": params["amplitude"][None] * tf.maximum(inputs[0], 0)}


class LeakyRelu(NeuronKernel):
    """``r = amplitude J`` for ``J > 0``, ``amplitude negative_slope J`` else."""

    name = "leaky_relu"
    constant_names = ("negative_slope", "amplitude")

    def apply(self, params, inputs, spec):
        return {"out": params["amplitude"][None] * leaky(params, inputs[0])}


def leaky(params, current):
    """``J`` where positive, ``negative_slope J`` elsewhere."""
    return tf.where(current > 0, current, params["negative_slope"][None] * current)


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
