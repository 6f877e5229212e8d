"""Surrogate gradients: their formulas, and gradients through spiking neurons over time.

The reference is a restatement of each neuron model in plain TensorFlow, a Python loop over the
steps, in which the spike alone has a gradient of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad

from nengolab.exceptions import ValidationError
from nengolab.kernels.registry import KERNELS
from nengolab.surrogates import (
    ATan,
    Custom,
    FastSigmoid,
    Sigmoid,
    SuperSpike,
    Surrogate,
    Triangular,
    surrogate,
)

from .kernels import DT, Facts, spec_of

pytestmark = pytest.mark.in_turn

ALL = [ATan(), FastSigmoid(), SuperSpike(), Triangular(), Sigmoid()]


# -- surrogates ------------------------------------------------------------------------------------


def derivative(s: Surrogate, x) -> np.ndarray:
    return s.derivative(tf.constant(x, tf.float64)).numpy()


PRIMITIVES = {
    ATan(3.0): lambda x: math.atan(math.pi / 2 * 3 * x) / math.pi,
    FastSigmoid(4.0): lambda x: x / (1 + 4 * abs(x)),
    SuperSpike(7.0): lambda x: x / (1 + 7 * abs(x)),
    Triangular(0.5, 0.3): lambda x: 0.3 * np.clip(x, -0.5, 0.5) * (1 - abs(np.clip(x, -0.5, 0.5))),
    Sigmoid(5.0): lambda x: 1 / (1 + math.exp(-5 * x)),
}


@pytest.mark.parametrize("s", PRIMITIVES, ids=lambda s: type(s).__name__)
def test_each_is_the_slope_of_its_sigmoid(s):
    for x in (-1.3, -0.31, 0.11, 0.4, 2.0):
        slope = (PRIMITIVES[s](x + 1e-6) - PRIMITIVES[s](x - 1e-6)) / 2e-6
        assert derivative(s, x) == pytest.approx(slope, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("s", ALL, ids=lambda s: type(s).__name__)
def test_each_is_a_bump_at_the_threshold(s):
    x = np.linspace(-3, 3, 601)
    h = derivative(s, x)
    assert np.argmax(h) == 300
    assert (h >= 0).all()
    assert np.allclose(h, h[::-1])
    assert derivative(s, [-1e30, 1e30]) == pytest.approx([0, 0], abs=1e-12)
    assert s.derivative(tf.ones((2, 3), tf.float32)).dtype == tf.float32


def test_areas_are_as_documented():
    areas = {ATan(): 1, FastSigmoid(): 2 / 25, Sigmoid(): 1, Triangular(): 1}
    for s, area in areas.items():
        half, _ = quad(lambda x, s=s: float(derivative(s, x)), 0, np.inf, limit=200)
        assert 2 * half == pytest.approx(area, rel=1e-5)


def test_settings_name_them():
    assert surrogate("ATan") == surrogate("atan") == surrogate(ATan) == ATan(2.0)
    assert surrogate("superspike") == SuperSpike()
    assert surrogate("triangular") == Triangular()
    assert surrogate("fast_sigmoid") == FastSigmoid()
    assert surrogate("sigmoid") == Sigmoid()
    given = ATan(5.0, detach_reset=False)
    assert surrogate(given) is given
    assert surrogate(None) is None
    own = surrogate(lambda x: tf.exp(-x * x))
    assert isinstance(own, Custom)
    assert derivative(own, 0.5) == pytest.approx(math.exp(-0.25))


@pytest.mark.parametrize("given", ["atn", 3, Surrogate, int, "custom"])
def test_what_is_no_surrogate(given):
    with pytest.raises(ValidationError, match=r"'atan'.*'triangular'.*ATan\(\)"):
        surrogate(given)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: ATan(0), "alpha.*positive"),
        (lambda: Sigmoid(float("nan")), "slope.*positive"),
        (lambda: Triangular(width="wide"), "width.*'wide'"),
        (lambda: FastSigmoid(detach_reset=1), "detach_reset.*True or False"),
        (lambda: surrogate(Custom), "function.*None"),
        (lambda: Custom(lambda x: x[0]).derivative(tf.ones(3)), r"\(3,\).*returned float32 \(\)"),
        (lambda: Custom(lambda x: 1.5).derivative(tf.ones(3, tf.float64)), "float64.*float32"),
    ],
)
def test_values_that_cannot_be(make, what):
    with pytest.raises(ValidationError, match=what):
        make()


# -- neurons over time -----------------------------------------------------------------------------

STEPS, BATCH, N = 30, 2, 4
CONSTANTS = {
    "tau_rc": 0.02,
    "tau_ref": 0.0023,
    "amplitude": 0.7,
    "min_voltage": -0.5,
    "tau_n": 0.05,
    "inc_n": 0.02,
    "negative_slope": 0.4,
    "tau_recovery": 0.02,
    "coupling": 0.2,
    "reset_voltage": -65.0,
    "reset_recovery": 8.0,
}
# Scale and offset of the currents, so that neurons fire in some steps and not in others.
DRIVE = {
    "lif": (6.0, 5.0),
    "adaptive_lif": (6.0, 6.0),
    "integrate_and_fire": (900.0, 300.0),
    "spiking_rectified_linear": (900.0, 300.0),
    "spiking_leaky_relu": (900.0, 0.0),
    "regular_spiking": (500.0, 600.0),
    "izhikevich": (5.0, 20.0),
}


def spikes(x, s, level=None):
    """A spike where ``x >= 0`` (or ``level`` spikes), with the surrogate's slope by ``x``."""

    @tf.custom_gradient
    def run(x):
        value = tf.cast(x > 0, x.dtype) if level is None else level
        return tf.identity(value), lambda d: d * s.derivative(x)

    return run(x)


def keep(s, spike):
    return tf.stop_gradient(spike) if s.detach_reset else spike


def lif(state, J, s, c):
    v, r = state["voltage"], tf.stop_gradient(state["refractory_time"]) - DT
    delta = tf.stop_gradient(tf.clip_by_value(DT - r, 0, DT))
    v = J + (v - J) * tf.exp(-delta / c["tau_rc"])
    spike = spikes(v - 1, s)
    fired = spike > 0
    overshoot = tf.where(fired, (v - 1) / (J - 1), tf.zeros_like(v))
    r = tf.where(fired, c["tau_ref"] + DT + c["tau_rc"] * tf.math.log1p(-overshoot), r)
    v = tf.maximum(v, c["min_voltage"]) * (1 - keep(s, spike))
    new = {"voltage": v, "refractory_time": tf.stop_gradient(r)}
    return new, spike * c["amplitude"] / DT


def adaptive_lif(state, J, s, c):
    new, out = lif(state, J - state["adaptation"], s, c)
    n = state["adaptation"]
    return new | {"adaptation": n + DT / c["tau_n"] * (c["inc_n"] * out - n)}, out


def integrate_and_fire(state, J, s, c):
    v = state["voltage"] + DT * J
    spike = spikes(v - 1, s)
    return {"voltage": v * (1 - keep(s, spike))}, spike * c["amplitude"] / DT


def staircase(v, n, x, sign, s, c):
    """``n`` spikes of the voltage ``v``, at the distance ``x`` from the next threshold."""
    count = tf.stop_gradient(n - sign) + sign * spikes(x, s, level=tf.ones_like(x))
    return {"voltage": v - keep(s, count)}, count * c["amplitude"] / DT


def spiking_rectified_linear(state, J, s, c):
    return regular_spiking(state, tf.nn.relu(J), s, c)


def regular_spiking(state, J, s, c):
    v = state["voltage"] + J * DT
    nearest = tf.stop_gradient(tf.maximum(tf.round(v), 1))
    return staircase(v, tf.floor(v), v - nearest, tf.ones_like(v), s, c)


def spiking_leaky_relu(state, J, s, c):
    v = state["voltage"] + DT * tf.where(J > 0, J, c["negative_slope"] * J)
    sign = tf.stop_gradient(tf.where(v < 0, -tf.ones_like(v), tf.ones_like(v)))
    nearest = tf.stop_gradient(tf.maximum(tf.round(abs(v)), 1))
    return staircase(v, sign * tf.floor(abs(v)), sign * v - nearest, sign, s, c)


def izhikevich(state, J, s, c):
    v, u = state["voltage"], state["recovery"]
    v = v + DT * 1000 * (0.04 * v * v + 5 * v + 140 - u + tf.maximum(J, -30))
    span = 30 - c["reset_voltage"]
    spike = spikes((v - 30) / span, s, level=tf.cast(v >= 30, v.dtype))
    jump = keep(s, spike)
    v = v * (1 - jump) + c["reset_voltage"] * jump
    u = u + DT * 1000 * c["tau_recovery"] * (c["coupling"] * v - u) + c["reset_recovery"] * jump
    return {"voltage": v, "recovery": u}, spike / DT


RESTATED = {
    "lif": lif,
    "adaptive_lif": adaptive_lif,
    "integrate_and_fire": integrate_and_fire,
    "spiking_rectified_linear": spiking_rectified_linear,
    "spiking_leaky_relu": spiking_leaky_relu,
    "regular_spiking": regular_spiking,
    "izhikevich": izhikevich,
}


def through_time(step, state, scale, inputs, weights):
    """The outputs over time of a recurrent population, whose spikes go through a synapse."""
    y, outs = tf.zeros_like(inputs[0]), []
    for i in range(STEPS):
        J = inputs[i] + scale * tf.linalg.matmul(y, weights)
        state, out = step(state, J)
        y = 0.8 * y + 0.2 * DT * out
        outs.append(out)
    return tf.stack(outs), state


def sides(name, s, dtype="float64"):
    """Outputs and gradients of the kernel, and of the restatement."""
    kernel, spec = spec_of(f"surrogate_{name}", 1, (type(s).__name__, s, ()), dtype)
    rng = np.random.default_rng(1)
    scale, offset = DRIVE[name]
    inputs = offset + scale * rng.normal(size=(STEPS, BATCH, 1, N))
    weights = rng.normal(size=(N, N))
    loss = rng.normal(size=(STEPS, BATCH, 1, N))
    state = {n: np.zeros((BATCH, 1, N)) for n in kernel.state_names}
    state["voltage"] = rng.uniform(0, 0.9, size=(BATCH, 1, N)) - 65 * (name == "izhikevich")
    constants = {n: np.array([[CONSTANTS[n]]]) for n in kernel.constant_names}
    facts = Facts(spec.layout, spec.static, dtype, constants, {n: x[0] for n, x in state.items()})
    spec = replace(spec, variant=kernel.variant(facts))
    cast = lambda d: {k: tf.constant(v, dtype) for k, v in d.items()}  # noqa: E731
    inputs, weights, loss, state = (
        tf.constant(inputs, dtype),
        tf.constant(weights, dtype),
        tf.constant(loss, dtype),
        cast(state),
    )
    params = cast(constants)
    ours = lambda st, J: _step(kernel, params, st, J, spec)  # noqa: E731
    plain = {k: tf.constant(CONSTANTS[k], dtype) for k in constants}
    theirs = lambda st, J: RESTATED[name](st, J, s, plain)  # noqa: E731
    found = []
    for step in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch([inputs, weights, state["voltage"]])
            outs, last = through_time(step, state, scale, inputs, weights)
            total = tf.reduce_sum(outs * loss) + tf.reduce_sum(last["voltage"])
        grads = tape.gradient(total, [inputs, weights, state["voltage"]])
        found.append((outs.numpy(), [g.numpy() for g in grads]))
    return found


def _step(kernel, params, state, J, spec):
    new, out = kernel.step(params, state, [J], spec)
    return new, out["out"]


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("name", RESTATED)
def test_gradients_through_recurrent_spikes_are_the_restatements(name, detach):
    """By the current at every time, the recurrent weights, and the voltage at the start."""
    (outs, grads), (expected, expected_grads) = sides(name, ATan(detach_reset=detach))
    assert np.array_equal(outs != 0, expected != 0)
    assert np.allclose(outs, expected)
    assert 0.02 < (outs != 0).mean() < 0.99, "the test must be of some spikes"
    for got, want in zip(grads, expected_grads, strict=True):
        assert np.abs(want).max() > 0
        assert np.abs(got - want).max() <= 1e-9 * np.abs(want).max()


@pytest.mark.parametrize(
    "s", [*ALL[1:], Custom(lambda x: tf.exp(-tf.abs(x)))], ids=lambda s: type(s).__name__
)
def test_every_surrogate_through_lif(s):
    (outs, grads), (expected, expected_grads) = sides("lif", s)
    assert np.allclose(outs, expected)
    for got, want in zip(grads, expected_grads, strict=True):
        assert np.abs(want).max() > 0
        assert np.abs(got - want).max() <= 1e-9 * np.abs(want).max()


def test_single_precision_by_polynomials():
    (outs, grads), (expected, expected_grads) = sides("lif", ATan(), "float32")
    assert np.array_equal(outs != 0, expected != 0)
    for got, want in zip(grads, expected_grads, strict=True):
        assert np.abs(got - want).max() <= 1e-3 * np.abs(want).max()


def test_the_reset_matters_only_where_it_is_not_detached():
    ((_, a), _), ((_, b), _) = (sides("lif", ATan(detach_reset=d)) for d in (True, False))
    assert np.abs(a[0] - b[0]).max() > 0.01 * np.abs(a[0]).max()


# -- the kernels that run --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*RESTATED, "stochastic_spiking", "poisson_spiking"])
def test_forward_is_the_running_kernel(name, dtype):
    """The same spikes over 400 steps, the running kernel in whatever form it chooses."""
    running, training = KERNELS[name], KERNELS[f"surrogate_{name}"]
    constants = CONSTANTS | {"min_voltage": 0.0}
    params = {n: np.full((1, 1), constants[n]) for n in running.constant_names}
    rng = np.random.default_rng(5)
    scale, offset = DRIVE.get(name, (800.0, 0.0))
    inputs = offset + scale * rng.normal(size=(400, BATCH, 1, 20))
    own = (True,) if running.random else ()
    state = {n: np.zeros((BATCH, 1, 20)) for n in running.state_names}
    if running.random:
        words = rng.integers(2**32, size=(BATCH, 1, 8), dtype=np.uint64).astype(np.uint32)
        state |= {"spikes": np.zeros((BATCH, 1, 20)), "generator": words[..., : words_of(name)]}
    both = []
    for kernel, static in ((running, own), (training, ("ATan", ATan(), own))):
        _, spec = spec_of(kernel.name, 1, static, dtype)
        facts = Facts(spec.layout, static, dtype, params, {n: s[0] for n, s in state.items()})
        both.append((kernel, replace(spec, variant=kernel.variant(facts))))
    found = forward(both, params, state, inputs, dtype)
    assert (found[0] != 0).mean() > 0.02
    if dtype == "float64" or name not in ("lif", "adaptive_lif", "izhikevich"):
        assert np.array_equal(found[0], found[1])
    else:  # a rounding may move a spike by a step
        assert (found[0] != found[1]).mean() < 2e-3
        assert found[0].sum() == pytest.approx(found[1].sum(), rel=2e-3)


def words_of(name: str) -> int:
    from nengolab.kernels import generator

    return generator.WORDS


def forward(kernels, params, state, inputs, dtype) -> list[np.ndarray]:
    """Outputs of each kernel over time, in loops that are compiled together."""
    as_tensor = lambda a: tf.constant(a, dtype if a.dtype.kind == "f" else None)  # noqa: E731
    params = {k: as_tensor(v) for k, v in params.items()}

    def loop(kernel, spec, state, inputs):
        outs = tf.TensorArray(dtype, inputs.shape[0], element_shape=inputs.shape[1:])

        def body(i, state, outs):
            new, out = kernel.step(params, state, [inputs[i]], spec)
            return i + 1, new, outs.write(i, out["out"])

        n = inputs.shape[0]
        return tf.while_loop(lambda i, *_: i < n, body, (0, state, outs))[2].stack()

    @tf.function(jit_compile=True, autograph=False)
    def run(states, inputs):
        return [loop(*of, st, inputs) for of, st in zip(kernels, states, strict=True)]

    entered = [
        {k: as_tensor(v) for k, v in kernel.enter(state, spec).items()} for kernel, spec in kernels
    ]
    return [out.numpy() for out in run(entered, tf.constant(inputs, dtype))]


@pytest.mark.parametrize("name", RESTATED)
def test_a_step_back_is_the_same_compiled(name):
    """For many members too, whose axis is then the last; what a backward loop is made of."""
    rng = np.random.default_rng(4)
    members, (scale, offset) = 8, DRIVE[name]
    s = Sigmoid(detach_reset=False)
    kernel, spec = spec_of(f"surrogate_{name}", members, ("Sigmoid", s, ()), variant="exact")
    shape = (BATCH, *spec.layout.shape(N))
    one = np.ones(spec.layout.shape(1))
    params = {n: tf.constant(CONSTANTS[n] * one) for n in kernel.constant_names}
    state = {n: tf.constant(rng.uniform(0, 0.9, shape)) for n in kernel.state_names}
    if "refractory_time" in state:
        state["refractory_time"] = tf.constant(rng.uniform(-0.001, 0.003, shape))
    current = tf.constant(offset + scale * rng.normal(size=shape))
    upstream = rng.normal(size=shape)

    def back(current, state):
        with tf.GradientTape() as tape:
            tape.watch([current, state])
            new, out = kernel.step(params, state, [current], spec)
            total = sum(tf.reduce_sum(v * upstream) for v in (*new.values(), out["out"]))
        return tape.gradient(total, [current, *state.values()], unconnected_gradients="zero")

    compiled = tf.function(back, jit_compile=True, autograph=False)(current, state)
    for got, want in zip(compiled, back(current, state), strict=True):
        assert np.isfinite(want).all()
        assert np.allclose(got, want, rtol=1e-9, atol=1e-12 * np.abs(want).max())
    assert np.any(compiled[0])


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", ["stochastic_spiking", "poisson_spiking"])
def test_random_spikes_have_the_gradient_of_their_expectation(name, signed):
    """By the rate and by the amplitude; the expectation of the second is the first's value."""
    rng = np.random.default_rng(2)
    kernel, spec = spec_of(f"surrogate_{name}", 1, ("ATan", ATan(), (signed,)))
    rate = np.abs(rng.normal(size=(1, 1, 20_000))) * 700
    words = rng.integers(2**32, size=(1, 1, words_of(name)), dtype=np.uint64).astype(np.uint32)
    state = {"generator": tf.constant(words), "spikes": tf.zeros_like(rate)}

    @tf.function(jit_compile=True, autograph=False)
    def run(rate, amplitude):
        with tf.GradientTape() as tape:
            tape.watch([rate, amplitude])
            _, out = kernel.step({"amplitude": amplitude}, state, [rate], spec)
            total = tf.reduce_sum(out["out"])
        return out["out"], tape.gradient(total, [rate, amplitude])

    out, (by_rate, by_amplitude) = run(tf.constant(rate), tf.constant([[0.4]], tf.float64))
    assert np.allclose(by_rate, 0.4)
    assert np.allclose(by_amplitude, out.numpy().sum() / 0.4)
    assert out.numpy().mean() == pytest.approx(0.4 * rate.mean(), rel=0.05)
