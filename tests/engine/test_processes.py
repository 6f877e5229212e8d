"""Processes draw what they draw in nengo.Simulator."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab
from tests.engine.compare import both


def noisy() -> nengo.Network:
    """Processes without seeds of their own, among synapses that take numbers too."""
    with nengo.Network(seed=4) as net:
        signals = [
            nengo.Node(nengo.processes.WhiteSignal(0.5, 20), size_out=2, label="signal"),
            nengo.Node(nengo.processes.WhiteNoise(), label="noise"),
            nengo.Node(nengo.processes.FilteredNoise(seed=5), label="seeded"),
        ]
        a = nengo.Ensemble(40, 2, noise=nengo.processes.FilteredNoise(), label="a")
        b = nengo.Ensemble(40, 1, noise=nengo.processes.BrownNoise(), label="b")
        for node in signals:
            nengo.Connection(node, a[: node.size_out])
            nengo.Probe(node, label=node.label)
        nengo.Connection(a, b, function=np.prod)
        nengo.Connection(b, a[0], synapse=0.1)
        nengo.Probe(a, synapse=0.02, label="a decoded")
        nengo.Probe(b.neurons, "input", label="b current")
    return net


def test_unseeded_processes_draw_as_in_nengo():
    net = noisy()
    with net:
        nengolab.configure_settings(dtype="float64")
    # Nengo's optimiser puts the noise of the two ensembles in one order or the other, by chance.
    with nengo.Simulator(net, optimize=False, progress_bar=False) as reference:
        reference.run_steps(200)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(200)
    for probe in net.all_probes:
        expected, got = reference.data[probe], sim.data[probe]
        assert np.ptp(expected) > 0.1, probe
        # The decoded value passes neurons, whose spikes are equal.
        assert np.abs(expected - got).max() < 1e-9 * max(1, np.abs(expected).max()), probe


def test_the_simulators_seed_draws_anew():
    with noisy() as net:
        probe = net.all_probes[0]
    found = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with simulator(net, seed=11, progress_bar=False) as sim:
            sim.run_steps(20)
            first = sim.data[probe].copy()
            sim.reset(seed=12)
            sim.run_steps(20)
            second = sim.data[probe].copy()
            sim.reset()
            sim.run_steps(20)
            assert np.array_equal(second, sim.data[probe])
            found.append((first, second))
    assert np.abs(found[0][0] - found[0][1]).max() > 0.01
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


class _Sink(nengo.Process):
    """Collects what it is given and returns nothing."""

    def __init__(self, seen):
        super().__init__(default_size_in=2)
        self.seen = seen

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t, x: self.seen.append(x)


class _Shapes(nengo.Process):
    """Puts out a row for every element it is given."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        assert shape_in == (3,)
        assert shape_out == (2,)
        return lambda t, x: x[:2] * rng.uniform() + t


def test_a_process_whose_output_nobody_reads_may_return_nothing():
    seen = []
    with nengo.Network() as net:
        sink = nengo.Node(_Sink(seen), size_in=2)
        nengo.Connection(nengo.Node(lambda t: [t, 2 * t]), sink, synapse=None)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
    np.testing.assert_allclose(seen, [[0.001, 0.002], [0.002, 0.004], [0.003, 0.006]], rtol=1e-6)


def test_a_process_of_a_persons_own():
    def make():
        with nengo.Network(seed=2) as net:
            node = nengo.Node(_Shapes(), size_in=3, size_out=2)
            nengo.Connection(nengo.Node(lambda t: [t, 2, t**2]), node, synapse=None)
            nengo.Probe(node)
        return net

    ((expected, got),) = both(make, 50).values()
    assert np.abs(expected - got).max() < 1e-12


class _BadNone(nengo.Process):
    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: None


def test_a_process_that_is_read_must_return_numbers():
    with nengo.Network() as net:
        nengo.Probe(nengo.Node(_BadNone(), size_out=1, label="bad"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(nengo.exceptions.SimulationError, match="bad.*_BadNone.*None"):
            sim.run_steps(3)
