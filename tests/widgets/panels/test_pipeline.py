"""One neuron's story: what a page is told of it, and that the run does not notice."""

import json

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab, Pipeline

import nengolab
from nengolab import inspect
from nengolab.live import Session
from tests.widgets.browser import Browser, until


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    with nengo.Network(seed=1, label="a story") as net:
        nengolab.configure_settings(dtype="float64")
        net.node = nengo.Node(lambda t: np.sin(20 * t), label="node")
        net.a = nengo.Ensemble(30, 1, label="a")
        net.b = nengo.Ensemble(20, 1, label="b")
        nengo.Connection(net.node, net.a, synapse=None)
        nengo.Connection(net.a, net.b)
        nengo.Connection(net.a, net.b, function=np.square, label="squared")
    return net


@pytest.fixture(scope="module")
def session(net: nengo.Network):
    with Session(net, speed=None) as session:
        session.wait_until("ready", 120)
        yield session


def told(browser: Browser, panel: str, count: int = 1) -> tuple[dict, dict[str, np.ndarray]]:
    def stories() -> list[dict[str, np.ndarray]]:
        return [arrays for arrays in browser.arrays(panel) if "waiting" not in arrays]

    until(lambda: len(stories()) >= count, "the story")
    arrays = stories()[-1]
    assert "told" in arrays, bytes(arrays["problem"]).decode()
    return json.loads(bytes(arrays["told"])), arrays


def test_the_run_goes_on_while_a_story_is_prepared(session, net) -> None:
    session.play()
    story = Pipeline(session, net.b.neurons[2], n_steps=10)
    browser = Browser(story.hub)
    browser.look()
    told(browser, story._panel)
    frames = [f for f in browser.of("frame") if any(p["id"] == story._panel for p in f["panels"])]
    session.pause().result(60)
    first = browser.arrays(story._panel)[0]
    assert "while the run goes on" in bytes(first["waiting"]).decode()
    # It ran from the frame that says so to the one with the story, in which it went back to.
    assert frames[-1]["n_steps"] - frames[0]["n_steps"] > 1000
    # All that it reads is read of all its neurons: the next one is told of at once.
    story.set(neuron=3)
    said, _ = told(browser, story._panel, 2)
    assert said["neuron"] == "b.neurons[3]"
    assert sum("waiting" in arrays for arrays in browser.arrays(story._panel)) == 1
    story.close()
    session.reset().result(60)


def test_a_page_is_told_the_story_and_the_run_goes_on_as_if_nothing_was(session, net) -> None:
    lab = Lab(session, plots=[net.b], network=False, window=1.0)
    values = Browser(lab)
    values.look()
    [spec] = lab._bench.specs
    spec.probes[0].attached.result(60)
    session.run_for(0.05).result(60)
    story = Pipeline(session, net.a.neurons[7], n_steps=60)
    browser = Browser(story.hub)
    browser.look()
    said, arrays = told(browser, story._panel)
    assert session.n_steps == 50
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(50)
        expected = inspect.pipeline(sim, net.a.neurons[7], 60)
    assert said["neuron"] == "a.neurons[7]"
    assert [row["name"] for row in said["rows"]] == [q.name for q in expected.quantities]
    np.testing.assert_allclose(arrays["times"], expected.t)
    for i, quantity in enumerate(expected.quantities):
        np.testing.assert_allclose(arrays[f"q{i}"], quantity.values, rtol=1e-5, atol=1e-6)
    assert said["spikes"] == expected.spikes.tolist() != []
    assert said["whys"] == [expected.why(step) for step in expected.spikes]
    row = said["rows"][1]
    for step in (1, 30):
        parts = [
            p["text"]
            if p["of"] < 0
            else f"{expected.quantities[p['of']].values[step - p['before'], p['element']]:.4g}"
            for p in row["parts"]
        ]
        assert "".join(parts) == expected.filled(row["name"], step)
    session.run_for(0.1).result(60)
    panel = story.hub._bench.find(story._panel)
    panel.handle({"type": "again"})
    _, later = told(browser, story._panel, 2)
    assert later["times"][0] == pytest.approx(0.151)
    until(lambda: len(values.lines(lab.plots[0])) == 150, "all steps")
    reference = spec.probes[0].synapse.filt(_raw(net), y0=0)
    # A probe is given it a step later.
    np.testing.assert_allclose(values.lines(lab.plots[0])[1:], reference[:-1], atol=1e-6)
    story.close()
    lab.close()


def _raw(net: nengo.Network) -> np.ndarray:
    """What b decodes, from nengo.Simulator."""
    probed = net.copy()
    with probed:
        ens = next(e for e in probed.all_ensembles if e.label == "b")
        probe = nengo.Probe(ens)
    with nengo.Simulator(probed, progress_bar=False) as theirs:
        theirs.run_steps(150)
        return np.array(theirs.data[probe])


def test_settings_choose_neuron_connection_and_data(session, net) -> None:
    data = {net.node: np.full((1, 20, 1), 0.25)}
    story = Pipeline(session, net.a, neuron=4, n_steps=20, connection="squared", data=data)
    browser = Browser(story.hub)
    browser.look()
    said, arrays = told(browser, story._panel)
    assert said["neuron"] == "a.neurons[4]"
    np.testing.assert_allclose(arrays["q0"], 0.25)
    assert "squared" in next(r for r in said["rows"] if r["name"] == "decoded")["equation"]
    json.dumps(story.settings)  # a layout file holds them
    story.set(neuron=5)
    said, _ = told(browser, story._panel, 2)
    assert said["neuron"] == "a.neurons[5]"
    assert browser.of("layout")[-1]["panels"][-1]["what"] == "story of neuron 5"
    story.close()


@pytest.mark.parametrize(
    ("obj", "how", "words"),
    [
        ("a", {"neuron": 30}, "'a' has the neurons 0 to 29; got 30"),
        ("a", {"neuron": 1.5}, "whole number"),
        ("a", {"n_steps": 0}, "n_steps must be a number from 1 to 2000"),
        ("a", {"data": [1]}, "a dictionary: names of Nodes"),
        ("a", {"data": {"node": [[[np.nan]]]}}, "finite numbers"),
        ("node", {}, "no plot 'pipeline'"),
    ],
)
def test_what_has_no_story_is_refused(session, net, obj, how, words) -> None:
    with pytest.raises(ValidationError, match=words):
        Pipeline(session, getattr(net, obj), **how)


def test_a_part_of_the_neurons_is_not_one(session, net) -> None:
    with pytest.raises(ValidationError, match="cannot be plotted"):
        Pipeline(session, net.a.neurons[2:4])


def test_what_goes_wrong_while_it_runs_is_said_in_place(session, net) -> None:
    story = Pipeline(session, net.a, data={"nobody": [[[1.0]]]}, n_steps=1)
    browser = Browser(story.hub)
    browser.look()
    until(lambda: any("problem" in a for a in browser.arrays(story._panel)), "an answer")
    problem = bytes(browser.arrays(story._panel)[-1]["problem"]).decode()
    assert "nobody" in problem
    story.set(data={}, connection="no way")
    words = "'no way' is not in the network; its connections are"
    until(
        lambda: any(
            words.encode() in bytes(a.get("problem", b"")) for a in browser.arrays(story._panel)
        ),
        words,
    )
    with pytest.raises(ValidationError, match="does not understand 'dance'"):
        story.hub._bench.find(story._panel).handle({"type": "dance"})
    story.close()
