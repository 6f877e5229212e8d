"""A session on the engine: commands, states, probes, and what survives an error."""

import threading
import time

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError

from nengolab.live import LinesSpec, RasterSpec, RatesSpec
from nengolab.live.flow import FIRST_CREDIT

# Of a wait that is over in milliseconds on a quiet machine.
PATIENCE = 60.0


class Tape:
    """Every frame of some plots, joined; windows are short, so that nothing is thinned."""

    def __init__(self, session, **plots):
        self.plots, self.frames = plots, []
        self.listener = session.subscribe(list(plots.values()), callback=self._keep, width=10_000)

    def _keep(self, frame):
        self.frames.append(frame)
        self.listener.ack(frame.seq)

    def joined(self, name, array):
        plot_id = self.plots[name].id
        parts = [
            frame.arrays(plot_id)[array]
            for frame in self.frames
            if any(plot["id"] == plot_id for plot in frame.header["panels"])
        ]
        return np.concatenate(parts)


def attached(session, *args, **options):
    probe = session.add_probe(*args, **options)
    assert probe.attached.result(PATIENCE) is probe
    return probe


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


# ---- commands ------------------------------------------------------------


def test_commands_are_done_in_order(session):
    drive = session.network.drive
    tape = Tape(session, drive=LinesSpec(attached(session, session.network.seen_drive), window=5.0))
    results = []
    for i in range(20):
        session.set_input(drive, i / 20)
        results.append(session.step(3))
    assert [r.result(PATIENCE) for r in results] == pytest.approx(0.003 * np.arange(1, 21))
    wait_for(lambda: len(tape.frames) and tape.frames[-1].header["n_steps"] == 60)
    expected = np.repeat(np.arange(20) / 20, 3)
    np.testing.assert_allclose(tape.joined("drive", "y")[:, 0], expected, atol=1e-7)


def test_commands_from_many_threads_are_all_done(session):
    threads = [
        threading.Thread(target=lambda: [session.step(2) for _ in range(10)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.step(1).result(PATIENCE)
    assert session.state == "paused"
    assert session.n_steps == 121


def test_play_and_pause(session):
    session.play()
    session.wait_time(0.05, PATIENCE)
    assert session.state == "running"
    session.pause()
    session.wait_until("paused", PATIENCE)
    there = session.n_steps
    assert session.time == pytest.approx(there * 0.001)
    assert session.real_time_factor is None
    time.sleep(0.05)
    assert session.n_steps == there


def test_run_for_ends_by_itself(session):
    assert session.run_for(0.123).result(PATIENCE) == pytest.approx(0.123)
    assert (session.state, session.n_steps) == ("finished", 123)
    session.run_for(0.1)
    session.wait_until("paused", PATIENCE)
    assert session.n_steps == 223


def test_a_pause_ends_a_run_with_the_time_reached(session):
    session.set_speed(0.5)
    run = session.run_for(1000.0)
    session.wait_time(0.01, PATIENCE)
    session.pause()
    assert 0.01 <= run.result(PATIENCE) < 500.0
    assert session.state == "paused"


def test_a_step_does_not_wait_for_the_clock(session):
    session.set_speed(0.0001)
    # Paced, these 50 ms would take 500 s.
    assert session.step(50).result(PATIENCE) == pytest.approx(0.05)


def test_a_command_wakes_a_slow_run(session):
    session.set_speed(1e-6)
    session.play()
    session.wait_until("running", PATIENCE)
    start = time.perf_counter()
    # The next step is due in 1000 s.
    session.set_input(session.network.drive, 0.1).result(PATIENCE)
    session.set_speed(None)
    session.wait_time(0.01, PATIENCE)
    assert time.perf_counter() - start < PATIENCE
    assert session.state == "running"


def test_paced_runs_stay_behind_the_clock(session):
    session.set_speed(2.0).result(PATIENCE)
    start = time.perf_counter()
    session.run_for(0.4).result(PATIENCE)
    took = time.perf_counter() - start
    # 0.4 s at twice real time; the last tile is not slept for.
    assert took > 0.4 / 2 - 0.12


def test_reset_gives_the_same_run_again(session):
    value = attached(session, session.network.probe)
    tape = Tape(session, value=LinesSpec(value, window=5.0))
    runs = []
    for _ in range(2):
        session.reset().result(PATIENCE)
        assert (session.state, session.time, session.n_steps) == ("ready", 0.0, 0)
        tape.frames.clear()
        session.run_for(0.2).result(PATIENCE)
        wait_for(lambda: tape.frames and tape.frames[-1].header["n_steps"] == 200)
        runs.append(tape.joined("value", "y"))
    assert len(runs[0]) == 200
    np.testing.assert_array_equal(*runs)


def test_a_reset_while_running_goes_on_from_the_start(session):
    session.run_for(5.0).result(PATIENCE)
    session.set_speed(1.0)
    session.play()
    session.reset().result(PATIENCE)
    assert session.state == "running"
    assert session.time < 2.0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (lambda s: s.step(0), "at least one step"),
        (lambda s: s.step(1.5), "whole number"),
        (lambda s: s.run_for(-1.0), "at least one step"),
        (lambda s: s.run_for(float("nan")), "at least one step"),
        (lambda s: s.set_speed(0), "positive real-time factor"),
        (lambda s: s.set_speed("fast"), "positive real-time factor"),
        (lambda s: s.set_input(s.network.drive, [1.0, 2.0]), r"'drive' has 1 value.*\(2,\)"),
        (lambda s: s.set_input(s.network.drive, [np.nan]), r"'drive' got.*NaN"),
        (lambda s: s.set_input(s.network.drive, np.inf), r"'drive' got.*infinity"),
        (lambda s: s.set_input(s.network.drive, "high"), "'drive'.*not numbers"),
        (lambda s: s.set_input(s.network.fed, 0.5), "'fed' has inputs of its own"),
        (lambda s: s.set_input(s.network.ens, 0.5), "only a Node"),
    ],
)
def test_a_refused_command_says_why_and_the_session_goes_on(session, command, message):
    session.set_speed(1.0)
    session.play()
    with pytest.raises(ValidationError, match=message):
        command(session).result(PATIENCE)
    assert session.state == "running"
    assert set(session.error) == {"object", "message", "traceback"}
    there = session.time
    session.wait_time(there + 0.01, PATIENCE)
    session.set_input(session.network.drive, 0.2).result(PATIENCE)
    assert session.error is None


def test_a_refused_input_names_its_node_and_reaches_the_listeners(session):
    tape = Tape(session)
    session.set_input(session.network.drive, [np.nan])
    wait_for(lambda: tape.frames and tape.frames[-1].header["error"])
    error = tape.frames[-1].header["error"]
    assert error["object"] == "drive"
    assert "NaN" in error["message"]
    assert "ValidationError" in error["traceback"]
    assert tape.frames[-1].header["state"] == "ready"


def test_a_strange_node_is_refused(session):
    with nengo.Network():
        stranger = nengo.Node([0.0], label="stranger")
    with pytest.raises(ValidationError, match="'stranger' is not in the network 'small'"):
        session.set_input(stranger, 0.0).result(PATIENCE)


def test_inputs_replace_a_node_until_none(session):
    drive = session.network.drive
    tape = Tape(session, drive=LinesSpec(attached(session, session.network.seen_drive), window=5.0))
    for value in (0.9, -0.4, None):
        session.set_input(drive, value)
        session.step(2).result(PATIENCE)
    wait_for(lambda: tape.frames and tape.frames[-1].header["n_steps"] == 6)
    expected = np.repeat([0.9, -0.4, 0.3], 2)
    np.testing.assert_allclose(tape.joined("drive", "y")[:, 0], expected, atol=1e-6)


def test_inputs_outlive_a_reset(session):
    drive = session.network.drive
    tape = Tape(session, drive=LinesSpec(attached(session, session.network.seen_drive), window=5.0))
    session.set_input(drive, 0.9)
    session.reset()
    session.step(3).result(PATIENCE)
    wait_for(lambda: tape.frames and tape.frames[-1].header["n_steps"] == 3)
    np.testing.assert_allclose(tape.joined("drive", "y"), 0.9, atol=1e-6)


# ---- probes --------------------------------------------------------------


def test_probes_added_while_it_runs_see_what_nengo_sees(session, reference):
    net = session.network
    session.step(100).result(PATIENCE)
    probes = {
        "value": attached(session, net.ens),
        "spikes": attached(session, net.ens.neurons),
        "voltage": attached(session, net.ens.neurons, "voltage"),
        "rates": attached(session, net.rate.neurons),
        "filtered": attached(session, net.ens, synapse=0.005),
    }
    tape = Tape(session, **{name: LinesSpec(probe, window=5.0) for name, probe in probes.items()})
    raster = Tape(session, spikes=RasterSpec(probes["spikes"], window=5.0))
    session.step(300).result(PATIENCE)
    for each in (tape, raster):
        wait_for(lambda each=each: each.frames and each.frames[-1].header["n_steps"] == 400)
    for name in ("value", "spikes", "voltage", "rates"):
        assert tape.joined(name, "t")[0] == pytest.approx(0.101)
        np.testing.assert_allclose(
            tape.joined(name, "y"), reference[name][100:], rtol=1e-6, atol=1e-6
        )
    at, neurons = np.nonzero(reference["spikes"][100:])
    assert len(at) > 100
    np.testing.assert_array_equal(raster.joined("spikes", "i"), neurons)
    np.testing.assert_allclose(raster.joined("spikes", "t"), (101 + at) * 0.001, atol=1e-12)

    # From rest, one step late: what nengo's synapse makes of the samples since then.
    raw = reference["value"][100:]
    from_rest = np.vstack([[0.0], nengo.Lowpass(0.005).filt(raw, dt=0.001)[:-1]])
    filtered = tape.joined("filtered", "y")
    np.testing.assert_allclose(filtered, from_rest, atol=1e-6)
    # 30 time constants later that start is forgotten.
    np.testing.assert_allclose(filtered[150:], reference["filtered"][250:], atol=1e-6)


def test_a_probe_there_from_the_start_is_nengos(session, reference):
    net = session.network
    probes = {
        "filtered": attached(session, net.ens, synapse=0.005),
        "own probe": attached(session, net.probe),
        "thin probe": attached(session, net.thin_probe),
    }
    tape = Tape(session, **{name: LinesSpec(probe, window=5.0) for name, probe in probes.items()})
    session.step(400).result(PATIENCE)
    wait_for(lambda: tape.frames and tape.frames[-1].header["n_steps"] == 400)
    for name in probes:
        np.testing.assert_allclose(tape.joined(name, "y"), reference[name], atol=1e-6)
    np.testing.assert_allclose(tape.joined("thin probe", "t"), 0.004 * np.arange(1, 101))


def test_rates_in_hertz(session, reference):
    net = session.network
    plots = {
        "mean": RatesSpec(attached(session, net.ens.neurons), window=5.0, tau=0.03),
        "each": RatesSpec(attached(session, net.ens.neurons), window=5.0, tau=0.03, per="neuron"),
        "of rate neurons": RatesSpec(attached(session, net.rate.neurons), window=5.0),
    }
    tape = Tape(session, **plots)
    session.step(400).result(PATIENCE)
    wait_for(lambda: tape.frames and tape.frames[-1].header["n_steps"] == 400)
    decay, rate, expected = np.exp(-0.001 / 0.03), 0.0, []
    for spikes in reference["spikes"]:
        rate = decay * rate + (1 - decay) * spikes
        expected.append(rate)
    np.testing.assert_allclose(tape.joined("each", "y"), expected, rtol=1e-4, atol=1e-4)
    mean = np.mean(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(tape.joined("mean", "y"), mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        tape.joined("of rate neurons", "y"),
        reference["rates"].mean(axis=1, keepdims=True),
        rtol=1e-4,
    )


def test_adding_and_removing_changes_no_state(session, reference):
    value = attached(session, session.network.seen_ens)
    tape = Tape(session, value=LinesSpec(value, window=5.0))
    for _ in range(4):
        session.step(50).result(PATIENCE)
        extra = session.add_probe(session.network.ens.neurons, "voltage")
        session.step(50).result(PATIENCE)
        session.remove_probe(extra).result(PATIENCE)
    wait_for(lambda: tape.frames[-1].header["n_steps"] == 400)
    np.testing.assert_allclose(tape.joined("value", "y"), reference["value"], atol=1e-6)


def test_a_removed_probe_takes_its_plots_with_it(session):
    value = attached(session, session.network.ens)
    spikes = attached(session, session.network.ens.neurons)
    plots = [LinesSpec(value), RasterSpec(spikes)]
    tape = Tape(session, value=plots[0], spikes=plots[1])
    session.remove_probe(value).result(PATIENCE)
    session.step(5).result(PATIENCE)
    wait_for(lambda: tape.frames[-1].header["n_steps"] == 5)
    assert [plot["id"] for plot in tape.frames[-1].header["panels"]] == [plots[1].id]
    assert session.probes == [spikes]
    with pytest.raises(SimulationError, match="not a probe of this session"):
        session.remove_probe(value).result(PATIENCE)
    with pytest.raises(ValidationError, match="not a probe of this session"):
        session.subscribe([LinesSpec(value)])
    with pytest.raises(ValidationError, match="not a probe of this session"):
        tape.listener.set_plots([LinesSpec(value)])


# ---- listeners -----------------------------------------------------------


def test_listeners_that_never_acknowledge_or_look(session):
    value = attached(session, session.network.seen_ens)
    stuck_frames, hidden_frames = [], []
    session.subscribe([LinesSpec(value, 0.5)], callback=stuck_frames.append)
    hidden = session.subscribe([LinesSpec(value, 0.5)], callback=hidden_frames.append)
    hidden.visible = False
    tape = Tape(session, value=LinesSpec(value, 0.5))
    session.play()
    session.wait_time(61.0, PATIENCE)
    held, before = session.buffer_bytes, len(hidden_frames)
    session.wait_time(64.0, PATIENCE)
    # A fast engine needs few frames for these seconds; the one that acknowledges gets more.
    wait_for(lambda: len(tape.frames) > 3)
    session.pause().result(PATIENCE)
    assert len(stuck_frames) == FIRST_CREDIT
    assert len(hidden_frames) == before
    assert session.buffer_bytes == held


def test_frames_come_from_one_thread_and_say_how_fast_it_is(session):
    threads = set()
    session.subscribe([], callback=lambda frame: threads.add(threading.current_thread()))
    tape = Tape(session, value=LinesSpec(attached(session, session.network.seen_ens), 1.0))
    session.set_speed(1.0)
    session.run_for(0.6).result(PATIENCE)
    factors = [f.header["rtf"] for f in tape.frames if f.header["rtf"] is not None]
    assert threads
    assert threading.current_thread() not in threads
    assert len(threads) == 1
    assert factors
    assert all(0 < factor < 1.5 for factor in factors)
    assert {f.header["speed"] for f in tape.frames[-5:]} == {1.0}


def test_get_for_scripts(session):
    plot = LinesSpec(attached(session, session.network.seen_ens), 1.0)
    listener = session.subscribe([plot])
    assert listener.get(PATIENCE).header["panels"] == []
    session.run_for(0.5)
    seen = 0
    while seen < 500:
        frame = listener.get(PATIENCE)
        assert frame.header["n_steps"] >= seen
        seen = frame.header["n_steps"]
    # The state "finished" may have come with the last data, or after it.
    while frame.header["state"] != "finished":
        frame = listener.get(PATIENCE)
    listener.close().result(PATIENCE)
    session.step(3).result(PATIENCE)
    wait_for(lambda: session.state == "paused")
    with pytest.raises(TimeoutError):
        listener.get(0.05)
