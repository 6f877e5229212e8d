"""Recordings: what a Node plays, against nengo's own presentation of the same, and CSV files."""

import pickle
import threading

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from nengolab import Recording

DT = 0.001
RNG = np.random.RandomState(3)


@pytest.fixture(scope="module")
def simulator():
    with nengo.Network(seed=1) as net:
        net.drive = nengo.Node([0.25, -0.5], label="drive")
        net.wave = nengo.Node(lambda t: np.sin(t), label="wave")
        net.ens = nengo.Ensemble(20, 2)
        nengo.Connection(net.drive, net.ens)
        net.seen = nengo.Probe(net.drive)
        net.waved = nengo.Probe(net.wave)
        net.probe = nengo.Probe(net.ens, synapse=0.01)
        nengolab.configure_settings(dtype="float64")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        yield net, sim


def played(recording, done, n):
    return recording.rows(done, n, DT)[:, 0]


def test_rows_are_held_until_the_next_sample():
    values = RNG.randn(4, 2)
    once = Recording(values, dt=0.003, start=10)
    steps = np.minimum(np.arange(20) // 3, 3)
    np.testing.assert_array_equal(played(once, 10, 20), values[steps])
    # Before it starts there is its first sample, however the steps are cut.
    np.testing.assert_array_equal(played(once, 4, 8)[:6], values[[0] * 6])
    np.testing.assert_array_equal(
        np.concatenate([played(once, 10 + i, 1) for i in range(20)]), values[steps]
    )


def test_loops_and_times():
    values = RNG.randn(3, 1)
    looped = Recording(values, dt=0.002, loop=True, start=0)
    np.testing.assert_array_equal(played(looped, 0, 13)[:, 0], values[np.arange(13) // 2 % 3, 0])
    # A hundred loops later it has not run out of step.
    np.testing.assert_array_equal(played(looped, 60_000, 6), played(looped, 0, 6))
    timed = Recording(values, times=[5.0, 5.001, 5.004], loop=True, start=0)
    assert timed.duration(DT) == pytest.approx(0.007)
    expected = values[[0, 1, 1, 1, 2, 2, 2, 0, 1, 1, 1, 2, 2, 2, 0], 0]
    np.testing.assert_array_equal(played(timed, 0, 15)[:, 0], expected)


def test_a_node_plays_as_nengo_presents(simulator):
    net, sim = simulator
    values = RNG.randn(5, 2)
    sim.reset()
    sim.set_input(net.drive, Recording(values, dt=0.01, loop=True))
    sim.run_steps(120)
    own = net.drive.output
    net.drive.output = nengo.processes.PresentInput(values, 0.01)
    try:
        with nengo.Simulator(net, progress_bar=False) as reference:
            reference.run_steps(120)
    finally:
        net.drive.output = own
    np.testing.assert_array_equal(sim.data[net.seen], reference.data[net.seen])
    np.testing.assert_allclose(sim.data[net.probe], reference.data[net.probe], atol=1e-9)
    sim.set_input(net.drive, None)
    sim.run_steps(3)
    np.testing.assert_array_equal(sim.data[net.seen][-1], [0.25, -0.5])


def test_a_function_of_time_gives_way_and_comes_back(simulator):
    net, sim = simulator
    sim.reset()
    sim.run_steps(7)
    sim.set_input(net.wave, Recording([1.0, 2.0, 3.0]))
    sim.run_steps(5)
    sim.set_input(net.wave, None)
    sim.run_steps(2)
    waved = sim.data[net.waved][:, 0]
    np.testing.assert_array_equal(waved[7:12], [1, 2, 3, 3, 3])
    np.testing.assert_allclose(waved[12:], np.sin([0.013, 0.014]))


def test_after_a_reset_it_plays_from_its_start(simulator):
    net, sim = simulator
    sim.reset()
    sim.run_steps(4)
    sim.set_input(net.wave, Recording([5.0, 6.0]))
    sim.reset()
    sim.run_steps(3)
    np.testing.assert_array_equal(sim.data[net.waved][:, 0], [5, 6, 6])
    again = pickle.loads(pickle.dumps(Recording([5.0, 6.0], loop=True, name="two")))
    assert (again.name, again.loop, len(again)) == ("two", True, 2)
    sim.set_input(net.wave, None)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Recording([]), "with samples"),
        (lambda: Recording([[1.0, np.nan]]), "sample 0, dimension 1 is nan"),
        (lambda: Recording([1.0], dt=0), "positive number of seconds"),
        (lambda: Recording([1.0, 2.0], times=[0.0, 0.0]), "times must grow"),
        (lambda: Recording([1.0, 2.0], times=[0.0]), "one time for each of 2"),
        (lambda: Recording("abc"), "array of numbers"),
        (lambda: Recording(np.zeros((2, 2, 2))), r"\(2, 2, 2\)"),
    ],
)
def test_what_is_no_recording_is_refused(make, says):
    with pytest.raises(ValidationError, match=says):
        make()


def test_the_wrong_size_is_refused(simulator):
    net, sim = simulator
    with pytest.raises(
        ValidationError, match="drive puts out 2 numbers, the samples of 'x' have 1"
    ):
        sim.set_input(net.drive, Recording([1.0], name="x"))


def test_csv(tmp_path):
    plain = Recording.from_csv("1,2\n3,4\n", 2, dt=0.1)
    np.testing.assert_array_equal(plain.values, [[1, 2], [3, 4]])
    assert plain.dt == 0.1
    timed = Recording.from_csv("\ufefft;x\n# measured\n0;1.5\n0.5;-2e-3\n", 1)
    np.testing.assert_array_equal(timed.values, [[1.5], [-0.002]])
    np.testing.assert_array_equal(timed.times, [0, 0.5])
    path = tmp_path / "swing.csv"
    path.write_text("a\tb\tc\n1\t2\t3\n")
    assert Recording.from_csv(path, 3).name == "swing.csv"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b,c\n1,2,3\n", r"3 columns \(a, b, c\); the Node has 1 dimension, so 1 or, with .* 2"),
        ("1\n2\nx\n", "line 3: 'x' is no number"),
        ("1,2\n3\n", "line 2 has 1 columns, line 1 has 2"),
        ("time\n", "no rows"),
        ("", "no rows"),
        ("t,x\n0,1\n0,2\n", "times must grow"),
        ("1\nnan\n", "sample 1, dimension 0 is nan"),
    ],
)
def test_csv_says_what_is_wrong(text, says):
    with pytest.raises(ValidationError, match=says):
        Recording.from_csv(text, 1)


def test_a_node_is_not_ready_before_a_form_is_that_was_begun_for_it(monkeypatch):
    """A compile that was on its way when it was asked for knows nothing of it."""
    with nengo.Network(seed=0) as net:
        node = nengo.Node([0.5])
        ens = nengo.Ensemble(5, 1)
        nengo.Connection(node, ens)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1)
        engine, made, go_on = sim._engine, threading.Event(), threading.Event()
        make_runner = engine.make_runner

        def slowly(*arguments):
            runner = make_runner(*arguments)
            made.set()
            assert go_on.wait(60)
            return runner

        monkeypatch.setattr(engine, "make_runner", slowly)
        sim.add_tap(ens)
        assert made.wait(60)
        ready = sim.ready_to_play(node)
        begun_before = engine.background._pending[0]
        go_on.set()
        begun_before.result(60)
        sim.take_up()
        assert ready.done() == engine._plays(node)
        sim.prepare()
        assert ready.done()
        assert engine._plays(node)
        sim.set_input(node, nengolab.Recording([0.25, -0.75]))
        sim.advance(2)
