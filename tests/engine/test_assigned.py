"""Functions may return what NumPy would assign to their output, as in nengo.Simulator."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError

import nengolab
from nengolab.checks import assigned
from nengolab.compiler.build import build
from nengolab.compiler.simplify import simplify
from tests.engine.compare import both

ROWS = {
    "(1, n)": lambda t, x: np.array([[x[0] + 1, 2 * t]]),
    "(1, 1)": lambda t, x: np.array([[x[0] + t]]),
    "(1,)": lambda t, x: np.array([x[0] + t]),
    "number": lambda t, x: x[0] + t,
    "(1, 1, n)": lambda t, x: np.array([[[x[0], t]]]),
    "reshaped": lambda t, x: np.concatenate([x, [t]]).reshape(1, -1),
    "matrix": lambda t, x: np.matrix([x[0], 2 * t]),
}


class Called:
    """No plain function: it is called back."""

    def __init__(self, fn):
        self.fn = fn

    def __call__(self, *args):
        return self.fn(*args)


class Process(nengo.Process):
    """Puts out what a function returns."""

    def __init__(self, fn):
        super().__init__(default_size_in=0, default_size_out=2)
        self.fn = fn

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: self.fn(t, [t])


def plain(fn):
    return fn


def everywhere(fn, wrapped):
    """The function in every place that takes one."""

    def of_x(x):
        return fn(0.5, x)

    def of_t(t):
        return fn(t, [t])

    with nengo.Network(seed=1) as net:
        time = nengo.Node(lambda t: t)
        direct = nengo.Ensemble(1, 1, neuron_type=nengo.Direct())
        nengo.Connection(time, direct, synapse=None)
        given = nengo.Node(wrapped(fn), size_in=1, size_out=2)
        nengo.Connection(time, given, synapse=None)
        nengo.Probe(given, label="node")
        nengo.Probe(nengo.Node(wrapped(of_t), size_out=2), label="node of the time")
        size = np.size(of_x(np.zeros(1)))
        for name, pre in (("node", time), ("direct", direct)):
            post = nengo.Node(size_in=size)
            nengo.Connection(pre, post, function=wrapped(of_x), synapse=None)
            nengo.Probe(post, label=f"connection of a {name}")
        if wrapped is Called:
            nengo.Probe(nengo.Node(Process(fn)), label="process")
    return net


@pytest.mark.parametrize("wrapped", [plain, Called])
@pytest.mark.parametrize("fn", ROWS.values(), ids=ROWS.keys())
def test_rows_and_matrices_are_assigned(fn, wrapped):
    found = both(lambda: everywhere(fn, wrapped), 4)
    for label, (reference, ours) in found.items():
        np.testing.assert_allclose(ours, reference, rtol=1e-12, err_msg=label)
        assert np.ptp(reference) > 0


@pytest.mark.parametrize("name", ["(1, n)", "(1, 1, n)", "reshaped"])
def test_rows_are_traced_too(name):
    graph = simplify(build(everywhere(ROWS[name], plain), 0.001))
    assert [c.untraced for c in graph.calls if c.trace is None] == []
    assert len(graph.calls) == 5


def test_columns_are_refused_as_by_nengo():
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with nengo.Network() as net:
            nengo.Probe(nengo.Node(lambda t: np.array([[t], [t]]), size_out=2, label="column"))
        with simulator(net, progress_bar=False) as sim:
            with pytest.raises(SimulationError, match=r"\[0.001\]"):
                sim.run_steps(2)


@pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 2), (1, 1), (1, 1, 2), (2, 1), (3,), (2, 2)])
def test_it_is_what_numpy_assigns(shape):
    value, out = np.arange(float(np.prod(shape))).reshape(shape), np.zeros(2)
    try:
        out[...] = value
    except ValueError:
        with pytest.raises(ValueError, match="broadcast|dimensions"):
            assigned(value, (2,))
    else:
        np.testing.assert_array_equal(assigned(value, (2,)), out)
