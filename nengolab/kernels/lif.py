"""The leaky integrate-and-fire neuron, three ways.

The equations are Nengo's. In each step of length ``dt``, with refractory time ``R`` left over::

    R <- R - dt;  delta = clip(dt - R, 0, dt)              the part of the step spent integrating
    V <- V - (J - V) expm1(-delta / tau_rc)                exact for a constant current
    V > 1: spike;  t = dt + tau_rc log1p(-(V - 1)/(J - 1)) how long after the crossing the step ends
    V <- 0, R <- tau_ref + t  on a spike;  V <- max(V, min_voltage)  otherwise

``exact`` evaluates them as written: double precision.
``poly`` replaces expm1 and log1p by their series, which on the small domains that occur here
(``[0, dt/tau_rc]``) are exact to single precision after a few terms.
``packed`` keeps V and R in one array, ``u = V`` while integrating and ``u = -R`` while refractory:
with ``min_voltage = 0`` the two are never needed at once, because V is 0 as long as ``R > dt``.
A spike is then ``u <= -tau_ref``, so whoever reads the spikes needs no equation again; XLA would
otherwise evaluate the whole neuron once more in every consumer. Measured on 12,800 neurons:
packed 1.7 times as fast as V and R apart, and as packed without that test.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from nengolab.kernels.neuron_kernel import NeuronKernel
from nengolab.kernels.rates import adapted

MAX_TERMS = 8
_FLOAT32_EPS = 2.0**-24


def expm1_terms(x: float) -> int:
    """How many terms of ``expm1(-x) / -x`` single precision needs on ``[0, x]``."""
    return _terms(lambda k: x**k / math.factorial(k + 1))


def log1p_terms(x: float) -> int:
    """How many terms of ``log1p(-y) / -y`` single precision needs for ``y`` up to ``1-exp(-x)``."""
    y = -math.expm1(-x)
    return _terms(lambda k: y**k / (k + 1))


def _terms(term) -> int:
    k = 1
    while term(k) > _FLOAT32_EPS / 2 and k <= MAX_TERMS + 1:
        k += 1
    return k


class Lif(NeuronKernel):
    """Leaky integrate-and-fire: current ``J`` to spikes of ``amplitude / dt``."""

    name = "lif"
    stateful = True
    constant_names = ("tau_rc", "tau_ref", "amplitude", "min_voltage")
    state_names = ("voltage", "refractory_time")
    spiking = True
    by_value = True

    def variant(self, group) -> str:
        if group.dtype != "float32":
            return "exact"
        x = group.dt / np.min(group.param_values("tau_rc"))
        terms = (expm1_terms(x), log1p_terms(x))
        if max(terms) > MAX_TERMS:
            return "exact"
        packable = (
            np.all(group.param_values("min_voltage") == 0)
            and not group.observed("refractory_time")
            and np.all(group.state_values("voltage") >= 0)
            and np.all(
                group.state_values("refractory_time") <= group.param_values("tau_ref")[:, None]
            )
        )
        return f"{'packed' if packable else 'poly'}:{terms[0]}:{terms[1]}"

    def fits(self, variant: str, group) -> bool:
        wanted = self.variant(group)
        if "exact" in (variant, wanted):
            return variant == "exact"
        (form, *terms), (best, *needed) = variant.split(":"), wanted.split(":")
        enough = all(int(has) >= int(need) for has, need in zip(terms, needed, strict=True))
        return enough and (form == "poly" or best == "packed")

    def adapt(self, state, old, new):
        """A neuron that rests for longer than the new ``tau_ref`` rests for that time."""
        if new["tau_ref"] >= old["tau_ref"]:
            return {}
        return {"refractory_time": np.minimum(state["refractory_time"], new["tau_ref"])}

    def step(self, params, state, inputs, spec):
        p = {k: tf.expand_dims(v, 0) for k, v in params.items()}
        form, *terms = spec.variant.split(":")
        if form == "packed":
            return self._packed(p, state["u"], inputs[0], spec.dt, *map(int, terms))
        if form == "poly":
            expm1, log1p = polynomials(*map(int, terms))
        else:
            expm1, log1p = tf.math.expm1, tf.math.log1p
        return _voltage_and_time(p, state, inputs[0], spec.dt, expm1, log1p)

    @staticmethod
    def _packed(p, u, current, dt, expm1_n, log1p_n):
        expm1, log1p = polynomials(expm1_n, log1p_n)
        tau_rc, tau_ref = p["tau_rc"], p["tau_ref"]
        # The two kinds of refractory value must not meet at tau_ref, whatever the rounding.
        gap = 1e-6 * dt + 8 * _FLOAT32_EPS * tau_ref
        refractory = tf.maximum(-u, 0) - dt
        voltage = tf.maximum(u, 0)
        delta = tf.clip_by_value(dt - refractory, 0, dt)
        voltage = voltage - (current - voltage) * expm1(-delta / tau_rc)
        since = dt + tau_rc * log1p(-(voltage - 1) / (current - 1))
        fired = -(tau_ref + tf.maximum(since, gap))
        waiting = -tf.minimum(refractory, tau_ref - gap)
        resting = tf.where(refractory >= dt, waiting, tf.maximum(voltage, 0))
        # A current that is not a number must not pass as rest: it goes through 0 * J.
        u = tf.where(voltage > 1, fired, resting + 0 * current)
        spikes = tf.where(u < -tau_ref, p["amplitude"] * (1 / dt), tf.zeros_like(p["amplitude"]))
        voltage = tf.maximum(u, 0)
        return {"u": u}, {"out": spikes, "voltage": voltage, "refractory_time": tf.maximum(-u, 0)}

    def enter(self, state, spec):
        if not spec.variant.startswith("packed"):
            return state
        voltage, refractory = state["voltage"], state["refractory_time"]
        others = {k: v for k, v in state.items() if k not in Lif.state_names}
        return others | {"u": np.where(refractory > spec.dt, -refractory, voltage)}

    def leave(self, state, spec):
        if not spec.variant.startswith("packed"):
            return state
        u = np.asarray(state["u"])
        others = {k: v for k, v in state.items() if k != "u"}
        return others | {"voltage": np.maximum(u, 0), "refractory_time": np.maximum(-u, 0)}


class AdaptiveLif(Lif):
    """A LIF neuron for ``J - n``; ``n += dt/tau_n (inc_n spikes - n)``.

    Source: La Camera et al., "Minimal models of adapted neuronal response to in vivo-like input
    currents", Neural Computation 16, 2004.
    """

    name = "adaptive_lif"
    constant_names = (*Lif.constant_names, "tau_n", "inc_n")
    state_names = (*Lif.state_names, "adaptation")

    def step(self, params, state, inputs, spec):
        n = state["adaptation"]
        new, out = super().step(params, state, [inputs[0] - n], spec)
        n = adapted(params, n, out["out"], spec.dt)
        return new | {"adaptation": n}, out | {"adaptation": n}


def _voltage_and_time(p, state, current, dt, expm1, log1p):
    refractory = state["refractory_time"] - dt
    delta = tf.clip_by_value(dt - refractory, tf.zeros_like(refractory), dt)
    voltage = state["voltage"]
    voltage = voltage - (current - voltage) * expm1(-delta / p["tau_rc"])
    spiked = voltage > 1
    safe = tf.where(spiked, (voltage - 1) / (current - 1), tf.zeros_like(voltage))
    refractory = tf.where(spiked, p["tau_ref"] + dt + p["tau_rc"] * log1p(-safe), refractory)
    out = tf.where(spiked, p["amplitude"] * (1 / dt), tf.zeros_like(p["amplitude"]))
    voltage = tf.where(spiked, tf.zeros_like(voltage), tf.maximum(voltage, p["min_voltage"]))
    state = {"voltage": voltage, "refractory_time": refractory}
    return state, {"out": out, **state}


def polynomials(expm1_n: int, log1p_n: int):
    """``expm1`` and ``log1p`` by so many terms of their series."""

    def expm1(x):
        total = 1 / math.factorial(expm1_n)
        for k in range(expm1_n - 1, 0, -1):
            total = total * x + 1 / math.factorial(k)
        return x * total

    def log1p(x):
        total = (-1.0) ** (log1p_n + 1) / log1p_n
        for k in range(log1p_n - 1, 0, -1):
            total = total * x + (-1.0) ** (k + 1) / k
        return x * total

    return expm1, log1p
