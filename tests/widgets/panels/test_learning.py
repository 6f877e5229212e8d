"""Signals of learning rules, as nengo.Simulator has them."""

from collections.abc import Iterator

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.choice import kinds_of
from nengolab_widgets.panels.learning import Learning

from nengolab.live import Session
from tests.widgets.panels.learned import learning_network
from tests.widgets.panels.showing import SECONDS, show_panel

SIGNALS = [
    ("pes", "error"),
    ("pes", "activities"),
    ("bcm", "theta"),
    ("bcm", "pre_filtered"),
    ("oja", "post_filtered"),
    ("voja", "post_filtered"),
]


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    net = learning_network()
    with net:
        net.signals_of = {
            (name, signal): nengo.Probe(getattr(net, name).learning_rule, signal)
            for name, signal in SIGNALS
        }
    return net


@pytest.fixture(scope="module")
def reference(net) -> dict[tuple[str, str], np.ndarray]:
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run(SECONDS, progress_bar=False)
        return {key: np.array(sim.data[probe]) for key, probe in net.signals_of.items()}


@pytest.fixture(scope="module")
def session(net) -> Iterator[Session]:
    with Session(net, speed=None) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def show(session: Session):
    with show_panel(session) as show:
        yield show


@pytest.mark.parametrize(("name", "signal"), SIGNALS)
def test_each_signal(show, net, reference, name: str, signal: str) -> None:
    expected = reference[name, signal]
    neurons = "" if signal == "error" else "0, 3:5, 11"
    shown = show(getattr(net, name), "learning", signal=signal, neurons=neurons)
    expected = expected if signal == "error" else expected[:, [0, 3, 4, 11]]
    assert shown.steps.tolist() == list(range(1, 301))
    np.testing.assert_allclose(shown["y"], expected, rtol=1e-5, atol=1e-7)
    assert np.ptp(expected) > 0
    each = "dimension 0" if signal == "error" else "neuron 0"
    assert shown.data["lines"][0] == each


def test_the_error_is_first_and_through_a_filter_if_wanted(show, net, reference) -> None:
    shown = show(net.pes.learning_rule, "learning", synapse=0.01)
    filtered = nengo.Lowpass(0.01).filt(reference["pes", "error"], y0=0)
    # In a simulation a filter is a step late.
    np.testing.assert_allclose(shown["y"][1:], filtered[:-1], rtol=1e-5, atol=1e-6)
    assert shown.layout["what"] == "error, 10 ms filter"
    assert shown.data["rows"] is None


def test_an_image_of_all_neurons(show, net, reference) -> None:
    shown = show(net.bcm, "learning", signal="theta", show="image", neurons="")
    np.testing.assert_allclose(shown["y"], reference["bcm", "theta"], rtol=1e-5, atol=1e-6)
    assert shown.data["axis"] == "neuron"


def test_it_is_offered_where_something_learns(net) -> None:
    assert [kind.name for kind in kinds_of(net.pes)][:3] == ["weights", "learning", "value"]
    assert [kind.name for kind in kinds_of(net.pes.learning_rule)] == ["weights", "learning"]
    assert not Learning.suits(net.plain)
    assert not Learning.suits(net.post)


def test_several_rules_of_one_connection_are_told_apart(show, net) -> None:
    with nengo.Network(add_to_container=False):
        a, b = nengo.Ensemble(9, 1), nengo.Ensemble(8, 1)
        rules = {"one": nengo.PES(), "two": nengo.BCM()}
        solver = nengo.solvers.LstsqL2(weights=True)
        conn = nengo.Connection(a, b, solver=solver, learning_rule_type=rules)
    assert list(Learning.signals(conn)) == [
        "error of PES", "activities of PES", "pre_filtered of BCM", "post_filtered of BCM",
        "theta of BCM",
    ]  # fmt: skip
    with pytest.raises(ValidationError, match="signal must be one of error, activities"):
        show(net.pes, "learning", signal="theta")


def test_a_signal_whose_size_nobody_knows_is_refused(session, net) -> None:
    with pytest.raises(ValidationError, match="is a matrix"):
        session.add_probe(net.pes.learning_rule, "delta")
