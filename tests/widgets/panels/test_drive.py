"""Taking over a Node: what the page sends reaches the session, what is wrong is said in place."""

import nengo
import nengo.spa
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.panels.drive import POINTS
from nengolab_widgets.vocabularies import vocabulary_driven_by

import nengolab
from tests.widgets.browser import until

PATIENCE = 60


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=0, label="to drive") as net:
        net.one = nengo.Node([0.5], label="one")
        net.two = nengo.Node(lambda t: [np.sin(t), np.cos(t)], label="two")
        net.many = nengo.Node(np.zeros(20), label="many")
        net.ens = nengo.Ensemble(30, 2, label="ens")
        nengo.Connection(net.two, net.ens)
        nengo.Connection(net.one, net.ens[0])
        nengo.Connection(net.many[:2], net.ens)
    return net


@pytest.fixture(scope="module")
def lab(net):
    lab = Lab(net, plots=[(node, "drive") for node in (net.one, net.two, net.many)])
    lab.session.wait_until("ready", PATIENCE)
    yield lab
    lab.close()


@pytest.fixture
def panels(lab, monkeypatch):
    said = []
    monkeypatch.setattr(lab._bench, "_send", lambda message: said.append(message["content"]))
    found = {panel.title: panel for panel in map(lab._bench.find, lab._bench.ids)}
    found["said"] = said
    yield found
    for node in list(lab.session.inputs):
        lab.session.set_input(node, None).result(PATIENCE)


def told(lab, panel):
    lab.session.step(1).result(PATIENCE)
    return lab._bench._specs[panel.identity.id].told()


def test_each_node_has_the_forms_that_fit(panels):
    assert panels["one"].layout()["forms"] == ["numbers", "curve", "recording"]
    assert panels["two"].layout()["form"] == "pad"
    assert panels["many"].layout()["forms"] == ["recording"]
    with pytest.raises(ValidationError, match="'one' cannot be driven by pad: .* two dimensions"):
        panels["one"].take({"form": "pad"})
    with pytest.raises(ValidationError, match="more than 8 dimensions; by recording it can"):
        panels["many"].take({"form": "numbers"})


def test_values_and_the_way_back(lab, net, panels):
    two = panels["two"]
    assert told(lab, two)["kind"] == "own"
    for x in (0.1, 0.2, 0.3):
        two.handle({"type": "values", "values": [x, -x], "gesture": "drag"})
    assert told(lab, two)["values"] == [0.3, -0.3]
    # All of a drag is one deed; and what it began from is the Node's own output.
    two.handle({"type": "undo"})
    assert told(lab, two)["kind"] == "own"
    two.handle({"type": "redo"})
    two.handle({"type": "release"})
    assert told(lab, two)["kind"] == "own"
    assert lab.session.inputs == {}


def test_a_drawn_curve_is_kept_and_played(lab, net, panels):
    one = panels["one"]
    values = np.linspace(-1, 1, POINTS).tolist()
    lab.set_plot(one.identity.id, curve={"seconds": 0.4, "loop": False, "values": [values]})
    one.handle({"type": "curve"})
    until(lambda: net.one in lab.session.inputs, "it plays")
    now = told(lab, one)
    assert (now["name"], now["samples"], now["seconds"]) == ("drawn curve", POINTS, 0.4)
    rows = lab.session.inputs[net.one].starting(0).rows(0, 500, 0.001)[:, 0, 0]
    np.testing.assert_array_equal(rows[:400], np.repeat(values, 2))
    np.testing.assert_array_equal(rows[400:], 1.0)
    assert lab._bench.arrangement.shown[0].values["curve"]["values"] == [values]
    with pytest.raises(ValidationError, match="'one' has 1 dimensions, the curve 2"):
        one.take({"curve": {"seconds": 1.0, "loop": True, "values": [values, values]}})
    with pytest.raises(ValidationError, match="curve must be"):
        one.take({"curve": {"seconds": 1.0, "loop": True, "values": [[0.0]]}})


def test_a_csv_file_is_played_or_refused_in_place(lab, net, panels):
    two = panels["two"]
    csv = {"type": "csv", "name": "walk.csv", "dt": None, "loop": True}
    two.handle({**csv, "text": "t,x,y\n0,1,2\n0.01,3,4\n"})
    until(lambda: net.two in lab.session.inputs, "it plays")
    assert told(lab, two) | {"from": 0, "undoes": ""} == {
        "kind": "recording",
        "name": "walk.csv",
        "samples": 2,
        "seconds": 0.02,
        "loop": True,
        "from": 0,
        "undoes": "",
        "redoes": "",
    }
    entry = lab._driving.inputs.of(net.two).layout()
    assert (entry["playing"], entry["values"]) == ("walk.csv", [1.0, 2.0])
    two.handle({**csv, "text": "1,2,3,4\n"})
    assert "4 columns; the Node has 2 dimensions, so 2 or" in panels["said"][-1]["text"]
    assert panels["said"][-1]["form"] == "recording"
    # What plays goes on.
    assert told(lab, two)["name"] == "walk.csv"
    with pytest.raises(ValidationError, match="does not understand 'dance'"):
        two.handle({"type": "dance"})


def test_a_pointer_is_read_by_the_vocabulary(monkeypatch):
    spa = pytest.importorskip("nengo_spa")
    with spa.Network(seed=3, label="pointers") as net:
        vocabulary = spa.Vocabulary(16, pointer_gen=np.random.RandomState(1))
        vocabulary.populate("A; B; C")
        state = spa.State(vocabulary, label="state")
        drive = nengo.Node(np.zeros(16), label="drive")
        nengo.Connection(drive, state.input)
    lab = Lab(net, plots=[(drive, "drive")])
    try:
        lab.session.wait_until("ready", PATIENCE)
        said = []
        monkeypatch.setattr(lab._bench, "_send", lambda message: said.append(message["content"]))
        panel = lab._bench.find(lab._bench.ids[0])
        layout = panel.layout()
        assert (layout["form"], layout["keys"]) == ("pointer", ["A", "B", "C"])
        panel.handle({"type": "pointer", "text": "A*B + 0.5*C"})
        until(lambda: drive in lab.session.inputs, "it is driven")
        expected = vocabulary.parse("A*B + 0.5*C").v
        now = lab.session.inputs[drive]
        assert now.name == "A*B + 0.5*C"
        np.testing.assert_allclose(now.values[0], expected, atol=1e-12)
        for text, says in [
            ("A*D", "there is no pointer 'D'; there are A, B, C"),
            ("__import__('os')", "is no semantic pointer"),
            ("A.v", "is no semantic pointer"),
            ("", "write a pointer"),
        ]:
            panel.handle({"type": "pointer", "text": text})
            assert says in said[-1]["text"]
        np.testing.assert_array_equal(lab.session.inputs[drive].values, now.values)
    finally:
        lab.close()
    assert nengolab.Recording is type(now)


def test_a_node_that_drives_a_module_of_nengo_spa_speaks_its_vocabulary():
    with nengo.spa.SPA(seed=1) as net:
        net.state = nengo.spa.State(16, label="state")
        net.drive = nengo.Node(np.zeros(16), label="drive")
        net.part = nengo.Node(np.zeros(4), label="part")
        nengo.Connection(net.drive, net.state.input)
        nengo.Connection(net.part, net.state.input[:4])
    vocabulary = net.get_default_vocab(16)
    vocabulary.parse("A + B")
    assert vocabulary_driven_by(net.drive, net) is vocabulary
    assert vocabulary_driven_by(net.part, net) is None
    # What only looks at a part, or passes on something else, has none.
    assert vocabulary_driven_by(nengo.Node(size_in=1, add_to_container=False), net) is None
