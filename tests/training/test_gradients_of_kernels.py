"""Gradients of every smooth kernel, by parameters, state and inputs, against finite differences."""

from __future__ import annotations

from dataclasses import replace

import nengo
import numpy as np
import pytest
import tensorflow as tf
from scipy.sparse import random as random_sparse

from nengolab.kernels.base import GroupLayout
from nengolab.kernels.convolution import Geometry
from nengolab.kernels.rates import log_one_and_inverse
from nengolab.kernels.registry import KERNELS
from nengolab.kernels.sparse import Pattern

from .kernels import Facts, assert_right, spec_of

BATCH, SIZE = 2, 3
FEW, MANY = 2, 8  # members: their axis before the elements, and after


def constants(layout: GroupLayout, rng, **ranges) -> dict[str, np.ndarray]:
    """A packed number for each member and name, within its range."""
    return {k: rng.uniform(*r, layout.shape(1)) for k, r in ranges.items()}


def vectors(
    layout: GroupLayout, rng, n: int, size: int = SIZE, low=-2.0, high=2.0
) -> list[np.ndarray]:
    return [rng.uniform(low, high, (BATCH, *layout.shape(size))) for _ in range(n)]


def check(kernel, spec, params, state, inputs, rng, jit=None):
    """Everything that a kernel puts out, by everything that it takes; compiled for one layout."""
    jit = spec.layout.last if jit is None else jit
    arrays = {f"p {k}": v for k, v in params.items() if v.dtype.kind == "f"}
    fixed = {k: v for k, v in params.items() if v.dtype.kind != "f"}
    arrays |= {f"s {k}": v for k, v in state.items()}
    arrays |= {f"i {i}": v for i, v in enumerate(inputs)}

    def run(a):
        p = {k[2:]: v for k, v in a.items() if k[0] == "p"} | fixed
        x = [a[f"i {i}"] for i in range(len(inputs))]
        if not kernel.stateful:
            return kernel.apply(p, x, spec)
        new, out = kernel.step(p, {k[2:]: v for k, v in a.items() if k[0] == "s"}, x, spec)
        return {f"new {k}": v for k, v in new.items()} | out

    return assert_right(run, arrays, rng, jit=jit)


# -- rates -----------------------------------------------------------------------------------------

LIF = {"tau_rc": (0.01, 0.05), "tau_ref": (0.001, 0.004), "amplitude": (0.5, 2)}
ADAPTIVE = LIF | {"tau_n": (0.05, 0.2), "inc_n": (0.001, 0.05)}
RATES = {
    "lif_rate": LIF,
    "soft_lif_rate": LIF | {"sigma": (0.05, 1)},
    "rectified_linear": {"amplitude": (0.5, 2)},
    "leaky_relu": {"amplitude": (0.5, 2), "negative_slope": (0.1, 0.4)},
    "sigmoid": {"tau_ref": (0.002, 0.004)},
    "tanh": {"tau_ref": (0.002, 0.004)},
    "adaptive_lif_rate": ADAPTIVE,
    "adaptive_soft_lif_rate": ADAPTIVE | {"sigma": (0.05, 1)},
}


@pytest.mark.parametrize("members", [FEW, MANY])
@pytest.mark.parametrize("name", RATES)
def test_rates(name, members, rng):
    kernel, spec = spec_of(name, members)
    params = constants(spec.layout, rng, **RATES[name])
    state = {}
    if kernel.stateful:
        state["adaptation"] = vectors(spec.layout, rng, 1, low=0, high=0.5)[0]
    # Away from kinks, which have no derivative.
    current = np.array([-3.0, 0.5, 1.7, 2.5, 30.0])[rng.integers(5, size=(BATCH, SIZE * members))]
    current = current.reshape(BATCH, *spec.layout.shape(SIZE)) + rng.uniform(0, 0.1)
    check(kernel, spec, params, state, [current], rng)


@pytest.mark.parametrize("name", [n for n in RATES if not KERNELS[n].stateful])
def test_rates_compiled_by_themselves(name, rng):
    kernel, spec = spec_of(name, FEW, variant="compiled")
    assert kernel.variant(Facts(spec.layout, (), "float64", {}, {}, stepped=False)) == "compiled"
    params = constants(spec.layout, rng, **RATES[name])
    current = vectors(spec.layout, rng, 1, low=1.2, high=4)
    check(kernel, spec, params, {}, current, rng, jit=False)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("given", [(), ("gain",), ("bias",), ("gain", "bias")])
@pytest.mark.parametrize("name", [n for n in RATES if not KERNELS[n].stateful])
def test_rates_with_gain_and_bias_in_one_pass(name, given, sign, rng):
    """The rate of ``g x + b``, and all gradients, against finite differences of the plain rate."""
    kernel, spec = spec_of(name, FEW)
    params = constants(spec.layout, rng, **RATES[name])
    if "amplitude" in params:
        params["amplitude"] *= sign
    own = {"gain": (0.8, 1.2), "bias": (0.1, 0.3)}
    shape = spec.layout.shape(SIZE)
    own = {k: rng.uniform(*own[k], shape) for k in given}
    values = [*vectors(spec.layout, rng, 1, low=1.6, high=4), *own.values(), *params.values()]

    def plain(x, *rest):
        named = dict(zip([*own, *params], rest, strict=True))
        current = named.get("gain", 1.0) * x + named.get("bias", 0.0)
        constants = {k: tf.constant(named[k]) for k in params}
        return kernel.apply(constants, [tf.constant(current)], spec)["out"].numpy()

    variables = [tf.constant(v) for v in values]
    mix = rng.standard_normal(values[0].shape)
    with tf.GradientTape() as tape:
        tape.watch(variables)
        named = dict(zip([*own, *params], variables[1:], strict=True))
        fixed = {k: named[k] for k in params}
        rate = kernel.affine(fixed, named.get("gain"), named.get("bias"), variables[0])
        total = tf.reduce_sum(mix * rate)
    np.testing.assert_allclose(rate, plain(*values), rtol=1e-12)
    for i, gradient in enumerate(tape.gradient(total, variables)):
        direction, step = rng.standard_normal(values[i].shape) * np.abs(values[i]), 1e-6
        ends = [[*values[:i], values[i] + s * step * direction, *values[i + 1 :]] for s in (1, -1)]
        numeric = np.sum(mix * (plain(*ends[0]) - plain(*ends[1]))) / (2 * step)
        assert np.sum(gradient * direction) == pytest.approx(numeric, rel=1e-5, abs=1e-6)


EDGES = [-1e30, -1e4, -3.0, 0.0, 0.9, 1 - 6e-8, 1.0, 1.0 + 1.2e-7, 1.001, 5.1, 1e4, 1e20, 1e36]


@pytest.mark.parametrize("tau_ref", [0.0, 0.002])
@pytest.mark.parametrize("name", ["lif_rate", "soft_lif_rate"])
def test_lif_rates_have_right_and_finite_slopes_everywhere(name, tau_ref):
    """In single precision, against the closed form in double precision by NumPy."""
    kernel, spec = spec_of(name, 1, dtype="float32")
    current = np.array(EDGES, np.float32)[None, None]
    for sigma in (1e-3, 0.02, 1.0):
        values = {"tau_rc": 0.02, "tau_ref": tau_ref, "amplitude": 0.01, "sigma": sigma}
        params = {k: tf.constant([[values[k]]], tf.float32) for k in kernel.constant_names}
        with tf.GradientTape() as tape:
            x = tf.constant(current)
            tape.watch(x)
            rate = kernel.apply(params, [x], spec)["out"]
        slope = tape.gradient(rate, x).numpy()
        expected, expected_slope = lif_closed_form(
            current.astype(float), values, name == "soft_lif_rate"
        )
        # A current is known to half a digit, and so is its distance to the threshold.
        near = np.abs(current - 1) < 1e-2
        for got, want in ((rate.numpy(), expected), (slope, expected_slope)):
            assert np.isfinite(got).all()
            error = np.abs(got - want) / (np.abs(want) + 1e-12)
            assert error[~near].max() < 1e-4, (sigma, error)
            assert error[near].max() < 2e-3, (sigma, error)


def lif_closed_form(current, p, soft):
    """Rate and slope, in double precision; the log term of a tiny ``j`` is ``-log j``."""
    with np.errstate(all="ignore"):
        x = (current - 1) / p["sigma"]
        j = p["sigma"] * np.logaddexp(0, x) if soft else np.maximum(current - 1, 0)
        log_j = np.log(p["sigma"]) + x if soft else -np.inf
        term = np.where(j > 1e-300, np.log1p(1 / np.maximum(j, 1e-300)), -log_j)
        by_current = 1 / (1 + np.exp(-x)) if soft else (current > 1).astype(float)
        over = np.where(j > 1e-300, by_current / (j * (j + 1)), 1 / p["sigma"] if soft else 0.0)
        period = p["tau_ref"] + p["tau_rc"] * term
        return p["amplitude"] / period, p["amplitude"] * p["tau_rc"] * over / period**2


def test_the_log_term_is_exact_to_single_precision():
    j = np.logspace(-30, 30, 2001).astype(np.float32)
    got = log_one_and_inverse(tf.constant(j)).numpy()
    expected = np.log1p(1 / j.astype(float))
    assert (np.abs(got - expected) / expected).max() < 1e-6


def test_a_current_that_is_no_number_is_no_silence():
    for name in RATES:
        kernel, spec = spec_of(name, 1)
        params = {k: tf.ones((1, 1), tf.float64) for k in kernel.constant_names}
        x = tf.constant([[[np.nan]]], tf.float64)
        if kernel.stateful:
            _, out = kernel.step(params, {"adaptation": tf.zeros_like(x)}, [x], spec)
        else:
            out = kernel.apply(params, [x], spec)
        assert np.isnan(out["out"].numpy()).all(), name


# -- synapses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [FEW, MANY])
@pytest.mark.parametrize("advanced", [True, False])
def test_linear_filter(members, advanced, rng):
    kernel, spec = spec_of("linear_filter", members, static=(2, advanced, False))
    names = ["a0_0", "a0_1", "a1_0", "a1_1", "b0", "b1", "c0", "c1", "d"]
    params = constants(spec.layout, rng, **dict.fromkeys(names, (-1, 1)))
    state = dict(zip(("x0", "x1", "y"), vectors(spec.layout, rng, 3), strict=True))
    check(kernel, spec, params, state, vectors(spec.layout, rng, 1), rng)


@pytest.mark.parametrize("members", [FEW, MANY])
def test_first_order_filter(members, rng):
    kernel, spec = spec_of("first_order", members)
    params = constants(spec.layout, rng, a=(0.5, 1), b=(0, 0.5))
    (y,) = vectors(spec.layout, rng, 1)
    check(kernel, spec, params, {"y": y}, vectors(spec.layout, rng, 1), rng)


@pytest.mark.parametrize("members", [FEW, MANY])
def test_finite_response(members, rng):
    kernel, spec = spec_of("finite_response", members)
    taps = rng.normal(size=spec.layout.shape(4))
    inner = (3, SIZE, members) if spec.layout.last else (members, 3, SIZE)
    state = {"z": rng.normal(size=(BATCH, *inner)), "y": vectors(spec.layout, rng, 1)[0]}
    check(kernel, spec, {"taps": taps}, state, vectors(spec.layout, rng, 1), rng)


# -- linear maps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [FEW, MANY])
@pytest.mark.parametrize("shape", [(4, 3), (3, 20), (18, 17)])
def test_dense(shape, members, rng):
    kernel, spec = spec_of("dot", members)
    weights = rng.normal(size=(*shape, members))
    facts = Facts(spec.layout, (), "float64", {"weights": weights[..., 0]}, {}, reads_spikes=True)
    spec = replace(spec, variant=kernel.variant(facts))
    assert spec.variant != "events"
    packed = np.transpose(weights, kernel.permutation("weights", 3, spec))
    check(kernel, spec, {"weights": packed}, {}, vectors(spec.layout, rng, 1, shape[1]), rng)


def test_spikes_through_a_large_matrix_too(rng):
    """That visits only what fired when it runs, which has no gradient."""
    kernel, spec = spec_of("dot", 1)
    own = {"weights": np.zeros((200, 200))}
    running = Facts(spec.layout, (), "float64", own, {}, reads_spikes=True, training=False)
    training = Facts(spec.layout, (), "float64", own, {}, reads_spikes=True)
    assert (kernel.variant(running), kernel.variant(training)) == ("events", "matmul")


@pytest.mark.parametrize("size", [1, SIZE])
def test_scale(size, rng):
    kernel, spec = spec_of("scale", FEW)
    weights = rng.normal(size=spec.layout.shape(size))
    check(kernel, spec, {"weights": weights}, {}, vectors(spec.layout, rng, 1), rng)


@pytest.mark.parametrize("stepped", [True, False])
@pytest.mark.parametrize("long_line", [True, False])
def test_sparse(stepped, long_line, rng):
    """With a row and a column that are much longer than the others, and without."""
    matrix = random_sparse(30, 40, 0.05, random_state=1).tolil()
    if long_line:
        matrix[3], matrix[:, 5] = 1, 1
    matrix = matrix.tocsr()
    kernel, spec = spec_of("sparse_dot", 1, static=(30, 40, 0))
    facts = Facts(spec.layout, spec.static, "float64", {}, {}, stepped=stepped, reads_spikes=True)
    spec = replace(spec, variant=kernel.variant(facts))
    assert spec.variant == ("gathered" if stepped else "product")

    class Op:
        pattern, params = Pattern(matrix), {"weights": None}

    params = kernel.arrays([Op], lambda _: matrix.data, spec)
    assert np.array_equal(params["weights"], matrix.data)
    x = vectors(spec.layout, rng, 1, 40)
    check(kernel, spec, params, {}, x, rng, jit=stepped)
    out = kernel.apply({k: tf.constant(v) for k, v in params.items()}, x, spec)["out"]
    assert np.allclose(out[:, 0], x[0][:, 0] @ matrix.toarray().T)


CONVOLUTIONS = {
    "1d": nengo.Convolution(2, (6, 3), kernel_size=(3,), strides=(1,)),
    "2d same": nengo.Convolution(3, (5, 5, 2), strides=(2, 2), padding="same"),
    "2d many channels": nengo.Convolution(2, (3, 3, 6), kernel_size=(2, 2)),
    "2d channels first": nengo.Convolution(2, (2, 4, 4), channels_last=False),
    "3d": nengo.Convolution(2, (3, 3, 3, 1), kernel_size=(2, 2, 2), strides=(1, 1, 1)),
    "groups": nengo.Convolution(4, (4, 4, 2), groups=2),
    "groups, a channel each": nengo.Convolution(6, (4, 5, 3), groups=3, strides=(1, 2)),
    "groups, 1d": nengo.Convolution(2, (6, 2), kernel_size=(3,), strides=(1,), groups=2),
    "transposed": nengo.ConvolutionTranspose(2, (3, 3, 2), strides=(2, 2)),
    "transposed, same": nengo.ConvolutionTranspose(1, (3, 4, 2), padding="same"),
}


@pytest.mark.parametrize("stepped", [True, False])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name, stepped, rng):
    conv = CONVOLUTIONS[name]
    geometry = Geometry(
        conv.input_shape.spatial_shape,
        conv.output_shape.spatial_shape,
        conv.kernel_size,
        conv.strides,
        conv.input_shape.n_channels,
        conv.output_shape.n_channels,
        getattr(conv, "groups", 1),
        conv.padding == "same",
        conv.channels_last,
        isinstance(conv, nengo.ConvolutionTranspose),
    )
    kernel, spec = spec_of("convolve", 1, static=(geometry,))
    facts = Facts(spec.layout, spec.static, "float64", {}, {}, stepped=stepped)
    spec = replace(spec, variant=kernel.variant(facts))
    weights = rng.normal(size=(1, *conv.kernel_shape))
    x = vectors(spec.layout, rng, 1, conv.size_in)
    check(kernel, spec, {"weights": weights}, {}, x, rng, jit=stepped)


# -- online learning -------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [FEW, MANY])
@pytest.mark.parametrize("shape", [(3, 4), (20, 3), (18, 19)])
def test_weights_that_learn(shape, members, rng):
    rows, columns = shape
    layout = GroupLayout.of(members)
    rules = [
        *vectors(layout, rng, 1, rows),
        *vectors(layout, rng, 1, columns),
        *vectors(layout, rng, 1, rows),
    ]
    kernel, spec = spec_of("learn", members, static=(shape, (True,)))
    inner = (rows, columns, members) if layout.last else (members, rows, columns)
    state = kernel.enter({"weights": rng.normal(size=(BATCH, *inner))}, spec)
    check(kernel, spec, {}, state, [*rules, *vectors(layout, rng, 1, rows)], rng)
    weights = vectors(layout, rng, 1, rows * columns)
    kernel, spec = spec_of("delta", members, static=(shape, True))
    check(kernel, spec, {}, {}, [*rules, *weights], rng)
    kernel, spec = spec_of("dot_signal", members, static=shape)
    check(kernel, spec, {}, {}, [*weights, *vectors(layout, rng, 1, columns)], rng)


RULES = {
    "pes": ((3,), ("learning_rate",), 1),
    "bcm": ((), ("learning_rate",), 2),
    "oja": ((), ("learning_rate", "beta"), 1),
    "voja": ((), ("learning_rate", "scale"), 2),
    "multiply": ((), (), 2),
}


@pytest.mark.parametrize("members", [FEW, MANY])
@pytest.mark.parametrize("name", RULES)
def test_learning_rules(name, members, rng):
    static, names, n = RULES[name]
    kernel, spec = spec_of(name, members, static=static)
    params = constants(spec.layout, rng, **dict.fromkeys(names, (0.5, 2)))
    check(kernel, spec, params, {}, vectors(spec.layout, rng, n), rng)


@pytest.mark.parametrize("members", [FEW, MANY])
def test_recursive_least_squares_and_accumulation(members, rng):
    kernel, spec = spec_of("rls", members, static=(SIZE, SIZE))
    root = rng.normal(size=(BATCH, SIZE, SIZE, members))
    inv_gamma = np.einsum("bijg,bkjg->bikg", root, root)
    if not spec.layout.last:
        inv_gamma = np.moveaxis(inv_gamma, 3, 1)
    state = kernel.enter({"inv_gamma": inv_gamma}, spec)
    params = constants(spec.layout, rng, slowness=(0.5, 2))
    check(kernel, spec, params, state, vectors(spec.layout, rng, 1), rng)
    kernel, spec = spec_of("accumulate", members)
    state = {"value": vectors(spec.layout, rng, 1)[0]}
    check(kernel, spec, {}, state, vectors(spec.layout, rng, 1), rng)


@pytest.fixture
def rng():
    return np.random.default_rng(3)
