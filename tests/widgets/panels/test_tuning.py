"""Tuning curves: what a page gets of them is what nengo says, before and after; what is picked."""

from __future__ import annotations

from collections.abc import Iterator

import keras
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
        net.ball = nengo.Ensemble(30, 4, label="ball")
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


def test_a_sphere_is_that_of_the_picked_neuron(
    net: nengo.Network, reference: nengo.Simulator
) -> None:
    panel = Tuning(reference, net.ball, show="sphere", along="3, 0, 1")
    panel.pick(net.ball, [8])
    found = look(panel, reference)
    assert words(found) == ""
    front, back = found["plane"].reshape(2, 41, 41)
    axis = np.linspace(-1, 1, 41)
    for row, column in ((20, 20), (28, 5)):
        for side, sign in ((front, 1), (back, -1)):
            up, right = axis[row], axis[column]
            depth = sign * np.sqrt(1 - up**2 - right**2)
            point = np.array([[up, depth, 0, right]])
            _, rates = tuning_curves(net.ball, reference, point)
            np.testing.assert_allclose(side[row, column], rates[0, 8], rtol=1e-5)
    assert np.isnan(front[0, 0])
    layout = panel.hub._bench.layouts()[0]["data"]
    assert (layout["axis"], layout["third"]) == ("dimension 3", "dimension 1")
    panel.pick(net.ball)
    panel.close()


def test_neurons_behind_layers_are_shown_against_a_layers_input() -> None:
    keras.utils.set_random_seed(0)
    with nengo.Network(seed=1) as net:
        pixels = nengo.Node(np.zeros(9), label="pixels")
        dense = nengolab.Layer(keras.layers.Dense(30, name="dense"))(pixels)
        neurons = nengolab.Layer(nengo.RectifiedLinear(amplitude=0.5))(dense, label="hidden")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        panel = Tuning(sim, neurons.ensemble)
        assert panel.settings["show"] == "behind a layer"
        panel.set(along="4", reach=2.0)
        spec = panel.hub._bench._specs[panel._panel]
        found, before = look(panel, sim), spec.version(sim)
        x = np.zeros((101, 9))
        x[:, 4] = np.linspace(-2, 2, 101)

        def expected() -> np.ndarray:
            kernel, add = (sim.parameters[f"dense.{role}"].value for role in ("kernel", "bias"))
            built = sim.data[neurons.ensemble]
            return 0.5 * np.maximum(built.gain * (x @ kernel + add) + built.bias, 0)

        rates = expected()
        np.testing.assert_allclose(found["rates"].T, rates, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(found["px"], np.float32(x[:, 4][rates.argmax(axis=0)]))
        np.testing.assert_allclose(found["py"], rates.max(axis=0), rtol=1e-4, atol=1e-4)
        assert found["silent"].tolist() == np.flatnonzero((rates <= 0).all(axis=0)).tolist()
        assert spec.version(sim) == before
        # What is set, as what is trained, is seen beside what was built.
        kernel = np.array(sim.parameters["dense.kernel"].value)
        kernel[4, 7] += 1.0
        sim.parameters["dense.kernel"].value = kernel
        assert spec.version(sim) != before
        now = look(panel, sim)
        np.testing.assert_allclose(now["rates"].T, expected(), rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(now["built_rates"], found["rates"])
        assert now["changed"].tolist() == [7]
        panel.set(along="4, 0")
        panel.pick(neurons.ensemble, [7])
        plane = look(panel, sim)["plane"]
        x = np.zeros((41, 9))
        x[:, 4] = np.linspace(-2, 2, 41)
        np.testing.assert_allclose(plane[20], expected()[:, 7], rtol=1e-4, atol=1e-4)
        layout = panel.hub._bench.layouts()[0]["data"]
        assert (layout["axis"], layout["second"]) == ("input 4 of dense", "input 0 of dense")
        with pytest.raises(ValidationError, match="'dense' has the axes 0 to 8, got '9'"):
            panel.set(along="9")
        with pytest.raises(ValidationError, match="no TensorNode is called 'x'; there are 'dense'"):
            panel.set(layer="x")
        for shown in ("4", "4, 0"):
            panel.set(along=shown)
            code = panel.hub._bench.find(panel._panel).python(spec)
            assert "inspect.layer_curves(sim, 'hidden', layer='dense'" in code
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
        (lambda: panel.set(show="sphere"), "represents one dimension: there is no sphere"),
        (lambda: panel.set(show="behind a layer"), "no layer is before 'line'"),
        (lambda: Tuning(net, net.ball, show="sphere", along="1, 2"), "a sphere takes three axes"),
        (
            lambda: Tuning(net, net.ball, show="sphere", along="0, 1, 4"),
            "takes three axes .* the axes 0 to 3",
        ),
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
        # What runs the same network otherwise shows the same.
        with Session(net, asleep=True) as other:
            assert picks_of(other).of(net.line) == (2, 5)
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
