"""What the transport bar sends and is told: until when, marks, why it stopped, moves of inputs."""

import nengo
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.transport import past_message, status_message, until_when

import nengolab

PATIENCE = 60


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=0, label="transport") as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(30, 2, label="my ens")
        net.rate = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), label="rate")
        nengo.Connection(net.drive, net.ens[0])
        nengo.Connection(net.drive, net.rate)
    return net


@pytest.fixture(scope="module")
def lab(net):
    lab = Lab(net, plots=[net.ens], speed=None)
    lab.session.wait_until("ready", PATIENCE)
    yield lab
    lab.close()


def key_of(lab, label):
    return next(o["object"] for o in lab._menu.layout() if o["label"] == label)


def until(lab, **message):
    return until_when({"type": "run_until", **message}, lab._menu, lab._names)


def test_until_when(lab):
    assert until(lab, time=2) == 2.0
    ens, rate = key_of(lab, "my ens"), key_of(lab, "rate")
    assert until(lab, object=rate, dim=0, above=False, level=-0.25) == "rate.value[0] < -0.25"
    assert until(lab, object=ens, dim=1, above=True, level=0.8) == (
        'obj["my ens"].value(0.03)[1] > 0.8'
    )
    with pytest.raises(ValidationError, match="'my ens' has 2 dimensions, there is no 2"):
        until(lab, object=ens, dim=2, level=0.8)
    with pytest.raises(ValidationError, match="'rate' has no value to wait for"):
        until(lab, object=rate)
    with pytest.raises(ValidationError, match="there is no object 'nothing'"):
        until(lab, object="nothing", level=1.0)


def test_it_runs_until_there_and_says_why(lab, net):
    lab.session.reset().result(PATIENCE)
    lab._take({"type": "run_until", "object": key_of(lab, "rate"), "level": 0.3}, "comm")
    lab.session.wait_until("finished", PATIENCE)
    assert status_message(lab.session)["note"] == "rate.value[0] > 0.3 came to hold"


def test_moves_of_one_gesture_are_undone_together_and_marked_once(lab, net):
    session = lab.session
    session.reset().result(PATIENCE)
    move = {"type": "input", "node": "input-0", "dim": 0, "gesture": "one drag"}
    for number, value in enumerate((0.1, 0.2, 0.3)):
        lab._take({**move, "number": number, "value": value}, "comm")
        session.step(5).result(PATIENCE)
    assert session.inputs[net.drive].tolist() == [0.3]
    marks = past_message(session)["marks"]
    assert [(m["time"], m["text"]) for m in marks] == [(0.01, "drive: 0.3")]
    session.undo().result(PATIENCE)
    assert session.inputs == {}
    lab._take(
        {"type": "input", "node": "input-0", "number": 9, "value": None, "values": [0.9]}, "comm"
    )
    session.step(300).result(PATIENCE)
    session.set_input(net.drive, nengolab.Recording([1.0, 0.0], name="steps")).result(PATIENCE)
    session.lesion("rate", 0.5).result(PATIENCE)
    texts = [m["text"] for m in past_message(session)["marks"]]
    assert texts[-3:] == ["drive: 0.9", "drive: plays «steps»", texts[-1]]
    assert texts[-1].startswith("rate: lesion")
    # A slider takes over from what plays.
    lab._take({**move, "number": 10, "value": -0.2}, "comm")
    session.step(1).result(PATIENCE)
    assert session.inputs[net.drive].tolist() == [-0.2]
    assert "states, " in past_message(session)["memory"]
