"""One network for all kinds of panel: what a page gets of it, and what nengo.Simulator has."""

from collections.abc import Callable, Iterator

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.live import Session
from tests.widgets.panels.showing import SECONDS, Shown, show_panel


@pytest.fixture(scope="package")
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=3) as net:
        # As exact as what it is compared with.
        nengolab.configure_settings(dtype="float64")
        net.wave = nengo.Node(lambda t: [np.sin(20 * t), np.cos(20 * t)], label="wave")
        net.plane = nengo.Ensemble(30, 2, label="plane")
        net.adaptive = nengo.Ensemble(
            12, 1, neuron_type=nengo.AdaptiveLIF(), label="adaptive", seed=4
        )
        net.rate = nengo.Ensemble(8, 1, neuron_type=nengo.LIFRate(), label="rate")
        net.pixels = nengo.Node(
            lambda t: np.sin(9 * t + np.arange(48)), size_out=48, label="pixels"
        )
        nengo.Connection(net.wave, net.plane)
        nengo.Connection(net.wave[0], net.adaptive)
        net.references = {
            "plane": nengo.Probe(net.plane, synapse=0.03),
            "wave": nengo.Probe(net.wave),
            "filtered wave": nengo.Probe(net.wave, synapse=0.03),
            "pixels": nengo.Probe(net.pixels),
            "spikes": nengo.Probe(net.plane.neurons),
            "adaptive spikes": nengo.Probe(net.adaptive.neurons),
            "voltage": nengo.Probe(net.adaptive.neurons, "voltage"),
            "adaptation": nengo.Probe(net.adaptive.neurons, "adaptation"),
            "refractory_time": nengo.Probe(net.adaptive.neurons, "refractory_time"),
            "input": nengo.Probe(net.adaptive.neurons, "input"),
            "represented input": nengo.Probe(net.adaptive, "input"),
        }
    return net


@pytest.fixture(scope="package")
def reference(net: nengo.Network) -> dict[str, np.ndarray]:
    """What nengo.Simulator has of each probe of the network."""
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run(SECONDS, progress_bar=False)
        return {name: np.array(sim.data[probe]) for name, probe in net.references.items()}


@pytest.fixture(scope="package")
def session(net: nengo.Network) -> Iterator[Session]:
    with Session(net, speed=None) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def show(session: Session) -> Iterator[Callable[..., Shown]]:
    """Run the network from the start under one panel."""
    with show_panel(session) as run:
        yield run
