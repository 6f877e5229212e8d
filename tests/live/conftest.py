"""A small network and what many tests need around it."""

import nengo
import pytest

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
