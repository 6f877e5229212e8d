"""Tuning curves: what a page gets of them is what nengo says, before and after; what is picked."""

from __future__ import annotations

from collections.abc import Iterator

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengo.utils.ensemble import response_curves, tuning_curves
from nengolab_widgets import Lab, Tuning
from nengolab_widgets.picking import picks_of

import nengolab
from nengolab.live import Session
from tests.widgets.browser import Browser, until


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    with nengo.Network(seed=5, label="answers") as net:
        net.node = nengo.Node([0.5], label="node")
        net.line = nengo.Ensemble(40, 1, label="line", radius=2)
        net.plane = nengo.Ensemble(300, 2, label="plane")
        net.direct = nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="direct")
        nengo.Connection(net.node, net.line)
        net.out = nengo.Connection(net.line, net.plane[0])
        net.square = nengo.Connection(net.plane, net.direct, function=lambda x: x[0] * x[1])
    return net


@pytest.fixture(scope="module")
def reference(net: nengo.Network) -> Iterator[nengo.Simulator]:
    with nengo.Simulator(net, progress_bar=False) as sim:
        yield sim


@pytest.fixture(scope="module")
def sim(net: nengo.Network) -> Iterator[nengolab.Simulator]:
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


def look(panel: Tuning, source: object) -> dict[str, np.ndarray]:
    """Give what a page would get."""
    spec = panel.hub._bench._specs[panel._panel]
    spec.version(source)
    return dict(spec.look(source))


def words(found: dict[str, np.ndarray], name: str = "problem") -> str:
    return bytes(found.get(name, np.zeros(0, np.uint8))).decode()


def test_curves_are_those_of_nengo(net: nengo.Network, reference: nengo.Simulator) -> None:
    for source in (net, reference):
        panel = Tuning(source, net.line)
        found = look(panel, source)
        line = np.linspace(-2, 2, 101)
        np.testing.assert_array_equal(found["x"], np.float32(line))
        _, rates = tuning_curves(net.line, reference, line[:, None])
        np.testing.assert_allclose(found["rates"].T, rates, rtol=1e-5)
        built = reference.data[net.line]
        np.testing.assert_allclose(found["max_rates"], built.max_rates, rtol=1e-6)
        np.testing.assert_array_equal(found["px"], np.float32(built.intercepts))
        panel.set(show="response curves", beside="nothing")
        found = look(panel, source)
        _, rates = response_curves(net.line, reference, np.linspace(-1, 1, 101))
        np.testing.assert_allclose(found["rates"].T, rates, rtol=1e-5)
        assert "px" not in found
        panel.close()


def test_a_plane_is_that_of_the_picked_neuron(
    net: nengo.Network, reference: nengo.Simulator
) -> None:
    panel = Tuning(reference, "plane")
    assert panel.settings["show"] == "plane"
    panel.pick("plane", [9, 4])
    found = look(panel, reference)
    axis = np.linspace(-1, 1, 41)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)  # rows along the second axis
    _, rates = tuning_curves(net.plane, reference, grid.reshape(-1, 2))
    np.testing.assert_allclose(found["plane"].ravel(), rates[:, 9], rtol=1e-5)
    assert found["of"] == [9]
    np.testing.assert_array_equal(
        np.stack([found["px"], found["py"]], 1), np.float32(reference.data[net.plane].encoders)
    )
    # Of many neurons some curves are drawn, and those that are picked.
    panel.set(show="tuning curves", along="[1, 1]", beside="decoders")
    found = look(panel, reference)
    drawn = found["drawn"]
    assert len(drawn) in (200, 201, 202)
    assert {4, 9} <= set(drawn)
    points = np.linspace(-1, 1, 51)[:, None] * np.array([[1, 1]]) / np.sqrt(2)
    _, rates = tuning_curves(net.plane, reference, points)
    np.testing.assert_allclose(found["rates"].T, rates[:, drawn], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found["py"], reference.data[net.square].weights[0], rtol=1e-6)
    panel.pick("plane")
    panel.close()


def test_what_was_set_is_seen_beside_what_was_built(
    net: nengo.Network, sim: nengolab.Simulator
) -> None:
    panel = Tuning(sim, net.line)
    spec = panel.hub._bench._specs[panel._panel]
    before, first = spec.version(sim), look(panel, sim)
    assert "built_rates" not in first
    bias = np.array(sim.data[net.line].bias)
    bias[[3, 7]] = [-100, 1000]
    sim.parameters["line.neurons.bias"].value = bias
    assert spec.version(sim) != before
    found = look(panel, sim)
    np.testing.assert_array_equal(found["built_rates"], first["rates"])
    assert found["changed"].tolist() == [3, 7]
    assert found["silent"].tolist() == [3]
    assert 7 not in found["silent"]
    assert found["rates"][7].min() > first["rates"][7].max()
    assert found["max_rates"][3] == 0
    # The simulator stays the caller's, who may run and train it.
    sim.run_steps(1)
    own = sim.parameters["line.neurons.bias"]
    own.value = own.initial
    assert "built_rates" not in look(panel, sim)
    panel.close()


def test_what_is_no_number_is_named(net: nengo.Network, sim: nengolab.Simulator) -> None:
    with nengo.Network(seed=1) as broken:
        gains = [np.nan] + [1.0] * 9
        ens = nengo.Ensemble(10, 1, gain=gains, bias=np.zeros(10), label="no gain")
    panel = Tuning(broken, ens)
    assert "<Ensemble 'no gain'>.scaled_encoders" in words(look(panel, broken))
    panel.close()
    # A training that failed leaves NaN behind.
    [bias] = [w for w in sim.keras_model.weights if w.path.startswith("line") and w.shape == (40,)]
    built = bias.numpy()
    panel = Tuning(sim, net.line)
    for bad in ([], [2, 30]):
        values = built.copy()
        values[bad] = np.nan
        bias.assign(values)
        found = look(panel, sim)
        assert found["bad"].tolist() == bad
        assert np.isfinite(found["rates"][0]).all()
    bias.assign(built)
    panel.close()


def test_what_cannot_be_shown_is_refused_by_name(net: nengo.Network) -> None:
    panel = Tuning(net)
    assert "line" in repr(panel.hub._bench.layouts()[0]["title"])
    for act, why in (
        (lambda: Tuning(net, "nobody"), "'nobody' is not in the network; it holds 'node'"),
        (lambda: Tuning(net, net.node), "'node' has no plot 'tuning'"),
        (lambda: Tuning(net, net.direct), "'direct' has no plot 'tuning'"),
        (lambda: panel.set(show="plane"), "'line' represents one dimension: there is no plane"),
        (lambda: panel.set(beside="encoders"), "encoders of 'line' are 1 or -1"),
        (lambda: panel.set(along="1"), "'line' has the axes 0 to 0, got '1'"),
        (lambda: panel.set(along="x["), "along takes an axis"),
        (lambda: panel.pick("line", [40]), "by their numbers, 0 to 39"),
        (lambda: panel.pick("node", [0]), "neurons are picked of ensembles"),
        (lambda: Tuning(3), "needs a nengo.Network"),
    ):
        with pytest.raises(ValidationError, match=why):
            act()
    panel.close()
    with nengo.Network() as empty, pytest.raises(ValidationError, match="no ensemble with neurons"):
        Tuning(empty)


def test_a_look_that_fails_says_so_in_the_panel(net: nengo.Network) -> None:
    panel = Tuning(net, net.line)
    with nengo.Network(seed=1) as other:
        nengo.Ensemble(10, 1, label="another")
    assert "not in the network" in words(look(panel, other))
    panel.close()


def test_pages_hear_what_is_picked_and_who_picked_it(net: nengo.Network) -> None:
    with Session(net, asleep=True) as session:
        labs = [Lab(session, plots=[(net.line, "tuning")], network=False) for _ in range(2)]
        browsers = [Browser(lab) for lab in labs]
        for browser in browsers:
            browser.look()
        browsers[0].say(type="pick", page="p", number=3, ensemble="line", neurons=[5, 2, 5])
        for browser in browsers:
            until(lambda b=browser: b.of("picked"), "what is picked")
            told = browser.of("picked")[-1]
            assert (told["page"], told["number"]) == ("p", 3)
            assert told["neurons"] == {"line": [2, 5]}
        assert labs[1].picked == {"line": [2, 5]}
        assert picks_of(session).of(net.line.neurons) == (2, 5)
        # Another page asks for all there is.
        browsers[1].say(type="hello", view="late", width=600, visible=True)
        assert browsers[1].of("picked")[-1]["neurons"] == {"line": [2, 5]}
        browsers[0].say(type="pick", page="p", number=4, ensemble="line", neurons=[400])
        assert "0 to 39" in browsers[0].of("notice")[-1]["text"]
        labs[0].pick(net.line)
        assert browsers[1].of("picked")[-1] == {
            "type": "picked",
            "page": "",
            "number": 0,
            "neurons": {},
        }
        for lab in labs:
            lab.close()


def test_a_part_comes_packed_or_with_a_reason(net: nengo.Network) -> None:
    with Session(net, asleep=True) as session:
        lab = Lab(session, plots=[], network=False)
        browser = Browser(lab)
        browser.look()
        for name, problem in (("bokeh", False), ("../lab", True)):
            browser.say(type="ask_part", name=name)
            assert bool(browser.of("part")[-1]["problem"]) is problem
        lab.close()


def test_it_is_looked_up_while_the_session_sleeps(net: nengo.Network) -> None:
    with Session(net, asleep=True) as session:
        lab = Lab(session, plots=[(net.line, "tuning")], network=False)
        browser = Browser(lab)
        browser.look()
        [panel] = lab.plots
        until(lambda: browser.arrays(panel), "a frame")
        assert session.state == "asleep"
        assert browser.arrays(panel)[-1]["rates"].shape == (40, 101)
        lab.close()
