"""Python functions traced: exactly what Python computes, or called back; never wrong in silence."""

from __future__ import annotations

import functools
import math
import random

import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler.tracing import Untraceable, trace
from nengolab.compiler.tracing.expressions import NUMPY
from nengolab.exceptions import BuildError, SimulationError
from nengolab.kernels.traced import TENSORFLOW

MATRIX = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [0.0, 1.0, 1.0]])
GAIN = 2.5
LOG: list = []
DIMENSIONS = 3


def helper(v):
    return 2 * v if v > 0 else -v


def assigns(t, x):
    y = np.zeros(3)
    y[0] = x[2]
    y[1:] += x[:2] * t
    return y


def in_place_through_a_view(t, x):
    v = x[:2]
    v *= 2
    w = x.reshape(1, 3)
    w += 1
    return x


def copies_stay(t, x):
    y = x[[0, 1, 2]]
    y += 1
    z = x.copy()
    z[0] = 7
    a = x[0]
    a += 5
    return x + 0.1 * y - z


def swaps(t, x):
    x[1:] = x[:-1]
    x[0], x[2] = x[2], x[0]
    return x


def branches(t, x):
    if t < 0.01 or x[0] > 0.5:
        return x
    elif x[1] < -0.2 and not x[2] > 0:
        return [0, t, 1]
    return -x if abs(x[2]) > 0.3 else np.zeros(3)


def loops(t, x):
    total = 0
    out = []
    for i, v in enumerate(x):
        total += (i + 1) * v
        out.append(total)
    return out


def default(t, x, gain=3.0):
    return gain * x


def star(*args):
    return args[1] * args[0]


def keeps_list(t, x):
    out = [math.sin(3 * v) for v in x]
    return out


def short_circuit(t, x):
    return x if x[0] != 0 and 1 / x[0] > 2 else x * 0.5


def clamps(t, x):
    return [max(-0.3, min(0.3, x[0])), max(x[0], x[1], x[2]), min(x)]


# (function of t and x, both of size 3; the result has size 3 too)
TRACEABLE = {
    "affine": lambda t, x: 0.8 * x + 0.1,
    "scalar": lambda t, x: x[0] * x[1],
    "list": lambda t, x: [x[0] ** 2, np.cos(t), 1],
    "tuple": lambda t, x: (math.exp(x[0]), math.atan2(x[1], x[2]), math.hypot(x[0], x[1])),
    "matrix": lambda t, x: MATRIX @ x,
    "dot": lambda t, x: np.dot(x, MATRIX) * GAIN,
    "helper": lambda t, x: [helper(x[0]), helper(x[1]), 1.0],
    "assigns": assigns,
    "in place": in_place_through_a_view,
    "copies": copies_stay,
    "swaps": swaps,
    "branches": branches,
    "loops": loops,
    "default": default,
    "star": star,
    "comprehension": keeps_list,
    "generator": lambda t, x: sum(v * v for v in x),
    "short circuit": short_circuit,
    "clamps": clamps,
    "ternary": lambda t, x: x if x[0] > 0 else 0,
    "time": lambda t, x: x * np.sin(2 * np.pi * 40 * t),
    "step in time": lambda t, x: x if t < 0.0205 else -x,
    "where": lambda t, x: np.where(x > 0, np.sqrt(abs(x)), x),
    "truth": lambda t, x: (x > 0) * 1,
    "comparison": lambda t, x: x > 0.2,
    "mod": lambda t, x: x % 0.3,
    "mod negative": lambda t, x: x % -0.3,
    "floor": lambda t, x: x // 0.3,
    "whole": lambda t, x: int(10 * x[0]) % 3 + int(-7.5 * x[1]) // 2,
    "rounds": lambda t, x: [round(4 * x[0]), np.round(x[1], 1), math.floor(x[2] * 3)],
    "powers": lambda t, x: [x[0] ** 3, abs(x[1]) ** 0.5, 2.0 ** x[2]],
    "norm": lambda t, x: x / (0.1 + np.linalg.norm(x)),
    "reductions": lambda t, x: [x.sum(), x.mean() + x.std(), x.max() - x.min()],
    "structure": lambda t, x: np.concatenate([x[1:], x[:1]]),
    "reshapes": lambda t, x: x[None].T.reshape(3)[::-1],
    "stack": lambda t, x: np.stack([x, x**2]).sum(axis=0),
    "outer": lambda t, x: np.outer(x, x).sum(axis=1),
    "cross": lambda t, x: np.cross(x, np.array([1.0, 2.0, 3.0])),
    "roll": lambda t, x: np.roll(x, 1),
    "clip": lambda t, x: np.clip(x, -0.2, 0.4),
    "sign": lambda t, x: np.sign(x) * np.tanh(x),
    "constant": lambda t, x: 0.25,
    "float": lambda t, x: [float(x[0]), float(x[1]) / 2, len(x)],
    "any": lambda t, x: 1.0 if np.any(x > 0.5) else -1.0,
    "ufunc of lists": lambda t, x: np.maximum([x[0], x[1], 0.0], x),
}


# Each function is compiled by itself, a quarter of a second each: enough of them elsewhere.
SOME = {
    name: TRACEABLE[name]
    for name in ("affine", "matrix", "branches", "assigns", "clamps", "time", "whole", "norm")
}


def uses_files(t, x):
    with open("/dev/null") as f:
        return x + len(f.read())


def catches(t, x):
    try:
        return x / float(x[0])
    except ZeroDivisionError:
        return x


def counts(t, x):
    LOG.append(t)
    return x * len(LOG)


class Stateful:
    def __init__(self):
        self.n = 0

    def __call__(self, t, x):
        self.n += 1
        return x * self.n

    method = __call__


def halves(t, x):
    n = 0
    v = abs(x[0])
    while v > 0.1:
        v = v / 2
        n += 1
    return n


UNTRACEABLE = {
    "files": uses_files,
    "catches": catches,
    "random": lambda t, x: x * (random.Random(int(t * 1e4)).random()),
    "numpy random": lambda t, x: x + np.random.RandomState(int(1e3 * t)).rand(),
    "index": lambda t, x: x[int(x[0] > 0)],
    "mask": lambda t, x: x[x > 0].sum(),
    "while": halves,
    "text": lambda t, x: x * len(f"{x[0]:.3f}"),
    "sorted": lambda t, x: np.sort(x),
    "callable": lambda t, x: (lambda: x)().tolist()[int(t * 1e3) % 3],
}


def network(functions, feedback=False):
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(
            lambda t: [np.sin(60 * t), np.cos(37 * t) / 2, np.sin(20 * t + 1)], label="stimulus"
        )
        for name, fn in functions.items():
            node = nengo.Node(fn, size_in=DIMENSIONS, size_out=DIMENSIONS, label=name)
            nengo.Connection(stimulus, node, synapse=None)
            if feedback:
                nengo.Connection(node, node, synapse=0.005, transform=0.05)
            nengo.Probe(node, label=name)
    return net


def compare(make, runs=(16, 44), tolerance=1e-9, expect=None, batch=None, **settings):
    """Run on both simulators and compare every probe; ``expect`` words for each Node's report.

    ``runs`` are their steps: up to 16 take a form of the network, more another.
    """
    with nengo.Simulator(make(), progress_bar=False) as sim:
        sim.run_steps(sum(runs))
        reference = {p.label: sim.data[p] for p in sim.model.probes}
    net = make()
    with net:
        nengolab.configure_settings(**{"dtype": "float64", **settings})
    with nengolab.Simulator(net, minibatch_size=batch, progress_bar=False) as sim:
        for steps in runs:
            sim.run_steps(steps)
        report = sim.report()
        for p in net.all_probes:
            data = sim.data[p] if batch is None else sim.data[p][-1]
            np.testing.assert_allclose(
                data, reference[p.label], rtol=tolerance, atol=tolerance, err_msg=p.label
            )
    for name, words in (expect or {}).items():
        line = next(x for x in report.splitlines() if x.startswith(f"  {name}(): "))
        assert words in line
    return report


# -- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("schedule", "runs"), [("stepped", (16, 16, 16)), ("batched", (48,))])
def test_traced_functions_are_what_python_computes(schedule, runs):
    """All of them in one form of each schedule; some of them in both forms, in loops."""
    expect = dict.fromkeys(TRACEABLE, "traced into TensorFlow")
    report = compare(lambda: network(TRACEABLE), expect=expect, runs=runs, schedule=schedule)
    assert "calls Python" not in report
    assert "stimulus(): evaluated ahead of each tile, for all its steps at once" in report


def test_in_feedback_loops():
    expect = dict.fromkeys(SOME, "traced into TensorFlow")
    report = compare(lambda: network(SOME, feedback=True), expect=expect)
    assert "calls Python" not in report


def test_batches():
    compare(lambda: network(SOME, feedback=True), batch=3)


def test_single_precision():
    smooth = {k: TRACEABLE[k] for k in ("affine", "time", "norm", "clamps", "sign")}
    compare(lambda: network(smooth, feedback=True), dtype="float32", tolerance=1e-4)


def test_callback_gives_the_same():
    expect = dict.fromkeys(TRACEABLE, "'callback'")
    compare(lambda: network(TRACEABLE), expect=expect, python_functions="callback")


@pytest.mark.parametrize("feedback", [False, True])
def test_untraceable_functions_are_called_back(feedback):
    expect = dict.fromkeys(UNTRACEABLE, "not traced: ")
    compare(lambda: network(UNTRACEABLE, feedback), expect=expect)


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_the_setting_traced_refuses_by_name(name):
    net = network({name: UNTRACEABLE[name]})
    with net:
        nengolab.configure_settings(python_functions="traced")
    with pytest.raises(BuildError, match=f"{name}: its function .* cannot be traced: "):
        nengolab.Simulator(net, progress_bar=False)


def test_state_is_never_traced():
    thing = Stateful()
    for fn in (counts, thing, thing.method):
        with pytest.raises(Untraceable):
            trace(fn, True, 3, 3)


def test_connection_functions_are_traced():
    def make():
        with nengo.Network(seed=0) as net:
            a = nengo.Node(lambda t: [np.sin(50 * t), np.cos(30 * t)])
            b, c = nengo.Node(size_in=1), nengo.Node(size_in=2)
            nengo.Connection(a, b, function=lambda x: x[0] * x[1] if x[0] > 0 else -1)
            nengo.Connection(a, c, function=np.tanh)
            nengo.Connection(a, c, function=functools.partial(lambda gain, x: gain * x, 3.0))
            nengo.Probe(b, label="product")
            nengo.Probe(c, label="tanh")
        return net

    assert compare(make).count("traced into TensorFlow") == 3


def test_members_that_differ_in_numbers_are_one_group():
    def make(n=12):
        with nengo.Network(seed=0) as net:
            a = nengo.Node(lambda t: np.sin(50 * t))
            for i in range(n):
                b = nengo.Node(lambda t, x, i=i: math.pi * i * x + 1e-3 * i, size_in=1)
                nengo.Connection(a, b, synapse=None)
                nengo.Probe(b, label=str(i))
        return net

    assert "traced x 12" in compare(make)
    compare(make, dtype="float32", tolerance=1e-5)


def test_time_is_exact_in_single_precision():
    """After 5,000 s, a single is off by a quarter of a millisecond: 100 Hz would be lost."""
    with nengo.Network() as net:
        x = nengo.Node([0.5])
        b = nengo.Node(lambda t, x: math.sin(2 * math.pi * 100 * t) + x[0], size_in=1)
        a = nengo.Node(lambda t: math.sin(2 * math.pi * 100 * t))
        nengo.Connection(x, b, synapse=None)
        pa, pb = nengo.Probe(a), nengo.Probe(b)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim._engine.n_steps = 5_000_000
        sim.run_steps(40)
        expected = np.sin(2 * np.pi * 100 * np.arange(5_000_001, 5_000_041) * 0.001)
        np.testing.assert_allclose(sim.data[pa][:, 0], expected, atol=1e-6)
        np.testing.assert_allclose(sim.data[pb][:, 0], expected + 0.5, atol=1e-6)


# -- every operation -----------------------------------------------------------------------------


def test_each_operation_has_both_forms():
    assert set(NUMPY) == set(TENSORFLOW)


STRUCTURAL = {"take", "sum", "prod", "max", "min", "all", "any", "matmul", "float", "where"}


def test_compiled_operations_are_numpys():
    """Compiled together, each with an output of its own."""
    rng = np.random.RandomState(0)
    special = [0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, np.nan, np.inf, -np.inf, 1e-300, 20, -700]
    values = np.concatenate([special, rng.randn(20), 10 * rng.randn(20)])
    args = {}
    for op in sorted(set(NUMPY) - STRUCTURAL):
        logical = op.startswith("logical")
        args[op] = [values > 0 if logical else values]
        if op != "logical_not" and (logical or getattr(NUMPY[op], "nin", 1) == 2):
            args[op] = [a.ravel() for a in np.meshgrid(args[op][0], args[op][0])]
    compiled = tf.function(
        lambda given: {op: TENSORFLOW[op](*each) for op, each in given.items()}, jit_compile=True
    )
    found = compiled({op: list(map(tf.constant, each)) for op, each in args.items()})
    for op, got in found.items():
        with np.errstate(all="ignore"):
            expected = NUMPY[op](*args[op])
        tolerance = {"rtol": 1e-11, "atol": 0 if op != "cbrt" else 1e-15}
        np.testing.assert_allclose(got.numpy(), expected, err_msg=op, **tolerance)


def _as_nengo_sees_it(fn, x):
    try:
        with np.errstate(all="ignore"):
            return np.asarray(fn(0.5, np.array(x)), dtype=float)
    except (ZeroDivisionError, OverflowError, ValueError):
        return np.nan


@pytest.mark.parametrize(
    "fn",
    [
        lambda t, x: 1 / x[0],  # NumPy: infinity
        lambda t, x: 1 / float(x[0]),  # Python: an error
        lambda t, x: min(9.0, 1 / abs(x[0])),
        lambda t, x: t / x[0],
        lambda t, x: t % float(x[0]),
        lambda t, x: math.log(x[0]),
        lambda t, x: np.log(x[0]),
        lambda t, x: math.sqrt(x[0]),
        lambda t, x: x[0] ** -1,
        lambda t, x: float(x[0]) ** -1,
        lambda t, x: math.exp(1000 * x[0]),
        lambda t, x: np.exp(1000 * x[0]),
        lambda t, x: 1 if x[0] == 0 else 1 / float(x[0]),
        lambda t, x: 0 if x[0] > 0 and math.log(x[0]) > 0 else 1,
        lambda t, x: max(x[0], float(x[0])) / 0.0,
        lambda t, x: np.minimum(x[0] / 0, 1),
        lambda t, x: int(x[0] * 1e3) // 7,
    ],
)
def test_errors_and_infinities(fn):
    """Where Python raises an error the trace gives NaN, which the engine reports."""
    traced = trace(fn, True, 1, 1)
    for x in (0.0, -0.0, 1.0, -1.0, 0.3, 5.0, -0.7):
        got = traced(np.array([x]), np.array([0.5]))
        np.testing.assert_allclose(got.ravel()[0], _as_nengo_sees_it(fn, [x]), rtol=1e-12)


@pytest.mark.parametrize(
    ("fn", "why"),
    [
        (lambda t, x: None, "returns None"),
        (lambda t, x: [1, 2], "shape"),
        (lambda t, x: "text", "str"),
        (lambda t, x: x.sum(axis=5), "IndexError"),
        (lambda t, x: x[7], "IndexError"),
        (lambda t, x: 1 / 0.0, "ZeroDivisionError"),
        (lambda t, x: x * np.float32(0.1), "float32"),
        (lambda t, x: x * 1j, "complex"),
    ],
)
def test_what_cannot_be_traced_says_why(fn, why):
    with pytest.raises(Untraceable, match=why):
        trace(fn, True, 3, 3)


def test_a_wrong_trace_is_noticed(monkeypatch):
    from nengolab.compiler.tracing import functions

    monkeypatch.setitem(functions._BY_VALUE, np.tanh, functions._BY_VALUE[np.arctan])
    with pytest.raises(Untraceable, match="its trace gives"):
        trace(lambda t, x: np.tanh(x), True, 3, 3)


# -- errors while running ------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_non_finite_values_name_the_node_and_the_step(schedule):
    with nengo.Network() as net:
        nengolab.configure_settings(schedule=schedule)
        time = nengo.Node(lambda t: t)
        fine = nengo.Node(lambda t, x: x - 1, size_in=1, label="fine")
        bad = nengo.Node(lambda t, x: math.log(0.0305 - x[0]), size_in=1, label="bad one")
        for node in (fine, bad):
            nengo.Connection(time, node, synapse=None)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match=r"bad one: its function <lambda>.*at step 31 "):
            sim.run_steps(200)
        sim.reset()
        sim.run_steps(30)


def test_errors_of_functions_of_time_are_pythons():
    with nengo.Network() as net:
        nengo.Node(lambda t: 1 / (round(t * 1000) - 25), label="flaky")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(24)
        with pytest.raises(SimulationError, match=r"flaky.*ZeroDivisionError.*0.025 s"):
            sim.run_steps(10)


def test_inputs_that_are_set_come_before_traces():
    with nengo.Network() as net:
        node = nengo.Node(lambda t: t)
        probe = nengo.Probe(node)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.set_input(node, 3.0)
        sim.run_steps(5)
        sim.set_input(node, None)
        sim.run_steps(5)
        np.testing.assert_allclose(sim.data[probe][:5], 3.0)
        np.testing.assert_allclose(sim.data[probe][5:, 0], np.arange(6, 11) * 0.001, rtol=1e-6)
