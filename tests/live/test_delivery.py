"""Backpressure and frames, with a clock and data of the tests' own."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from nengolab.live import LinesSpec, LookSpec, RasterSpec, RatesSpec
from nengolab.live.delivery import Delivery
from nengolab.live.flow import FIRST_CREDIT
from nengolab.live.listener import Listener
from nengolab.live.recorder import Recorder
from nengolab.live.status import Status
from nengolab.live.tracks import JoinedTrack, Look

DT = 0.001
TILE = 16


class Stage:
    """A delivery that is fed one tile every sixtieth of a second."""

    def __init__(self, *probes):
        self.delivery = Delivery(Recorder(DT))
        self.probes, self.wall, self.n_steps = probes, 0.0, 0
        self.rng = np.random.default_rng(0)
        self.history = {probe.id: [] for probe in probes}
        self.state = "running"

    @property
    def status(self):
        return Status(state=self.state, time=self.n_steps * DT, n_steps=self.n_steps)

    def listen(self, plots, **options):
        frames = []
        listener = Listener(
            plots, frames.append, 600, 400, wake=lambda: None, change_plots=None, detach=None
        )
        self.delivery.attach(listener, self.n_steps)
        return listener, frames

    def tile(self, steps=TILE):
        first = self.n_steps + 1
        self.n_steps += steps
        for probe in self.probes:
            data = self.rng.standard_normal((steps, probe.size)).astype(np.float32)
            if probe.kind == "spikes":
                data = (data > 1.2) / np.float32(DT)
            self.history[probe.id].append(data)
            self.delivery.recorder.record(probe.id, np.arange(first, self.n_steps + 1), data)
        self.wall += 1 / 59
        return self.deliver()

    def deliver(self):
        return self.delivery.deliver(self.status, self.wall)

    def all_of(self, probe):
        return np.concatenate(self.history[probe.id])


@pytest.fixture
def value(net, live_probe):
    return live_probe(net.ens)


@pytest.fixture
def spikes(net, live_probe):
    return live_probe(net.ens.neurons)


def test_frames_join_to_the_whole_run(value, spikes):
    stage = Stage(value, spikes)
    # A window this short has columns of one step: nothing is thinned.
    plots = [
        LinesSpec(value, window=0.5),
        RasterSpec(spikes, window=0.5),
        RatesSpec(spikes, window=0.5),
    ]
    listener, frames = stage.listen(plots)
    for _ in range(40):
        stage.tile()
        listener.ack(frames[-1].seq)
    steps = np.arange(1, stage.n_steps + 1)
    joined = {
        plot.id: {
            name: np.concatenate([f.arrays(plot.id)[name] for f in frames])
            for name in frames[0].arrays(plot.id)
        }
        for plot in plots
    }
    lines, raster, rates = (joined[plot.id] for plot in plots)
    np.testing.assert_allclose(lines["t"], steps * DT, atol=1e-12)
    np.testing.assert_array_equal(lines["y"], stage.all_of(value))
    at, neuron = np.nonzero(stage.all_of(spikes))
    np.testing.assert_allclose(raster["t"], (at + 1) * DT, atol=1e-12)
    np.testing.assert_array_equal(raster["i"], neuron)

    decay, rate, expected = np.exp(-DT / 0.05), 0.0, []
    for sample in stage.all_of(spikes):
        rate = decay * rate + (1 - decay) * sample.mean()
        expected.append(rate)
    np.testing.assert_allclose(rates["y"][:, 0], expected, rtol=1e-5)


def test_all_plots_of_a_frame_cover_the_same_instants(value, spikes):
    stage = Stage(value, spikes)
    listener, frames = stage.listen(
        [LinesSpec(value, 1.0), RasterSpec(spikes, 3.0), RatesSpec(spikes, 0.2)]
    )
    for i in range(300):
        stage.tile()
        if i % 7 == 0 and frames:
            listener.ack(frames[-1].seq)
    assert len(frames) > 20
    for frame in frames:
        assert len({(plot["t0"], plot["t1"]) for plot in frame.header["panels"]}) == 1
    ends = [(f.header["panels"][0]["t0"], f.header["panels"][0]["t1"]) for f in frames]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(ends))


def test_newer_data_waits_when_the_credit_is_used_up(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value, window=0.3)])
    for _ in range(FIRST_CREDIT + 6):
        stage.tile()
    assert len(frames) == FIRST_CREDIT
    assert listener.stats["coalesced"] == 6
    listener.ack(frames[0].seq)
    stage.deliver()
    assert len(frames) == FIRST_CREDIT + 1
    covered = frames[-1].header["panels"][0]
    start = FIRST_CREDIT * TILE
    assert covered["t0"] == pytest.approx(start * DT)
    assert covered["t1"] == pytest.approx(stage.n_steps * DT)
    np.testing.assert_array_equal(
        frames[-1].arrays(covered["id"])["y"], stage.all_of(value)[start:]
    )


def test_a_listener_that_never_acknowledges_costs_nothing(value, spikes, monkeypatch):
    monkeypatch.setattr("nengolab.live.recorder.HISTORY", 2.0)
    stage = Stage(value, spikes)
    plots = [LinesSpec(value, 1.0), RasterSpec(spikes, 1.0), RatesSpec(spikes, 1.0)]
    listener, frames = stage.listen(plots)
    for _ in range(400):
        stage.tile()
    settled = stage.delivery.recorder.nbytes
    sent, size = listener.stats["sent"], listener.stats["bytes"]
    reads = count_reads(stage)
    for _ in range(5000):
        stage.tile()
    # 80 s of simulation later: nothing sent, nothing read, and not a byte more held.
    assert (len(frames), listener.stats["sent"], listener.stats["bytes"]) == (sent, sent, size)
    assert sent == FIRST_CREDIT
    assert reads == []
    assert stage.delivery.recorder.nbytes == settled
    assert not stage.delivery.watched(stage.wall)

    listener.ack(frames[-1].seq)
    stage.tile()
    # What was missed comes as one frame, of the window and thinned, not of the 80 s.
    lines = frames[-1].arrays(plots[0].id)
    assert lines["t"][0] > stage.n_steps * DT - 1.0
    assert len(lines["t"]) <= 2 * 1001
    assert len(frames[-1].buffer) < 1_000_000


def test_a_hidden_listener_costs_nothing(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value, 1.0)])
    listener.visible = False
    reads = count_reads(stage)
    for state in ("running", "paused", "running"):
        stage.state = state
        stage.delivery.state_changed()
        stage.tile()
    assert (frames, reads, listener.stats["coalesced"]) == ([], [], 0)
    assert not stage.delivery.watched(stage.wall)
    listener.visible = True
    stage.tile()
    assert frames[-1].header["panels"][0]["t0"] == 0.0


def count_reads(stage):
    """Note every read of the recorder from now on."""
    reads, read = [], stage.delivery.recorder.read

    def noted(plot, *args):
        reads.append(plot)
        return read(plot, *args)

    stage.delivery.recorder.read = noted
    return reads


def test_an_acknowledgement_counts_for_those_before(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value)])
    for _ in range(FIRST_CREDIT):
        stage.tile()
    listener.ack(frames[1].seq)
    assert listener.stats["in_flight"] == FIRST_CREDIT - 2
    # Numbers that were never sent, or long ago, change nothing.
    listener.ack(10_000)
    listener.ack(1)
    assert listener.stats["in_flight"] == FIRST_CREDIT - 2
    assert listener.stats["drawn"] == 2


def test_a_snapshot_revives_and_holds_the_record(value, spikes):
    stage = Stage(value, spikes)
    plots = [LinesSpec(value, window=0.4), RasterSpec(spikes, window=0.2)]
    listener, frames = stage.listen(plots)
    for _ in range(100):
        stage.tile()
    assert len(frames) == FIRST_CREDIT
    listener.snapshot()
    stage.deliver()
    frame = frames[-1]
    assert (len(frames), frame.header["clear"]) == (FIRST_CREDIT + 1, True)
    np.testing.assert_array_equal(frame.arrays(plots[0].id)["y"], stage.all_of(value))
    every = np.count_nonzero(stage.all_of(spikes))
    assert frame.arrays(plots[1].id)["n"].sum() == every
    stage.tile()
    assert frames[-1].header["clear"] is False
    assert frames[-1].header["panels"][0]["t0"] == frame.time


def test_a_snapshot_of_a_long_window_is_thinned_to_the_width(value):
    stage = Stage(value)
    plot = LinesSpec(value, window=20.0)
    listener, frames = stage.listen([plot])
    for _ in range(200):
        stage.tile(100)
    listener.width = 300
    listener.snapshot()
    stage.deliver()
    got, whole = frames[-1].arrays(plot.id), stage.all_of(value)
    # Columns are rounded down to whole steps: 66 instead of 66.7 of them.
    assert len(got["t"]) <= 2 * (20_000 // 66 + 2)
    assert (got["y"].min(), got["y"].max()) == (whole.min(), whole.max())


def test_states_without_data_are_frames_without_plots(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value)])
    for state in ("building", "ready"):
        stage.state = state
        stage.delivery.state_changed()
        stage.deliver()
        listener.ack(frames[-1].seq)
    assert [(f.header["state"], f.header["panels"]) for f in frames] == [
        ("building", []),
        ("ready", []),
    ]
    stage.deliver()
    assert len(frames) == 2


def test_a_reset_clears(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value)])
    stage.tile()
    stage.n_steps = 0
    stage.delivery.time_restarted(0)
    stage.deliver()
    assert (frames[-1].header["clear"], frames[-1].time) == (True, 0.0)
    listener.ack(frames[-1].seq)
    stage.tile()
    assert (frames[-1].header["clear"], frames[-1].header["panels"][0]["t0"]) == (False, 0.0)


def test_two_listeners_do_not_wait_for_each_other(value):
    stage = Stage(value)
    quick, quick_frames = stage.listen([LinesSpec(value)])
    _, slow_frames = stage.listen([LinesSpec(value)])
    for _ in range(50):
        stage.tile()
        quick.ack(quick_frames[-1].seq)
    assert (len(quick_frames), len(slow_frames)) == (50, FIRST_CREDIT)


def test_a_callback_that_raises_is_detached_and_reported(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value)])
    stage.listen([LinesSpec(value)])[0].receive = None
    failures = stage.tile()
    assert [type(error) for error in failures] == [TypeError]
    assert len(stage.delivery.listeners) == 1
    listener.ack(frames[-1].seq)
    assert stage.tile() == []


def test_what_nobody_plots_is_not_kept(value, spikes):
    stage = Stage(value, spikes)
    listener, _ = stage.listen([LinesSpec(value, 2.0), LinesSpec(spikes, 2.0)])
    both = stage.delivery.recorder.nbytes
    stage.delivery.show(listener, [LinesSpec(value, 2.0)])
    assert stage.delivery.recorder.nbytes == both, "it may come back as long as its probe is there"
    stage.delivery.drop_probe(spikes.id)
    assert stage.delivery.recorder.nbytes < both / 10
    stage.delivery.drop_probe(value.id)
    assert listener.plots == []
    assert stage.delivery.recorder.nbytes == 0


def test_a_wider_window_shows_what_is_kept(value):
    stage = Stage(value)
    listener, frames = stage.listen([LinesSpec(value, 0.1)])
    for _ in range(20):
        stage.tile()
    plot = LinesSpec(value, 0.2)
    stage.delivery.show(listener, [plot])
    listener.snapshot()
    stage.deliver()
    np.testing.assert_array_equal(frames[-1].arrays(plot.id)["y"], stage.all_of(value))


def test_a_plot_added_later_gets_what_others_kept_and_a_changed_one_too(value):
    stage = Stage(value)
    first = LinesSpec(value, 0.1)
    listener, frames = stage.listen([first])
    for _ in range(20):
        stage.tile()
        listener.ack(frames[-1].seq)
    second = LinesSpec(value, 0.1)
    stage.delivery.show(listener, [first, second])
    stage.tile()
    listener.ack(frames[-1].seq)
    assert len(frames[-1].arrays(first.id)["t"]) == TILE
    assert len(frames[-1].arrays(second.id)["t"]) == stage.n_steps
    stage.tile()
    listener.ack(frames[-1].seq)
    assert len(frames[-1].arrays(second.id)["t"]) == TILE
    stage.delivery.show(listener, [first, LinesSpec(value, 0.05, id=second.id, rev=1)])
    stage.tile()
    assert [(p["id"], p["rev"]) for p in frames[-1].header["panels"]] == [
        (first.id, 0),
        (second.id, 1),
    ]
    assert len(frames[-1].arrays(second.id)["t"]) == stage.n_steps


@dataclass(frozen=True, eq=False)
class Counted(LookSpec):
    """Shows how often it was looked at."""

    id: str
    looks: list
    cadence: str = "on_change"
    rev: int = 0

    def version(self, sim):
        return sim["version"]

    def look(self, sim):
        self.looks.append(sim["version"])
        return [("v", np.array([sim["version"]], np.float32))]


@pytest.mark.parametrize("cadence", ["on_change", "once"])
def test_what_is_looked_up_is_sent_when_it_changes(value, cadence):
    stage, looks = Stage(value), []
    listener, frames = stage.listen([LinesSpec(value, 0.1), Counted("looked", looks, cadence)])
    for _ in range(30):
        stage.tile()
        listener.ack(frames[-1].seq)
    assert looks == [], "there is no simulator yet"
    stage.delivery.sim = {"version": 1}
    for version in (1, 1, 2):
        stage.delivery.sim["version"] = version
        for _ in range(30):
            stage.tile()
            listener.ack(frames[-1].seq)
    assert looks == ([1, 2] if cadence == "on_change" else [1])
    assert sum(frame.has("looked") for frame in frames) == len(looks)
    listener.snapshot()
    stage.deliver()
    assert frames[-1].arrays("looked")["v"] == [2]


def test_the_next_look_is_due_a_period_after_the_last_one_began():
    stage, looks = Stage(), []
    stage.delivery.sim, stage.state = {"version": 1}, "ready"
    listener, frames = stage.listen([Counted("looked", looks)])
    stage.deliver()
    listener.ack(frames[-1].seq)
    period = listener.plots[0].period
    for waited in (0.25 * period, 0.75 * period, period, 3 * period):
        due = stage.delivery.next_due(stage.status, stage.wall + waited)
        assert due == pytest.approx(max(0.0, period - waited))


def test_looks_that_come_a_little_late_come_as_often_as_they_are_to():
    stage, looks = Stage(), []
    stage.delivery.sim, stage.state = {"version": 0}, "ready"
    listener, frames = stage.listen([Counted("looked", looks)])
    period = listener.plots[0].period
    for _ in range(100):  # each second time a fifth of a period late
        stage.delivery.sim["version"] += 1
        stage.wall += 0.6 * period
        stage.deliver()
        listener.ack(frames[-1].seq)
    assert 59 <= len(looks) <= 61


def test_values_of_several_probes_side_by_side(value, spikes):
    track = JoinedTrack([spikes, value], DT)
    track.widen(100)
    for first in (1, 17):
        steps = np.arange(first, first + 16)
        for probe in (value, spikes):
            # One of them came a little later.
            late = steps[3:] if probe is value and first == 1 else steps
            track.record(probe.id, late, np.outer(late, np.ones(probe.size)))
    arrays = dict(track.read(Look(0, 32, 1, 100)))
    np.testing.assert_allclose(arrays["t"], np.arange(4, 33) * DT)
    assert arrays["y"].shape == (29, spikes.size + value.size)


def test_a_plot_that_comes_back_has_what_was_recorded_meanwhile(net, live_probe) -> None:
    probe, other = live_probe(net.ens), live_probe(net.drive)
    stage = Stage(probe, other)
    spec, rest = LinesSpec(probe, window=0.5), LinesSpec(other, window=0.5)
    listener, frames = stage.listen([spec, rest])
    for _ in range(40):
        stage.tile()
    stage.delivery.show(listener, [rest])
    for _ in range(40):
        stage.tile()
    stage.delivery.show(listener, [spec, rest])
    listener.ack(frames[-1].seq)
    stage.wall += 1
    stage.deliver()
    back = frames[-1].arrays(spec.id)
    whole = stage.all_of(probe)
    assert back["t"][0] < 0.01, "more than its window: all that is kept"
    np.testing.assert_array_equal(back["y"].max(axis=0), whole.max(axis=0))
    stage.delivery.show(listener, [rest])
    stage.delivery.drop_probe(probe.id)
    only = stage.delivery.recorder.nbytes
    stage.delivery.show(listener, [])
    stage.delivery.drop_probe(other.id)
    assert stage.delivery.recorder.nbytes == 0 < only, "without its probe nothing is kept"
