"""Inputs of a session: recordings, undo, going back in them."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from nengolab import Recording
from nengolab.live import Session

PATIENCE = 200.0
VALUES = np.random.RandomState(8).uniform(-1, 1, (40, 2))


@pytest.fixture(scope="module")
def simulator():
    with nengo.Network(seed=7, label="driven") as net:
        net.drive = nengo.Node([0.3, 0.1], label="drive")
        net.wave = nengo.Node(lambda t: np.sin(t), label="wave")
        net.ens = nengo.Ensemble(30, 2, label="ens")
        nengo.Connection(net.drive, net.ens)
        net.seen = nengo.Probe(net.drive, label="seen")
        net.value = nengo.Probe(net.ens, synapse=0.01, label="value")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


def state_of(session):
    return session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE).arrays


def assert_same_state(session, arrays):
    for name, array in state_of(session).items():
        np.testing.assert_array_equal(array, arrays[name], err_msg=name)


def seen(session, probe, n):
    """What a probe of the network sees in the next n steps."""
    session.step(n).result(PATIENCE)
    data = session._owner.post(lambda: session._owner.runner.sim.data[probe][-n:]).result(PATIENCE)
    return np.asarray(data)


def test_a_recording_plays_from_now_and_is_replayed_to_the_last_bit(session):
    net = session.network
    session.step(20).result(PATIENCE)
    heard = []
    stop = session.watch_inputs(lambda node, value: heard.append((node, value)))
    recording = Recording(VALUES, dt=0.005, loop=True, name="swing")
    session.set_input(net.drive, recording).result(PATIENCE)
    started = session.n_steps
    now = session.inputs[net.drive]
    assert (now.name, now.start) == ("swing", started)
    assert heard == [(net.drive, now)]
    stop()
    session.step(60).result(PATIENCE)
    session.set_input(net.drive, [0.5, 0.5]).result(PATIENCE)
    session.step(30).result(PATIENCE)
    end, arrays = session.n_steps, state_of(session)
    events = [event for event in session.history.events if event.kind == "input"]
    assert [round(event.time / session.dt) for event in events] == [started, started + 60]

    # In the middle of it: it stands as it stood, and goes on to the same.
    for branch in session._owner.timeline.branches.values():
        branch.moments[1:-1] = []
    back = session.history.go_on_from((started + 31) * session.dt).result(PATIENCE)
    assert back.exact
    assert session.inputs[net.drive].start == started
    session.step(29).result(PATIENCE)
    session.set_input(net.drive, [0.5, 0.5]).result(PATIENCE)
    session.step(30).result(PATIENCE)
    assert session.n_steps == end
    assert_same_state(session, arrays)
    session.history.switch("main").result(PATIENCE)
    assert_same_state(session, arrays)


def test_undo_brings_back_what_stood_before(session):
    net = session.network
    assert session.undoes is None
    recording = Recording(VALUES, name="swing")
    session.set_input(net.drive, recording).result(PATIENCE)
    for x in np.linspace(-1, 1, 20):
        session.set_input(net.drive, [x, 0.0], gesture="one drag")
    session.set_input(net.drive, None).result(PATIENCE)
    assert session.undoes.name == "the input drive"
    session.undo().result(PATIENCE)
    np.testing.assert_array_equal(session.inputs[net.drive], [1.0, 0.0])
    session.undo().result(PATIENCE)
    assert session.inputs[net.drive].name == "swing"
    session.undo().result(PATIENCE)
    assert session.inputs == {}
    assert session.undoes is None
    session.redo().result(PATIENCE)
    session.redo().result(PATIENCE)
    np.testing.assert_array_equal(session.inputs[net.drive], [1.0, 0.0])
    # Changes of the network stand in the same row of deeds.
    session.set_parameter("ens", "bias", 0.0).result(PATIENCE)
    assert session.undoes.name == "bias of ens"
    session.undo().result(PATIENCE)
    session.undo().result(PATIENCE)
    assert session.inputs[net.drive].name == "swing"


def test_an_array_is_played_and_a_reset_starts_it_again(session):
    net = session.network
    session.step(3).result(PATIENCE)
    session.set_input(net.wave, VALUES[:, :1]).result(PATIENCE)
    assert session.inputs[net.wave].start == 3
    session.step(2).result(PATIENCE)
    session.reset().result(PATIENCE)
    assert session.inputs[net.wave].start == 0
    session.set_input(net.wave, None).result(PATIENCE)


def test_the_newest_of_two_that_wait_counts():
    """A constant Node needs another form to play; meanwhile somebody wants something else."""
    with nengo.Network(seed=1) as net:
        drive = nengo.Node([0.0], label="drive")
        ens = nengo.Ensemble(11, 1)
        nengo.Connection(drive, ens)
    with Session(net, speed=None) as session:
        session.wait_until("ready", PATIENCE)
        first = session.set_input(drive, Recording([1.0]))
        second = session.set_input(drive, [0.5])
        second.result(PATIENCE)
        first.result(PATIENCE)
        np.testing.assert_array_equal(session.inputs[drive], [0.5])
        session.undo().result(PATIENCE)
        assert session.inputs[drive].values[0, 0] == 1.0


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([1.0], r"'drive' has 2 values, got shape \(1,\); \(2,\) is put out .*\(samples, 2\)"),
        (np.zeros((4, 3)), r"got shape \(4, 3\)"),
        (Recording([1.0, 2.0], name="thin"), r"samples of 'thin' have 1; .*\(samples, 2\)"),
        ([np.nan, 0.0], "NaN and infinity are no inputs"),
        (lambda t: t, "is not numbers"),
    ],
)
def test_what_does_not_fit_is_refused(session, value, says):
    with pytest.raises(ValidationError, match=says):
        session.set_input(session.network.drive, value).result(PATIENCE)
    assert session.inputs == {}
