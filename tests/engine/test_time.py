"""Functions get the time that nengo.Simulator gives them: a Python number, in any precision."""

import nengo
import numpy as np
import pytest

import nengolab

STEPS, DT = 700, 0.0007  # more than a tile


class Keeps:
    """Keeps the times at which it is called."""

    def __init__(self):
        self.seen = []

    def __call__(self, t, *x):
        self.seen.append(t)
        return t


class Clock(nengo.Process):
    """A process that keeps the times at which it is stepped."""

    def __init__(self):
        super().__init__(default_size_in=0, default_size_out=1)
        self.keeps = Keeps()

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return self.keeps


def network(functions="auto"):
    with nengo.Network(seed=0) as net:
        net.kept = [Keeps(), Keeps()]
        ahead = nengo.Node(net.kept[0])
        inside = nengo.Node(net.kept[1], size_in=1, size_out=1)
        nengo.Connection(ahead, inside, synapse=None)
        nengo.Connection(inside, inside, synapse=0)  # stepped
        process = nengo.Node(Clock())
        net.kept.append(process.output.keeps)
        nengo.Probe(process)
    return net


def times(simulator, net, runs):
    for kept in net.kept:
        kept.seen.clear()
    with simulator(net, dt=DT, progress_bar=False) as sim:
        for n in runs:
            sim.run_steps(n)
    return [kept.seen for kept in net.kept]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_called_back_gets_the_exact_time(dtype):
    expected = times(nengo.Simulator, network(), [STEPS])
    net = network()
    with net:
        nengolab.configure_settings(dtype=dtype)
    found = times(nengolab.Simulator, net, [1, 5, STEPS - 6])
    for reference, seen in zip(expected, found, strict=True):
        assert seen == reference  # bit by bit
        assert {type(t) for t in seen} == {float}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_traced_computes_with_the_exact_time(dtype):
    """The rest of a large number that the time makes: one rounding of it would be seen."""

    def digits(t):
        return (t * 1e12) % 1000.0

    def digits_in_a_loop(t, x):
        return (t * 1e12) % 1000.0 + 0 * x[0]

    def make():
        with nengo.Network(seed=0) as net:
            nengolab.configure_settings(dtype=dtype, python_functions="traced")
            ahead = nengo.Node(digits)
            inside = nengo.Node(digits_in_a_loop, size_in=1)
            nengo.Connection(inside, inside, synapse=0)
            net.p, net.q = nengo.Probe(ahead), nengo.Probe(inside)
        return net

    net = make()
    with nengo.Simulator(net, dt=DT, progress_bar=False) as reference:
        reference.run_steps(STEPS)
        expected = reference.data[net.p], reference.data[net.q]
    with nengolab.Simulator(net, dt=DT, progress_bar=False) as sim:
        for n in (1, 5, STEPS - 6):
            sim.run_steps(n)
        found = sim.data[net.p], sim.data[net.q]
        predicted = sim.predict(n_steps=3)[net.q][0]
    rounding = 1e-4 if dtype == "float32" else 1e-9  # of what is put out
    for reference, seen in zip(expected, found, strict=True):
        assert np.ptp(reference) > 900
        np.testing.assert_allclose(seen, reference, rtol=0, atol=rounding)
    steps = np.arange(STEPS + 1, STEPS + 4)[:, None] * DT
    np.testing.assert_allclose(predicted, (steps * 1e12) % 1000.0, rtol=0, atol=rounding)
