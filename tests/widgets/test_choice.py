"""What a Lab plots and offers sliders for, from the network alone."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.choice import Menu, default_choices, kinds_of, read_choices
from nengolab_widgets.sliders import Inputs, default_limits, slider_step

from nengolab.names import Names


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.wave = nengo.Node(lambda t: [t, -t], size_out=2, label="wave")
        net.relay = nengo.Node(size_in=2, label="relay")
        net.image = nengo.Node(np.zeros(64), label="image")
        net.ens = nengo.Ensemble(10, 2, label="ens")
        net.rate = nengo.Ensemble(5, 1, neuron_type=nengo.LIFRate(), label="rate")
        net.direct = nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="direct")
        net.probe = nengo.Probe(net.ens, synapse=0.01)
    return net


USUAL = ("value", "raster", "rates")


def names(kinds: list) -> list[str]:
    """Give the names of the usual kinds, whatever others there are."""
    return [kind.name for kind in kinds if kind.name in USUAL]


def pairs(choices: list) -> list[tuple]:
    return [(choice.obj, choice.kind) for choice in choices]


def test_kinds_follow_the_neurons(net: nengo.Network) -> None:
    assert names(kinds_of(net.ens)) == ["value", "raster", "rates"]
    assert names(kinds_of(net.ens.neurons)) == ["raster", "rates"]
    assert names(kinds_of(net.rate)) == ["value", "rates"]
    assert names(kinds_of(net.rate.neurons)) == ["rates"]
    assert names(kinds_of(net.direct)) == ["value"]
    assert names(kinds_of(net.drive)) == ["value"]
    assert names(kinds_of(net.probe)) == ["value"]
    assert kinds_of("ens") == []


def test_defaults(net: nengo.Network) -> None:
    expected = [(net.ens, "value"), (net.ens, "raster"), (net.ens, "rates"), (net.rate, "value")]
    assert pairs(default_choices(net)) == expected
    with nengo.Network() as only_nodes:
        node = nengo.Node([1.0])
    assert pairs(default_choices(only_nodes)) == [(node, "value")]
    assert default_choices(nengo.Network()) == []


def test_what_a_person_may_write(net: nengo.Network) -> None:
    known = Names(net)
    assert pairs(read_choices([net.ens, (net.ens, "rates")], known)) == [
        (net.ens, "value"),
        (net.ens, "rates"),
    ]
    assert pairs(read_choices(net.ens.neurons, known)) == [(net.ens.neurons, "raster")]
    assert pairs(read_choices((net.ens, "raster"), known)) == [(net.ens, "raster")]
    assert pairs(read_choices([net.probe], known)) == [(net.probe, "value")]
    assert pairs(read_choices([], known)) == []


def test_what_cannot_be_plotted_is_named(net: nengo.Network) -> None:
    known = Names(net)
    with pytest.raises(ValidationError, match=r"'rate' has no plot 'raster'.*'value', 'rates'"):
        read_choices([(net.rate, "raster")], known)
    with pytest.raises(ValidationError, match="cannot be plotted"):
        read_choices([3], known)
    with pytest.raises(ValidationError, match="no kind of panel 'ens'; there are.*raster"):
        read_choices("ens", known)


def test_the_menu_offers_every_ensemble_and_node(net: nengo.Network) -> None:
    menu = Menu(net, Names(net))
    entries = {entry["label"]: entry for entry in menu.layout()}
    everything = {"ens", "rate", "direct", "drive", "wave", "relay", "image"}
    assert everything <= set(entries)
    offered = [kind["name"] for kind in entries["ens"]["kinds"]]
    assert [name for name in offered if name in USUAL] == ["value", "raster", "rates"]
    assert menu.find(entries["wave"]["object"]) is net.wave


def test_sliders_stand_for_nodes_that_can_be_driven(net: nengo.Network) -> None:
    inputs = {entry["label"]: entry for entry in Inputs(net, Names(net)).layout()}
    assert set(inputs) == {"drive", "wave"}, "no relay, and no 64 sliders for an image"
    assert inputs["drive"]["values"] == [0.5]
    assert inputs["drive"]["own"] == "constant"
    assert inputs["wave"]["own"] == "function"
    assert len(inputs["wave"]["values"]) == 2
    assert not inputs["wave"]["taken"]


def test_chosen_inputs(net: nengo.Network) -> None:
    known = Names(net)
    [entry] = Inputs(net, known, {net.drive: (0, 300)}).layout()
    assert (entry["min"], entry["max"], entry["step"]) == (0, 300, 1)
    assert len(Inputs(net, known, [net.image]).layout()[0]["values"]) == 64
    assert Inputs(net, known, []).layout() is None
    with pytest.raises(ValidationError, match="'relay' cannot have a slider"):
        Inputs(net, known, [net.relay])
    for limits in ((1, 0), (0, float("inf")), "ab", 3):
        with pytest.raises(ValidationError, match="range of 'drive'"):
            Inputs(net, known, {net.drive: limits})


@pytest.mark.parametrize(
    ("values", "limits"),
    [([0.0], (-1, 1)), ([1.0], (-1, 1)), ([-3.0], (-6, 6)), ([100.0], (-200, 200))],
)
def test_limits_hold_the_nodes_own_value(values: list[float], limits: tuple) -> None:
    assert default_limits(values) == limits


def test_steps_are_round() -> None:
    assert slider_step(-1, 1) == pytest.approx(0.01)
    assert slider_step(0, 300) == pytest.approx(1)
    assert slider_step(0, 1e-3) == pytest.approx(5e-6)


def test_only_what_was_moved_changes(net: nengo.Network) -> None:
    entry = Inputs(net, Names(net), [net.image]).find("input-0")
    entry.take([5.0, 0.123456, *[0.0] * 62])
    assert entry.moved(1, 0.3)[:3] == [5.0, 0.3, 0.0]
    assert entry.values[1] == 0.123456, "until it is taken"
    with pytest.raises(ValidationError, match="'image' has 64 dimensions, there is no 64"):
        entry.moved(64, 1.0)


def test_large_nodes_without_sliders_are_mentioned(net: nengo.Network) -> None:
    assert "1 Node has more than 8 dimensions" in Inputs(net, Names(net)).why_none
    with nengo.Network() as empty:
        pass
    assert Inputs(empty, Names(empty)).why_none.startswith("No Node to drive")


def test_taking_over_and_giving_back(net: nengo.Network) -> None:
    inputs = Inputs(net, Names(net))
    entry = inputs.find("input-0")
    entry.take([0.25])
    assert inputs.layout()[0]["taken"]
    assert inputs.layout()[0]["values"] == [0.25]
    entry.take(None)
    assert not inputs.layout()[0]["taken"]
    assert inputs.layout()[0]["values"] == [0.5], "its own value again"
