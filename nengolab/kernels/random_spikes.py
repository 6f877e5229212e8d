"""Rates (of another model) to random spikes."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from nengolab.kernels.generator import Draws
from nengolab.kernels.integrators import truncated
from nengolab.kernels.neuron_kernel import NeuronKernel

# From this mean on counts are drawn by rejection: its constants hold from 10 on, and the search
# takes about mean + 8 sqrt(mean) rounds.
SEARCH_BELOW = 10.0
SEARCH_TERMS = 8


class _RandomSpikes(NeuronKernel):
    """Spikes of a mean number ``e = rate dt`` a step; static is whether rates may be negative."""

    stateful = True
    spiking = True
    random = True
    constant_names = ("amplitude",)

    def static(self, neurons):
        return (bool(neurons.negative),)

    def step(self, params, state, inputs, spec):
        rate = inputs[0]
        size = rate.shape[1 if spec.layout.last else 2]
        draws = Draws(state["generator"], spec.layout, size)
        (signed,) = spec.static
        expected = spec.dt * (tf.abs(rate) if signed else rate)
        spikes = self.spikes(expected, draws)
        if signed:
            spikes = spikes * tf.sign(rate)
        # Nothing reads these spikes in the next step. But what a loop carries is computed once,
        # where XLA would draw all numbers anew in everything that reads an expression.
        new = {"generator": draws.state, "spikes": spikes}
        return new, {"out": (tf.expand_dims(params["amplitude"], 0) * (1 / spec.dt)) * spikes}

    def spikes(self, expected: Any, draws: Draws) -> Any:
        """How many spikes, for the expected number of them."""
        raise NotImplementedError


class StochasticSpiking(_RandomSpikes):
    """Stochastic rounding: the whole part of ``e``, and one more with its fraction for odds."""

    name = "stochastic_spiking"

    def spikes(self, expected, draws):
        whole = truncated(expected)
        uniform = draws.single(0) if expected.dtype == tf.float32 else draws.double(0)
        more = uniform < expected - whole
        # An expectation that is not a number goes through; it must not pass as silence.
        return whole + tf.where(more, tf.ones_like(whole), tf.zeros_like(whole))


class PoissonSpiking(_RandomSpikes):
    """A Poisson number of spikes with mean ``e``, in double precision whatever the program's.

    Small means: the distribution function is searched from 0 up for the first value at or above a
    uniform number. Large means: transformed rejection (PTRS of Hoermann, "The transformed
    rejection method for generating Poisson random variables", Insurance: Mathematics and
    Economics 12, 1993). Neither has an upper end.
    """

    name = "poisson_spiking"

    def spikes(self, expected, draws):
        mean = tf.cast(expected, tf.float64)
        finite = tf.math.is_finite(mean)
        large = (mean >= SEARCH_BELOW) & finite
        small = tf.where(mean < SEARCH_BELOW, mean, 0)
        # Each further way is taken only where the one before left something to do.
        uniform = draws.double(0)
        counts = _first_terms(small, uniform)
        counts = tf.cond(
            tf.reduce_any(counts == SEARCH_TERMS),
            lambda: _searched(small, uniform),
            lambda: counts,
        )
        counts = tf.cond(
            tf.reduce_any(large), lambda: _rejected(mean, large, counts, draws), lambda: counts
        )
        # Neither NaN nor infinity nor a negative mean may pass as a number of spikes.
        valid = (mean >= 0) & finite
        return tf.cast(tf.where(valid, counts, mean * float("nan")), expected.dtype)


def _first_terms(mean: Any, uniform: Any) -> Any:
    """``_searched`` as far as ``SEARCH_TERMS``, which settles common rates in one pass."""
    p = total = tf.exp(-mean)
    count = tf.zeros_like(uniform)
    for k in range(1, SEARCH_TERMS + 1):
        count = count + tf.cast(uniform > total, tf.float64)
        p = p * (mean / k)
        total = total + p
    return count


def _searched(mean: Any, uniform: Any) -> Any:
    """Poisson counts for small means by inversion: how many ``k`` have ``F(k) < uniform``.

    ``F`` is summed from ``p(k) = p(k - 1) mean / k``.
    """

    def going(k, p, total):
        # The end of the tail: what would be added is below a rounding of the sum.
        return (uniform > total) & ((total + p > total) | (k < mean))

    def body(k, p, total, count):
        count = count + tf.cast(going(k, p, total), tf.float64)
        p = p * (mean / (k + 1))
        return k + 1, p, total + p, count

    first = tf.exp(-mean)
    start = (tf.constant(0.0, tf.float64), first, first, tf.zeros_like(uniform))
    return tf.while_loop(lambda *s: tf.reduce_any(going(*s[:3])), body, start)[3]


def _rejected(mean: Any, large: Any, counts: Any, draws: Draws) -> Any:
    """Poisson counts where ``large``, by transformed rejection; ``counts`` elsewhere."""
    mean = tf.where(large, mean, tf.constant(SEARCH_BELOW, tf.float64))
    b = 0.931 + 2.53 * tf.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    inside = 0.9277 - 3.6224 / (b - 2)
    log_mean = tf.math.log(mean)

    # Counts below 0 are yet to be found: of a loop that carried, beside them, which these are, XLA
    # would compute the numbers twice, once for each (5,000 steps of 60 neurons: 0.15 s, not 0.11).
    def body(attempt, counts):
        # One generator for both numbers: half of the code.
        u, v = tf.unstack(draws.doubles([2 * attempt + 1, 2 * attempt + 2]))
        u = u - 0.5
        s = 0.5 - tf.abs(u)
        k = tf.floor((2 * a / s + b) * u + mean + 0.43)
        likely = tf.math.log(v * inverse_alpha / (a / (s * s) + b)) <= (
            k * log_mean - mean - log_factorial(tf.maximum(k, 0))
        )
        outside = (k < 0) | ((s < 0.013) & (v > s))
        accepted = ((s >= 0.07) & (v <= inside)) | (~outside & likely)
        return attempt + 1, tf.where((counts < 0) & accepted, k, counts)

    return tf.while_loop(
        lambda attempt, counts: tf.reduce_any(counts < 0),
        body,
        (tf.constant(0), tf.where(large, tf.constant(-1.0, tf.float64), counts)),
    )[1]


def log_factorial(k: Any) -> Any:
    """``log(k!)`` to some 1e-11, cheaper than ``lgamma``.

    Stirling's series for ``(k + 7)!``, from 8 on, less the logarithm of the seven factors.
    """
    x = k + 8
    product = (k + 1) * (k + 2) * (k + 3) * (k + 4) * (k + 5) * (k + 6) * (k + 7)
    r = 1 / (x * x)
    series = (1 / 12 + r * (-1 / 360 + r * (1 / 1260 - r / 1680))) / x
    rest = 0.5 * math.log(2 * math.pi) + series - tf.math.log(product)
    return (x - 0.5) * tf.math.log(x) - x + rest
