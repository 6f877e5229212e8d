"""A simulator pickled and copied: it goes on where it was."""

from __future__ import annotations

import copy
import pickle

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulatorClosed
from nengo.processes import FilteredNoise

import nengolab
from nengolab.exceptions import ValidationError
from tests.engine.test_state import Hiding, small


def twice(t, x):
    return 2 * x


def picklable() -> nengo.Network:
    with nengo.Network() as net:  # no seed: only the built model knows the neurons
        nengolab.configure_settings(dtype="float64", schedule="stepped")
        net.stimulus = nengo.Node(0.3, label="stimulus")
        noise = nengo.Node(FilteredNoise(), label="noise")
        net.a = nengo.Ensemble(30, 1, label="a")
        node = nengo.Node(twice, size_in=1, label="twice")
        nengo.Connection(net.stimulus, net.a)
        nengo.Connection(noise, net.a)
        nengo.Connection(net.a, node)
        net.probe = nengo.Probe(node, sample_every=0.002)
        net.last = nengo.Probe(net.a)
        nengolab.configure_settings(keep_history=True)
        net.config[net.last].keep_history = False
    return net


def test_a_pickled_simulator_goes_on_where_it_was():
    net = picklable()
    with nengolab.Simulator(net, seed=4, minibatch_size=2, progress_bar=False) as sim:
        sim.set_input(net.stimulus, 0.6)
        sim.run_steps(61)
        sim.add_tap(net.a.neurons)
        sim.prepare()
        loaded, theirs = pickle.loads(pickle.dumps((sim, net)))
        with loaded:
            assert loaded.network is theirs
            assert (loaded.n_steps, loaded.seed, loaded.minibatch_size) == (61, 4, 2)
            assert "float64" in loaded.report()
            for p, q in ((net.probe, theirs.probe), (net.last, theirs.last)):
                np.testing.assert_array_equal(loaded.data[q], sim.data[p])
            np.testing.assert_array_equal(loaded.data[theirs.a].bias, sim.data[net.a].bias)
            for either in (sim, loaded):
                either.run_steps(50)
            for p, q in ((net.probe, theirs.probe), (net.last, theirs.last)):
                np.testing.assert_array_equal(loaded.data[q], sim.data[p])
            np.testing.assert_array_equal(loaded.trange(0.002), sim.trange(0.002))
            assert set(loaded.advance(1)) == {theirs.probe, theirs.last}


def test_a_closed_simulator_stays_closed():
    net = picklable()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
    loaded = pickle.loads(pickle.dumps(sim))
    assert loaded.closed
    np.testing.assert_array_equal(loaded.data[loaded.network.probe], sim.data[net.probe])
    with pytest.raises(SimulatorClosed):
        loaded.run_steps(1)


def test_what_pickle_cannot_take_along_is_named():
    net = small()
    with net:
        nengo.Node(lambda t: t, label="clock")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match=r"clock.*<lambda>.*cloudpickle"):
            pickle.dumps(sim)
    net = small()
    with net:
        nengo.Connection(net.a, net.a, function=lambda x: x * x, label="squared")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match=r"squared.*<lambda>.*cloudpickle"):
            pickle.dumps(sim)


def test_cloudpickle_takes_functions_along():
    cloudpickle = pytest.importorskip("cloudpickle")
    net = small()
    with net:
        nengo.Connection(net.a, net.a, function=lambda x: 0.1 * x * x)
        nengo.Connection(nengo.Node(lambda t: np.sin(9 * t)), net.a)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        loaded = cloudpickle.loads(cloudpickle.dumps(sim))
        sim.run_steps(20)
    with loaded:
        loaded.run_steps(20)
    np.testing.assert_array_equal(loaded.data[loaded.network.probe], sim.data[net.probe])


def test_a_simulator_can_be_copied():
    net = small()
    with net:
        nengo.Connection(nengo.Node(lambda t: np.sin(9 * t)), net.a)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        with copy.deepcopy(sim) as other:
            other.run_steps(20)
            assert sim.n_steps == 20
            sim.run_steps(20)
            np.testing.assert_array_equal(other.data[other.network.probe], sim.data[net.probe])


def test_processes_that_start_anew_from_a_pickle_are_named():
    with nengo.Network(seed=0) as net:
        nengo.Probe(nengo.Node(Hiding(default_size_in=0, default_size_out=1), label="hiding"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        pickled = pickle.dumps(sim)
    with pytest.warns(UserWarning, match="start anew: hiding"):
        pickle.loads(pickled).close()
