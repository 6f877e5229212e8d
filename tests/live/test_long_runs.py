"""What a long run keeps: states on disk, what branches had plotted, marks, how far it has come."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from nengolab.live import LinesSpec, journey, machine, shelf

PATIENCE = 200.0


@pytest.fixture(scope="module")
def simulator():
    with nengo.Network(seed=3, label="long") as net:
        net.drive = nengo.Node([0.3], label="drive")
        net.ens = nengo.Ensemble(40, 1, label="ens")
        nengo.Connection(net.drive, net.ens)
        net.value = nengo.Probe(net.ens, synapse=0.01, label="value")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield sim


def arrays_of(session):
    return session._owner.post(lambda: session._owner.runner.sim.state).result(PATIENCE).arrays


def on_thread(session, act):
    return session._owner.post(act).result(PATIENCE)


def keep_now(session):
    on_thread(session, lambda: session._owner.timeline.keep())


def run_and_keep(session, times, steps=20):
    for _ in range(times):
        session.step(steps).result(PATIENCE)
        keep_now(session)


def test_older_states_go_to_disk_and_come_back_to_the_last_bit(session):
    history = session.history
    assert history.folder is None
    run_and_keep(session, 3)
    there = arrays_of(session)
    run_and_keep(session, 9)
    end, kept = arrays_of(session), len(history.kept)
    history.budget = max(1, history.nbytes // 4)
    on_thread(session, lambda: None)
    assert history.nbytes <= history.budget
    assert history.nbytes_on_disk > 0
    assert len(history.kept) == kept
    assert "MB on disk" in repr(history)
    folder = history.folder
    files = list(folder.iterdir())
    assert sum(file.stat().st_size for file in files) == history.nbytes_on_disk
    for file in files:
        np.load(file, allow_pickle=False).close()

    back = history.go_on_from(0.06).result(PATIENCE)
    assert back.exact
    for name, array in arrays_of(session).items():
        np.testing.assert_array_equal(array, there[name], err_msg=name)
    history.switch("main").result(PATIENCE)
    for name, array in arrays_of(session).items():
        np.testing.assert_array_equal(array, end[name], err_msg=name)

    # Where the disk's budget is full, every other one goes, and its file with it.
    history.disk_budget = 0
    on_thread(session, lambda: None)
    assert history.nbytes_on_disk == 0 or len(history.kept) <= 3
    assert len(list(folder.iterdir())) <= len(files) // 2
    with pytest.raises(ValidationError, match="disk_budget"):
        history.disk_budget = -1
    session.close()
    assert not folder.exists()


def test_a_disk_that_is_full_is_said_and_the_run_goes_on(session, monkeypatch):
    def refuse(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(shelf.np, "savez", refuse)
    run_and_keep(session, 8)
    session.history.budget = max(1, session.history.nbytes // 3)
    on_thread(session, lambda: None)
    assert "cannot be put on disk: No space left" in session.history.summary
    assert session.history.nbytes_on_disk == 0
    # States are dropped instead, as far as that goes, and it can be gone back to still.
    assert len(session.history.kept) < 9
    assert session.history.go_on_from(0.05).result(PATIENCE).exact


def test_what_a_branch_had_plotted_is_shown_beside_and_comes_back(session):
    probe = session.add_probe(session.network.value)
    spec = LinesSpec(probe, window=0.5)
    listener = session.subscribe([spec])
    probe.attached.result(PATIENCE)
    session.step(200).result(PATIENCE)
    ring = lambda: on_thread(  # noqa: E731
        session, lambda: session._owner.delivery.recorder._tracks[spec.key].rows()
    )
    steps, first = ring()
    np.testing.assert_array_equal(steps, np.arange(1, 201))
    session.history.go_on_from(0.1, name="other").result(PATIENCE)
    session.set_input(session.network.drive, [-0.9]).result(PATIENCE)
    session.step(50).result(PATIENCE)
    panels, buffer = session.history.beside("main", [spec], 600).result(PATIENCE)
    [panel] = panels
    assert (panel["id"], panel["t0"], panel["t1"]) == (spec.id, 0.001, 0.2)
    _, entry = panel["arrays"]
    count = int(np.prod(entry["shape"]))
    shown = np.frombuffer(buffer, np.float32, count, entry["offset"])
    assert set(shown.tolist()) <= set(first[:, 0].tolist())
    assert {first[100:].min(), first[100:].max()} <= set(shown.tolist())

    # To where it was: what had been plotted is there again, to its end.
    session.history.switch("main").result(PATIENCE)
    again_steps, again = ring()
    np.testing.assert_array_equal(again_steps, steps)
    np.testing.assert_array_equal(again, first)
    panels, _ = session.history.beside("other", [spec], 600).result(PATIENCE)
    assert panels[0]["t1"] == 0.15
    with pytest.raises(ValidationError, match="there is no branch 'none'"):
        session.history.beside("none", [spec], 600).result(PATIENCE)
    listener.close()


def test_marks_are_those_of_this_way(session):
    net, history = session.network, session.history
    session.step(50).result(PATIENCE)
    for x in (0.1, 0.2, 0.3):
        session.set_input(net.drive, [x]).result(PATIENCE)
        session.step(10).result(PATIENCE)
    session.lesion("ens", 0.2).result(PATIENCE)
    session.step(400).result(PATIENCE)
    session.set_input(net.drive, [0.9]).result(PATIENCE)
    kinds = [(round(m.time, 3), m.kind) for m in history.marks(60)]
    assert kinds == [(0.07, "input"), (0.08, "change"), (0.48, "input")]
    history.go_on_from(0.2).result(PATIENCE)
    kinds = [(round(m.time, 3), m.kind) for m in history.marks(60)]
    assert kinds == [(0.07, "input"), (0.08, "change"), (0.2, "branch")]
    assert [m.kind for m in history.marks(1)] == ["branch"]


def test_it_says_how_far_it_has_come_and_why_it_stopped(session, monkeypatch):
    monkeypatch.setattr(machine, "FIRST_REPLAYED", 20)
    monkeypatch.setattr(machine, "MOST_REPLAYED", 20)
    monkeypatch.setattr(journey, "PIECE", 0.0)
    said = []
    session._owner.runner.travels._publish = lambda **changes: (
        said.append(changes),
        session._owner.publish(**changes),
    )
    session.step(100).result(PATIENCE)
    for branch in session._owner.timeline.branches.values():
        branch.moments[1:] = []
    session.history.go_on_from(0.09).result(PATIENCE)
    assert [changes["note"] for changes in said] == [
        *(f"going back, {share}%" for share in (22, 44, 67, 89, 100)),
        "",
    ]
    assert [changes["returning"] for changes in said][-2:] == [1.0, None]
    assert session.status.note == ""
    session.run_until("t > 0.15").result(PATIENCE)
    assert session.status.note == "t > 0.15 came to hold"
    session.play()
    session.pause().result(PATIENCE)
    assert session.status.note == ""


def test_steps_end_with_a_reset(session):
    done = session.step(5000)
    session.reset().result(PATIENCE)
    assert session.state == "ready"
    assert session.n_steps == 0
    done.result(PATIENCE)
    session.play()
    session.reset().result(PATIENCE)
    assert session.state == "running"
