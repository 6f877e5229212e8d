"""Neuron models without spikes: a current to a rate (Hz).

Each has its gradient by the current in closed form, which is right and finite wherever the rate's
slope is, and which needs little beside the rate itself: no logarithm of it is taken twice.

In time batches an activation is compiled by XLA, forward and back each as one pass over memory;
the products around it stay with the vendor library. Forward and back for 200 x 43,264 currents,
float32, two threads: LIF rates 77 ms by TensorFlow's operations and gradients, 28 ms compiled with
``log1p``, 9 ms as here; TensorFlow's relu 5 ms.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import tensorflow as tf

from nengolab.kernels.compiled import compiled
from nengolab.kernels.gradient import custom_gradient
from nengolab.kernels.neuron_kernel import NeuronKernel

Tensor = Any
# A variant: the activation is compiled by itself.
COMPILED = "compiled"


class Activation(NeuronKernel):
    """A rate that depends on the current of the same step alone."""

    def variant(self, group) -> str:
        return "" if group.stepped else COMPILED

    def apply(self, params, inputs, spec):
        return {"out": self.rate(params, inputs[0], spec.variant == COMPILED)}

    def rate(self, params: dict, current: Tensor, alone: bool = False) -> Tensor:
        """Rates with their gradient; ``alone`` where nothing around them is compiled."""
        names = list(params)
        run = partial(self._compiled, tuple(names)) if alone else _plain

        def forward(current, *values):
            return self.compute(_named(names, values), current)

        def by_current(upstream, current, rate, *values):
            return upstream * self.slope(_named(names, values), current, rate)

        def by_params(upstream, current, *values):
            with tf.GradientTape() as tape:
                tape.watch(values)
                rate = self.compute(_named(names, values), current)
            return tape.gradient(rate, values, upstream, unconnected_gradients="zero")

        @custom_gradient
        def activation(current, *values):
            rate = run(forward, current, *values)

            def gradient(upstream):
                # Two functions: where no parameter is trained, the second is never called.
                by = run(by_current, upstream, current, rate, *values)
                return by, *run(by_params, upstream, current, *values)

            return rate, gradient

        return activation(current, *(params[name] for name in names))

    def affine(self, params: dict, gain: Tensor | None, bias: Tensor | None, x: Tensor) -> Tensor:
        """Rates of the currents ``g x + b``, compiled, for training.

        There a layer of neurons is a few passes over large arrays ``(steps x batch, neurons)``, and
        each costs as much as the activation of an ordinary network would: so gain, bias and rate
        are one. What is summed over the rows is summed outside of XLA, on all cores.
        """
        names, first = list(params), next(iter(params.values()))
        run = partial(self._compiled, tuple(names))
        gain = tf.ones_like(first) if gain is None else gain
        bias = tf.zeros_like(first) if bias is None else bias

        def forward(x, gain, bias, *values):
            return self.compute(_named(names, values), gain * x + bias)

        def back(upstream, rate, x, gain, bias, *values):
            slope = self.slope(_named(names, values), gain * x + bias, rate)
            return upstream * slope, gain * (upstream * slope)

        def by_params(upstream, x, gain, bias, *values):
            with tf.GradientTape() as tape:
                tape.watch(values)
                rate = forward(x, gain, bias, *values)
            return tape.gradient(rate, values, upstream, unconnected_gradients="zero")

        @custom_gradient
        def activation(*given):
            rate = run(forward, *given)

            def gradient(upstream):
                x, gain, bias = given[:3]
                current, pulled = run(back, upstream, rate, *given)
                sums = _summed(current * x, gain), _summed(current, bias)
                # What nobody asks for of these is not computed.
                return pulled, *sums, *run(by_params, upstream, *given)

            return rate, gradient

        rows = (tf.expand_dims(gain, 0), tf.expand_dims(bias, 0))
        return activation(x, *rows, *(params[name] for name in names))

    def _compiled(self, names: tuple[str, ...], fn: Any, *args: Any) -> Any:
        """A function of `rate` or `affine`; kernel, names and its own name say all of it."""
        return compiled(fn, *args, key=(type(self), names, fn.__qualname__))(*args)

    def compute(self, p: dict, current: Tensor) -> Tensor:
        """The rate; parameters have a batch axis."""
        raise NotImplementedError

    def slope(self, p: dict, current: Tensor, rate: Tensor) -> Tensor:
        """The derivative of the rate by the current."""
        raise NotImplementedError


def _named(names: list[str], values: tuple) -> dict:
    return {name: tf.expand_dims(value, 0) for name, value in zip(names, values, strict=True)}


def _plain(fn: Any, *args: Any) -> Any:
    return fn(*args)


def _summed(x: Tensor, like: Tensor) -> Tensor:
    """The gradient of something that was broadcast to the shape of ``x``."""
    axes = [i for i, n in enumerate(like.shape) if n == 1 and x.shape[i] != 1]
    return tf.reduce_sum(x, axes, keepdims=True) if axes else x


class LifRate(Activation):
    """``r = amplitude / (tau_ref + tau_rc log(1 + 1/(J - 1)))`` for ``J > 1``, else 0.

    With ``j = J - 1`` its slope is ``r^2 tau_rc / (amplitude j (j + 1))``. It grows without bound
    towards the threshold; `SoftLifRate` is for whom that disturbs.
    """

    name = "lif_rate"
    constant_names = ("tau_rc", "tau_ref", "amplitude")

    def compute(self, p, current):
        j = current - 1
        on = j > 0
        # Where the neuron is silent the formula is evaluated at a harmless place.
        log_term = log_one_and_inverse(tf.where(on, j, tf.ones_like(j)))
        rate = p["amplitude"] / (p["tau_ref"] + p["tau_rc"] * log_term)
        # NaN currents must not pass as silence.
        return tf.where(on, rate, tf.zeros_like(j) * j)

    def slope(self, p, current, rate):
        j = current - 1
        on = j > 0
        safe = tf.where(on, j, tf.ones_like(j))
        slope = _lif_slope(p, rate, 1 / safe, 1 / (safe + 1))
        return tf.where(on, slope, tf.zeros_like(j) * j)


def _lif_slope(p: dict, rate: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The slope of a LIF rate whose log term falls with ``a b``: ``a b tau_rc r^2 / amplitude``.

    With a factor each, as the square of a large rate overflows.
    """
    amplitude = p["amplitude"]
    inverse = tf.where(amplitude == 0, tf.zeros_like(amplitude), 1 / amplitude)
    return (p["tau_rc"] * inverse) * (rate * a) * (rate * b)


def log_one_and_inverse(j: Tensor) -> Tensor:
    """``log(1 + 1/j)``, in single precision without the slow ``log1p``.

    From 4 on, where ``1 + 1/j`` would round away what counts, by the series of
    ``2 atanh(1 / (2 j + 1))``; the next term is below a rounding.
    """
    if j.dtype != tf.float32:
        return tf.math.log1p(1 / j)
    return tf.where(j > 4, _two_atanh(1 / (2 * j + 1), 4), tf.math.log((j + 1) / j))


def _log_one_and(e: Tensor) -> Tensor:
    """``log(1 + e)`` for ``e`` from 0 to 1, in single precision by its series."""
    return tf.math.log1p(e) if e.dtype != tf.float32 else _two_atanh(e / (2 + e), 8)


def _two_atanh(z: Tensor, terms: int) -> Tensor:
    """``2 atanh(z) = log((1 + z) / (1 - z))`` by its series."""
    square, total = z * z, 1 / (2 * terms - 1)
    for k in range(terms - 1, 0, -1):
        total = total * square + 1 / (2 * k - 1)
    return 2 * z * total


class SoftLifRate(Activation):
    """A LIF rate for ``j = sigma log(1 + exp((J - 1)/sigma))`` in place of ``J - 1``.

    Source: Hunsberger and Eliasmith, "Spiking deep networks with LIF neurons", arXiv:1510.08829,
    2015. Far below the threshold ``j`` is smaller than any float although the rate, which goes
    with ``1/log(1/j)``, is not 0; there ``log j = log sigma + (J - 1)/sigma`` is used.

    With ``x = (J - 1)/sigma``, the log term ``log(1 + 1/j)`` has by ``x`` the derivative
    ``- (logistic(x) / log(1 + exp(x))) / (1 + j)``, in which the quotient is 1 far below.
    """

    name = "soft_lif_rate"
    constant_names = ("sigma", "tau_rc", "tau_ref", "amplitude")

    def compute(self, p, current):
        log_term = _soft_log_term((current - 1) / p["sigma"], p["sigma"], current - 1)
        return p["amplitude"] / (p["tau_ref"] + p["tau_rc"] * log_term)

    def slope(self, p, current, rate):
        sigma = p["sigma"]
        return _lif_slope(p, rate, *_soft_factors((current - 1) / sigma, sigma, current - 1))


# Below this, log(1 + 1/j) and -log j differ by less than a rounding of double precision.
SOFT_FAR = -40.0


@custom_gradient
def _soft_log_term(x, sigma, over):
    """``log(1 + 1/j)`` of ``x`` and ``sigma``; its own gradient overflows where j is small.

    ``over = sigma x`` is given too, because ``x`` itself may overflow.
    """
    far, j = _soft(x, sigma, over)
    value = tf.where(far, -tf.math.log(sigma) - x, log_one_and_inverse(j))

    def gradient(upstream):
        slope, rest = _soft_factors(x, sigma, over)
        axes = [i for i, n in enumerate(sigma.shape) if n == 1]
        by_sigma = tf.reduce_sum(upstream * (-rest / sigma), axis=axes, keepdims=True)
        return -upstream * (sigma * slope) * rest, by_sigma, tf.zeros_like(over)

    return value, gradient


def _soft(x: Tensor, sigma: Tensor, over: Tensor) -> tuple[Tensor, Tensor]:
    """Whether ``x`` is far below the threshold, and ``j`` elsewhere."""
    far = x < SOFT_FAR
    near, above = (tf.where(far, tf.zeros_like(x), v) for v in (x, over))
    return far, tf.maximum(above, 0) + sigma * _log_one_and(tf.exp(-tf.abs(near)))


def _soft_factors(x: Tensor, sigma: Tensor, over: Tensor) -> tuple[Tensor, Tensor]:
    """Minus their product is the log term's derivative by the current."""
    far, j = _soft(x, sigma, over)
    slope = tf.where(far, tf.ones_like(x) / sigma, tf.sigmoid(x) / j)
    return slope, tf.where(far, tf.ones_like(x), 1 / (1 + j))


class AdaptiveLifRate(NeuronKernel):
    """A LIF rate for ``J - n``; ``n += dt/tau_n (inc_n r - n)``."""

    name = "adaptive_lif_rate"
    stateful = True
    constant_names = ("tau_n", "inc_n", "tau_rc", "tau_ref", "amplitude")
    state_names = ("adaptation",)
    activation: Activation = LifRate()

    def step(self, params, state, inputs, spec):
        own = {name: params[name] for name in self.activation.constant_names}
        rate = self.activation.rate(own, inputs[0] - state["adaptation"])
        n = adapted(params, state["adaptation"], rate, spec.dt)
        return {"adaptation": n}, {"out": rate, "adaptation": n}


class AdaptiveSoftLifRate(AdaptiveLifRate):
    """A soft LIF rate for ``J - n``, adapted alike: by which `AdaptiveLifRate` may be trained."""

    name = "adaptive_soft_lif_rate"
    constant_names = (*AdaptiveLifRate.constant_names, "sigma")
    activation = SoftLifRate()


def adapted(params, n, out, dt):
    """The adaptation after a step: ``tau_n dn/dt = inc_n out - n``."""
    return n + (dt / tf.expand_dims(params["tau_n"], 0)) * (
        tf.expand_dims(params["inc_n"], 0) * out - n
    )


class RectifiedLinear(Activation):
    """``r = amplitude max(J, 0)``."""

    name = "rectified_linear"
    constant_names = ("amplitude",)

    def compute(self, p, current):
        return p["amplitude"] * tf.maximum(current, 0)

    def slope(self, p, current, rate):
        return tf.where(current > 0, p["amplitude"], tf.zeros_like(p["amplitude"]))

    def affine(self, params, gain, bias, x):
        """``a max(g x + b, 0) = max(a g x + a b, 0)``, for ``a > 0``, in TensorFlow's operations.

        Images a second of three convolutions against Keras with ReLU (batch 200, 2 cores, medians
        in one run): 1.01 with the amplitude in gain and bias, 0.82 outside, 0.79 by XLA.
        """
        a = tf.expand_dims(params["amplitude"], 0)
        known, size = tf.get_static_value(a), tf.abs(a)
        x = (size if gain is None else size * tf.expand_dims(gain, 0)) * x
        if bias is not None:
            x = x + size * tf.expand_dims(bias, 0)
        # Where an amplitude is negative, the sign goes outside: one pass more.
        positive = known is not None and (known >= 0).all()
        return tf.nn.relu(x) if positive else tf.sign(a) * tf.nn.relu(x)


class LeakyRelu(Activation):
    """``r = amplitude J`` for ``J > 0``, ``amplitude negative_slope J`` else."""

    name = "leaky_relu"
    constant_names = ("negative_slope", "amplitude")

    def compute(self, p, current):
        return p["amplitude"] * tf.where(current > 0, current, p["negative_slope"] * current)

    def slope(self, p, current, rate):
        return p["amplitude"] * tf.where(
            current > 0, tf.ones_like(p["negative_slope"]), p["negative_slope"]
        )


def leaky(params: dict, x: Tensor) -> Tensor:
    """``x`` where positive, ``negative_slope x`` elsewhere."""
    return tf.where(x > 0, x, tf.expand_dims(params["negative_slope"], 0) * x)


class SigmoidRate(Activation):
    """``r = 1/tau_ref / (1 + exp(-J))``."""

    name = "sigmoid"
    constant_names = ("tau_ref",)

    def compute(self, p, current):
        return (1 / p["tau_ref"]) * tf.sigmoid(current)

    def slope(self, p, current, rate):
        return rate * (1 - rate * p["tau_ref"])


class Tanh(Activation):
    """``r = 1/tau_ref tanh(J)``."""

    name = "tanh"
    constant_names = ("tau_ref",)

    def compute(self, p, current):
        return (1 / p["tau_ref"]) * tf.tanh(current)

    def slope(self, p, current, rate):
        unit = rate * p["tau_ref"]
        return (1 - unit * unit) / p["tau_ref"]
