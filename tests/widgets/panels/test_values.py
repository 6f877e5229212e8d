"""What the kinds that show values choose at first."""

import nengo
import pytest
from nengolab_widgets import Lab
from nengolab_widgets.values import SYNAPSE, usual_filter


@pytest.fixture(scope="module")
def passing() -> nengo.Network:
    with nengo.Network(seed=1) as net:
        net.stimulus = nengo.Node([0.5], label="stimulus")
        net.array = nengo.networks.EnsembleArray(20, 3)
        net.further = nengo.Node(size_in=3, label="further")
        net.loop = nengo.Node(size_in=3, label="loop")
        net.spikes = nengo.Node(size_in=20, label="spikes")
        net.still = nengo.Node(size_in=1, label="still")
        net.computed = nengo.Node(lambda t, x: x, size_in=3, label="computed")
        rates = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate())
        net.rate = nengo.Node(size_in=1, label="rate")
        nengo.Connection(net.stimulus, net.array.input[0])
        nengo.Connection(net.array.output, net.further, synapse=None)
        net.of_output = nengo.Connection(net.further[:2], net.loop[1:], synapse=0.1)
        nengo.Connection(net.loop, net.loop)
        nengo.Connection(net.array.output, net.computed)
        nengo.Connection(net.array.ensembles[0].neurons, net.spikes)
        nengo.Connection(net.still, net.still)
        nengo.Connection(rates, net.rate)
    return net


def test_nodes_that_pass_spikes_on_are_filtered_as_ensembles_are(passing: nengo.Network) -> None:
    net = passing
    for obj in (net.array.output, net.further, net.further[1], net.loop, net.spikes, net.of_output):
        assert usual_filter(obj, net) == SYNAPSE, obj
    for obj in (net.stimulus, net.array.input, net.still, net.computed, net.rate):
        assert usual_filter(obj, net) is None, obj


@pytest.mark.parametrize("kind", ["value", "text", "image", "histogram", "xy"])
def test_kinds_choose_that_filter(passing: nengo.Network, kind: str) -> None:
    lab = Lab(passing, plots=[(passing.array.output, kind), (passing.computed, kind)])
    try:
        lab.session.wait_until("ready", 120)
        output, computed = (
            {s["name"]: s["value"] for s in layout["settings"]} for layout in lab._bench.layouts()
        )
        assert output["synapse"] == SYNAPSE
        assert computed["synapse"] is None
    finally:
        lab.close()
