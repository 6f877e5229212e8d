"""Knobs of what runs: each does what the session's method of that name does."""

import json

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab

from tests.widgets.browser import until


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=0, label="to change") as net:
        drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(50, 1, label="ens")
        net.post = nengo.Ensemble(40, 1, label="post", neuron_type=nengo.AdaptiveLIF())
        nengo.Connection(drive, net.ens)
        net.conn = nengo.Connection(
            net.ens, net.post, synapse=0.01, learning_rule_type=nengo.PES(3e-5), label="conn"
        )
        net.error = nengo.Node(size_in=1, label="error")
        nengo.Connection(net.error, net.conn.learning_rule)
        net.plain = nengo.Connection(net.ens, net.error, label="plain")
    return net


@pytest.fixture(scope="module")
def lab(net):
    lab = Lab(net, plots=[(o, "change") for o in (net.ens, net.post, net.conn, net.plain)])
    lab.session.wait_until("ready", 60)
    yield lab
    lab.close()


@pytest.fixture
def panels(lab, net):
    yield {panel.title: panel for panel in map(lab._bench.find, lab._bench.ids)}
    lab.session.drop_changes().result(30)


def turn(lab, panel, role, value, gesture=""):
    panel.handle({"type": "set", "role": role, "value": value, "gesture": gesture})
    lab.session.step(1).result(60)


def told(lab, panel):
    spec = lab._bench._specs[panel.identity.id]
    [(name, text)] = spec.look(None)
    assert name == "told"
    return json.loads(text.tobytes())


def test_knobs_are_those_of_the_object(panels):
    built = {t: {k["role"]: k["built"] for k in p.layout()["knobs"]} for t, p in panels.items()}
    assert built["ens"] == {
        "lesion": 0,
        "tau_rc": 0.02,
        "tau_ref": 0.002,
        "amplitude": 1,
        "min_voltage": 0,
        "gain": 1,
    }
    assert built["post"].keys() - built["ens"].keys() == {"tau_n", "inc_n"}
    assert built["conn"] == {
        "cut": 0,
        "synapse": 0.01,
        "weights": 1,
        "learning": 1,
        "learning_rate": 3e-5,
    }
    assert built["plain"].keys() == {"cut", "synapse", "weights"}


@pytest.mark.parametrize(
    ("title", "role", "value"),
    [
        ("ens", "lesion", 0.3),
        ("ens", "tau_rc", 0.05),
        ("ens", "gain", 1.5),
        ("post", "inc_n", 0.02),
        ("plain", "synapse", 0.1),
        ("plain", "weights", 0.5),
        ("conn", "cut", 1),
        ("conn", "learning", 0),
        ("conn", "learning_rate", 1e-4),
    ],
)
def test_a_knob_stands_where_it_was_put_and_goes_back(lab, panels, title, role, value):
    panel = panels[title]
    assert told(lab, panel) == {"values": {}, "changes": []}
    turn(lab, panel, role, value)
    assert told(lab, panel)["values"] == {role: pytest.approx(value)}
    assert len(told(lab, panels["post"])["changes"]) == 1, "all panels tell of all changes"
    panel.handle({"type": "undo"})
    lab.session.step(1).result(60)
    assert told(lab, panel)["values"] == {}
    panel.handle({"type": "redo"})
    lab.session.step(1).result(60)
    assert told(lab, panel)["values"] == {role: pytest.approx(value)}
    turn(lab, panel, role, None)
    assert told(lab, panel) == {"values": {}, "changes": []}


def test_factors_are_of_what_was_built_however_often_they_are_moved(lab, net, panels):
    before = np.array(lab.session._owner.delivery.sim.parameters["plain.weights"].value)
    for factor in (2.0, 0.5, 3.0):
        turn(lab, panels["plain"], "weights", factor, gesture="one")
    after = np.array(lab.session._owner.delivery.sim.parameters["plain.weights"].value)
    np.testing.assert_allclose(after, 3 * before, rtol=1e-6)
    panels["plain"].handle({"type": "undo"})
    lab.session.step(1).result(60)
    assert lab.session.changes == [], "one gesture is undone at once"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"type": "set", "role": "tau_n", "value": 1}, "'ens' has no 'tau_n' to change; lesion"),
        ({"type": "set", "role": "tau_rc", "value": "x"}, "tau_rc of 'ens' must be a number"),
        ({"type": "set", "role": "tau_rc", "value": float("nan")}, "must be a number, got nan"),
        ({"type": "burn"}, "does not understand 'burn'"),
    ],
)
def test_what_it_does_not_understand_is_refused(panels, content, said):
    with pytest.raises(ValidationError, match=said):
        panels["ens"].handle(content)


@pytest.mark.parametrize(("role", "value"), [("tau_rc", -1), ("lesion", 7)])
def test_a_value_that_cannot_be_is_refused_in_words(lab, panels, role, value):
    panels["ens"].handle({"type": "set", "role": role, "value": value})
    until(lambda: lab.session.error is not None, "the refusal")
    assert "ens" in lab.session.error["message"]
    assert lab.session.changes == []
    lab.session.step(1).result(60)
    assert lab.session.error is None
