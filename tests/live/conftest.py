"""A small network and what many tests need around it."""

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.live import Session
from nengolab.live.probes import LiveProbe
from nengolab.names import Names


def make_network():
    """Make a drive, a spiking population of 30, and rate neurons of 20."""
    with nengo.Network(seed=7, label="small") as net:
        net.drive = nengo.Node([0.3], label="drive")
        net.ens = nengo.Ensemble(30, 1, label="ens")
        net.rate = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), label="rate")
        net.fed = nengo.Node(size_in=1, label="fed")
        nengo.Connection(net.drive, net.ens)
        nengo.Connection(net.drive, net.rate)
        nengo.Connection(net.ens, net.fed, synapse=0.01)
        # A probe of the network is there at once; a tap of a session compiles first.
        net.seen_drive = nengo.Probe(net.drive)
        net.seen_ens = nengo.Probe(net.ens)
        net.probe = nengo.Probe(net.ens, synapse=0.02, label="own probe")
        net.thin_probe = nengo.Probe(net.ens, sample_every=0.004, label="thin probe")
    return net


@pytest.fixture(scope="module")
def net():
    return make_network()


@pytest.fixture
def live_probe(net):
    """Make a probe handle without a session."""

    def make(target, attr=None, synapse=None):
        return LiveProbe(target, attr, synapse, net, Names(net))

    return make


@pytest.fixture
def session(simulator):
    """Run the simulator of a test's file live, from time 0."""
    with Session(simulator, speed=None) as live:
        live.reset().result(200)
        yield live


@pytest.fixture(scope="module")
def simulator():
    """One compiled simulator for all tests; each session gives it back."""
    net = make_network()
    with net:
        nengolab.configure_settings(dtype="float64")
    with nengolab.Simulator(net, seed=11, progress_bar=False) as sim:
        yield sim


@pytest.fixture(scope="module")
def reference():
    """The same network in nengo.Simulator, every signal of the tests probed."""
    net = make_network()
    targets = {
        "value": (net.ens, None),
        "spikes": (net.ens.neurons, None),
        "voltage": (net.ens.neurons, "voltage"),
        "rates": (net.rate.neurons, None),
    }
    with net:
        probes = {name: nengo.Probe(obj, attr) for name, (obj, attr) in targets.items()}
        filtered = nengo.Probe(net.ens, synapse=0.005)
    with nengo.Simulator(net, seed=11, progress_bar=False) as sim:
        sim.run_steps(400, progress_bar=False)
        data = {name: np.array(sim.data[probe]) for name, probe in probes.items()}
        data["filtered"] = np.array(sim.data[filtered])
        data["own probe"] = np.array(sim.data[net.probe])
        data["thin probe"] = np.array(sim.data[net.thin_probe])
    return data
