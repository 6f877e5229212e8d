"""Spiking neurons in training: their own step forward, a surrogate gradient back.

Forward, each kernel here gives the spikes of the one that runs, to rounding. Back, with ``x`` the
distance to the threshold in units of its distance from rest (from the reset, for Izhikevich's
neurons), and ``h`` the surrogate::

    ds/dx = h(x)                      a spike s = H(x)
    v <- v (1 - s)                    the reset, where s counts as a constant (``detach_reset``)
                                      or has its gradient too
    refractory time, overshoot        constants: no gradient goes through when exactly a spike was

So a neuron in its refractory time, which takes no current, takes no gradient either: the part of a
step spent integrating scales both.

Neurons that may spike more than once in a step put out a whole number ``n(v)``, a staircase. Its
slope is that of the threshold nearest to ``v``, ``h(v - max(1, round(v)))``; those further away
would add the tails of ``h``, whose sum need not converge. The reset ``v <- v - n`` has slope 1, or
``1 - h`` where it is not detached.

Random spikes have the expectation ``rate dt``, which is smooth. Its gradient is theirs, whatever
the surrogate (straight-through).

The static of each kernel is ``(name of the surrogate's type, surrogate, static of the kernel that
runs)``; the name, because two surrogates may have equal fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from nengolab.kernels.base import Kernel, Spec
from nengolab.kernels.gradient import custom_gradient
from nengolab.kernels.integrators import (
    IntegrateAndFire,
    Izhikevich,
    RegularSpiking,
    SpikingLeakyRelu,
    SpikingRectifiedLinear,
    rounded,
    truncated,
)
from nengolab.kernels.lif import AdaptiveLif, Lif, polynomials
from nengolab.kernels.random_spikes import PoissonSpiking, StochasticSpiking
from nengolab.kernels.rates import leaky

Tensor = Any


def sloped(value: Tensor, x: Tensor, slope: Callable[[Tensor], Tensor]) -> Tensor:
    """``value``, with ``slope(x)`` for its derivative by ``x``."""
    value = tf.stop_gradient(value)

    @custom_gradient
    def forward(x):
        return tf.identity(value), lambda upstream: upstream * slope(x)

    return forward(x)


class SurrogateLif(Lif):
    """`Lif` in training: voltage and refractory time apart, as ``exact`` or ``poly``."""

    name = "surrogate_lif"

    def variant(self, group) -> str:
        return super().variant(group).replace("packed", "poly")

    def step(self, params, state, inputs, spec):
        p = {k: tf.expand_dims(v, 0) for k, v in params.items()}
        surrogate, dt, current = spec.static[1], spec.dt, inputs[0]
        refractory = tf.stop_gradient(state["refractory_time"]) - dt
        delta = tf.clip_by_value(dt - refractory, tf.zeros_like(refractory), dt)
        decay, log1p = _decay(p["tau_rc"], delta, spec.variant)
        voltage = state["voltage"]
        voltage = voltage - (current - voltage) * decay
        spiked = voltage > 1
        spike = sloped(tf.cast(spiked, voltage.dtype), voltage - 1, surrogate.derivative)
        rest = _reset(tf.maximum(voltage, p["min_voltage"]), spiked, spike, surrogate)
        over, drive = tf.stop_gradient(voltage) - 1, tf.stop_gradient(current) - 1
        safe = tf.where(spiked, over / drive, tf.zeros_like(over))
        since = tf.stop_gradient(p["tau_ref"] + dt + p["tau_rc"] * log1p(-safe))
        new = {"voltage": rest, "refractory_time": tf.where(spiked, since, refractory)}
        return new, {"out": spike * (p["amplitude"] * (1 / dt)), **new}


def _reset(voltage: Tensor, spiked: Tensor, spike: Tensor, surrogate: Any) -> Tensor:
    """The voltage, 0 after a spike."""
    if surrogate.detach_reset:
        return tf.where(spiked, tf.zeros_like(voltage), voltage)
    return voltage * (1 - spike)


def _decay(tau_rc: Tensor, delta: Tensor, variant: str) -> tuple[Tensor, Callable]:
    """``expm1(-delta / tau_rc)``, and the ``log1p`` of the same variant."""
    form, *terms = variant.split(":")
    if form == "exact":
        return tf.math.expm1(-delta / tau_rc), tf.math.log1p
    expm1, log1p = polynomials(*map(int, terms))
    # There are as many time constants as members: the loop divides once, not for each neuron.
    return expm1(delta * (-1 / tau_rc)), log1p


class SurrogateAdaptiveLif(AdaptiveLif, SurrogateLif):
    """`AdaptiveLif` in training: the adaptation follows the spikes, gradients too."""

    name = "surrogate_adaptive_lif"


class SurrogateIntegrateAndFire(IntegrateAndFire):
    """`IntegrateAndFire` in training."""

    name = "surrogate_integrate_and_fire"

    def step(self, params, state, inputs, spec):
        surrogate, dt = spec.static[1], spec.dt
        voltage = state["voltage"] + rounded(dt * inputs[0])
        spiked = voltage > 1
        spike = sloped(tf.cast(spiked, voltage.dtype), voltage - 1, surrogate.derivative)
        new = {"voltage": _reset(voltage, spiked, spike, surrogate)}
        return new, {"out": (tf.expand_dims(params["amplitude"], 0) * (1 / dt)) * spike, **new}


def _from_one(v: Tensor) -> Tensor:
    """Distance to the nearest threshold of a staircase from 1 on."""
    return v - tf.maximum(tf.round(v), 1)


class _Staircase:
    """Whole numbers of spikes; a class beside gives ``drive`` and how the voltage is cut."""

    whole = staticmethod(tf.floor)

    def step(self, params, state, inputs, spec: Spec):
        surrogate, dt = spec.static[1], spec.dt
        voltage = state["voltage"] + rounded(dt * self.drive(params, inputs[0]))
        spikes = sloped(self.whole(voltage), voltage, lambda v: self.slope(v, surrogate))
        leaving = tf.stop_gradient(spikes) if surrogate.detach_reset else spikes
        new = {"voltage": voltage - leaving}
        return new, {"out": (tf.expand_dims(params["amplitude"], 0) * (1 / dt)) * spikes, **new}

    @staticmethod
    def drive(params: dict, x: Tensor) -> Tensor:
        """What the voltage adds up, of the input."""
        return x

    @staticmethod
    def slope(voltage: Tensor, surrogate: Any) -> Tensor:
        """The staircase's slope."""
        return surrogate.derivative(_from_one(voltage))


class SurrogateRectifiedLinear(_Staircase, SpikingRectifiedLinear):
    """`SpikingRectifiedLinear` in training."""

    name = "surrogate_spiking_rectified_linear"
    drive = staticmethod(lambda params, x: tf.maximum(x, 0))


class SurrogateLeakyRelu(_Staircase, SpikingLeakyRelu):
    """`SpikingLeakyRelu` in training: the staircase goes down from -1 on too."""

    name = "surrogate_spiking_leaky_relu"
    whole = staticmethod(truncated)
    drive = staticmethod(leaky)

    @staticmethod
    def slope(voltage, surrogate):
        return surrogate.derivative(_from_one(tf.abs(voltage)))


class SurrogateRegularSpiking(_Staircase, RegularSpiking):
    """`RegularSpiking` in training."""

    name = "surrogate_regular_spiking"


class SurrogateIzhikevich(Izhikevich):
    """`Izhikevich` in training; ``x = (v - 30) / (30 - reset_voltage)``.

    On its way up to a spike the voltage grows by some 8 times in a step of 1 ms, and so does a
    gradient on its way back; the reset ends that.
    """

    name = "surrogate_izhikevich"

    def step(self, params, state, inputs, spec):
        p = {k: tf.expand_dims(v, 0) for k, v in params.items()}
        surrogate, dt = spec.static[1], spec.dt
        v, u = state["voltage"], state["recovery"]
        current = tf.maximum(inputs[0], -30)
        slope = rounded(0.04 * rounded(v * v)) + rounded(5 * v) + 140 - u + current
        v = v + rounded(rounded(slope * 1000) * dt)
        spiked = v >= 30
        span = tf.stop_gradient(tf.maximum(30 - p["reset_voltage"], 1))
        spike = sloped(tf.cast(spiked, v.dtype), (v - 30) / span, surrogate.derivative)
        jump = tf.stop_gradient(spike) if surrogate.detach_reset else spike
        v = _switched(spiked, jump, p["reset_voltage"], v)
        slope = p["tau_recovery"] * (rounded(p["coupling"] * v) - u)
        u = u + rounded(rounded(slope * 1000) * dt)
        u = _switched(spiked, jump, u + p["reset_recovery"], u)
        new = {"voltage": v, "recovery": u}
        return new, {"out": spike * (1 / dt), **new}


def _switched(spiked: Tensor, spike: Tensor, then: Tensor, otherwise: Tensor) -> Tensor:
    """``then`` on a spike, else ``otherwise``, with the gradient ``then - otherwise`` by it."""
    chosen = tf.where(spiked, then, otherwise)
    return chosen + tf.stop_gradient(then - otherwise) * (spike - tf.stop_gradient(spike))


class _StraightThrough(Kernel):
    """Random spikes, whose gradient by the rate is that of their expectation."""

    def step(self, params, state, inputs, spec):
        rate, dt = inputs[0], spec.dt
        running = replace(spec, static=spec.static[2])
        new, _ = super().step(params, state, [tf.stop_gradient(rate)], running)
        spikes = sloped(new["spikes"], rate, lambda rate: tf.cast(dt, rate.dtype))
        new = {key: tf.stop_gradient(value) for key, value in new.items()}
        return new, {"out": (tf.expand_dims(params["amplitude"], 0) * (1 / dt)) * spikes}


class SurrogateStochasticSpiking(_StraightThrough, StochasticSpiking):
    """`StochasticSpiking` in training."""

    name = "surrogate_stochastic_spiking"


class SurrogatePoissonSpiking(_StraightThrough, PoissonSpiking):
    """`PoissonSpiking` in training."""

    name = "surrogate_poisson_spiking"


SURROGATE_KERNELS = (
    SurrogateLif(),
    SurrogateAdaptiveLif(),
    SurrogateIntegrateAndFire(),
    SurrogateRectifiedLinear(),
    SurrogateLeakyRelu(),
    SurrogateIzhikevich(),
    SurrogateRegularSpiking(),
    SurrogateStochasticSpiking(),
    SurrogatePoissonSpiking(),
)
