"""Two networks side by side: what a page is told of what differs."""

import json
from collections.abc import Iterator

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Diff, Lab
from nengolab_widgets.choice import kinds_of, offered_of
from nengolab_widgets.layouts import layout_of
from nengolab_widgets.recipes import layout_code

import nengolab
from nengolab import inspect
from nengolab.live import Session
from tests.widgets.browser import Browser, until


def make(
    synapse: float | None = 0.005, scale: float = 1.0, name: str = "<b>a</b>"
) -> nengo.Network:
    with nengo.Network(label="one", seed=1) as net:
        node = nengo.Node([0.5], label="node")
        a = nengo.Ensemble(30, 1, label=name)
        b = nengo.Ensemble(4, 1, label="b", encoders=scale * np.array([[1.0], [-1], [1], [-1]]))
        nengo.Connection(node, a, label="in", synapse=synapse)
        weights = scale * np.linspace(-1, 1, 120).reshape(4, 30)
        nengo.Connection(a.neurons, b.neurons, transform=weights, label="on")
    return net


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(make(), speed=None) as session:
        session.wait_until("ready", 120)
        yield session


def shown(diff: Diff) -> Browser:
    browser = Browser(diff.hub)
    browser.look()
    return browser


def told_to(browser: Browser, diff: Diff, count: int = 1) -> dict:
    until(lambda: len(browser.arrays(diff._panel)) >= count, "what differs")
    found = browser.arrays(diff._panel)[-1]
    return {name: bytes(array).decode() for name, array in found.items()}


def differences(browser: Browser, diff: Diff, count: int = 1) -> dict:
    return json.loads(told_to(browser, diff, count)["told"])


def test_two_networks_are_compared_without_a_simulator() -> None:
    other = make(None, 2.0, "<i>a</i>")
    other.label = "two"
    diff = Diff(make(), other)
    assert diff.session.state == "asleep"
    browser = shown(diff)
    told = differences(browser, diff)
    payload = browser.of("layout")[-1]["panels"][-1]["data"]
    found = inspect.diff(diff.session.network, other)
    assert (payload["a"], payload["b"]) == ("one", "two")
    lines = [(p["a"], p["b"], line["what"]) for p in told["parts"] for line in p["lines"]]
    assert lines == [(row.a, row.b, row.what) for row in found.rows]
    assert ("in", "in", "synapse") in lines
    assert ["node", "node"] in [list(pair) for pair in told["same"]]
    assert ["<b>a</b>", "<i>a</i>"] in [list(pair) for pair in told["same"]]
    synapse = next(x for p in told["parts"] for x in p["lines"] if x["what"] == "synapse")
    assert "delay" in synapse["meaning"]
    small = next(x for p in told["parts"] for x in p["lines"] if x["what"] == "encoders")
    assert small["a"] == {"text": "[[ 1.], [-1.], [ 1.], [-1.]]", "bars": []}
    assert diff.session.state == "asleep"
    diff.close()


def test_large_arrays_of_simulators_have_bars_over_one_range(session: Session) -> None:
    with nengolab.Simulator(make(scale=2.0), progress_bar=False) as sim:
        diff = Diff(session, sim)
        told = differences(shown(diff), diff)
        diff.close()
    [part] = [p for p in told["parts"] if p["a"] == "on"]
    now = next(x for x in part["lines"] if x["what"] == "weights now")
    narrow, wide = (np.linspace(-s, s, 120) for s in (1, 2))
    edges = np.histogram_bin_edges([*narrow, *wide], 24)
    for side, values in (("a", narrow), ("b", wide)):
        counts = np.histogram(values, edges)[0]
        np.testing.assert_allclose(now[side]["bars"], counts / counts.max(), atol=1e-3)
        assert now[side]["text"].startswith("4 × 30: ")
    assert (now["low"], now["high"]) == ("-2", "2")
    assert now["meaning"] == "they differ by up to 1"


def test_of_a_closed_simulator_what_it_was_counts() -> None:
    with nengolab.Simulator(make(), progress_bar=False) as ours:
        with nengo.Simulator(make(None), progress_bar=False) as theirs:
            diff = Diff(theirs, ours)
    told = differences(shown(diff), diff)
    assert [part["a"] for part in told["parts"]] == ["in"]
    assert diff.session.state == "asleep"  # the simulators are the caller's
    diff.close()


@pytest.mark.parametrize(("other", "got"), [((), "none"), ((3,), "int"), (("on",), "str")])
def test_a_second_network_is_asked_for(other: tuple, got: str) -> None:
    with pytest.raises(ValidationError, match=rf"second nengo.Network or simulator.*got {got}"):
        Diff(make(), *other)


def test_why_they_cannot_be_compared_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    net = make()
    diff = Diff(net, make())
    monkeypatch.setattr(inspect, "diff", lambda *a, **k: 1 / 0)
    assert told_to(shown(diff), diff) == {"problem": "ZeroDivisionError: division by zero"}
    diff.close()


def test_a_line_leads_to_what_its_object_is_and_where(session: Session) -> None:
    other = make(None)
    diff = Diff(session, other)
    browser = shown(diff)
    panel = diff.hub._bench.find(diff._panel)
    for side, name, network in (("a", "in", session.network), ("b", "in", other)):
        panel.handle({"type": "explain", "side": side, "name": name})
        said = browser.of("for_panel")[-1]["content"]
        assert said["text"] == inspect.explain(network, name).text
        where = ("connection", 0) if side == "a" else ("", -1)
        assert (said["of"], said["at"]) == where
    panel.handle({"type": "explain", "side": "a", "name": "b"})
    assert browser.of("for_panel")[-1]["content"]["of"] == "object"
    panel.handle({"type": "explain", "side": "a", "name": "nobody"})
    assert "not in the network" in browser.of("for_panel")[-1]["content"]["text"]
    with pytest.raises(ValidationError, match="the sides 'a' and 'b'"):
        panel.handle({"type": "explain", "side": "c", "name": "b"})
    with pytest.raises(ValidationError, match="does not understand 'dance'"):
        panel.handle({"type": "dance"})
    diff.close()


def test_comparing_again_finds_what_was_changed_since(session: Session) -> None:
    other = make()
    diff = Diff(session, other)
    browser = shown(diff)
    assert differences(browser, diff)["parts"] == []
    other.connections[0].synapse = nengo.Alpha(0.1)
    diff.hub._bench.find(diff._panel).handle({"type": "again"})
    [part] = differences(browser, diff, 2)["parts"]
    assert part["a"] == "in"
    diff.close()


def test_where_no_widget_is_there_is_the_table() -> None:
    diff = Diff(make(), make(None))
    bundle = diff._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert html == inspect.diff(make(), make(None))._repr_html_()
    assert "<b>a</b>" not in html
    diff.close()


def test_menus_do_not_offer_it_but_a_lab_can_show_it(session: Session) -> None:
    other = make(None)
    assert "diff" in [kind.name for kind in kinds_of(other)]
    assert "diff" not in [kind.name for kind in offered_of(other)]
    lab = Lab(session, plots=[(other, "diff")])
    assert lab.plots
    # No file can name what is beside the network; a variable can.
    assert layout_of(lab._bench)["plots"] == []
    assert "(other, 'diff')" in layout_code(lab._bench, {"other": other}, session)
    assert "diff" not in layout_code(lab._bench, {}, session)
    lab.close()
    with pytest.raises(ValidationError, match="second nengo.Network or simulator"):
        Diff(session, session.network.ensembles[0])
