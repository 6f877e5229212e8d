"""What the benchmark of the panel makes of what it counts; tests/browser tries the counting."""

from __future__ import annotations

import sys
import time

import pytest

from nengolab.benchmarks.__main__ import main
from nengolab.benchmarks.live import in_kernel
from nengolab.benchmarks.live.figures import Delays, Freshness, TableRow, own_figures, table
from nengolab.benchmarks.live.stage import staged


def test_delays():
    moves = [{"input": float(ms), "pressed": ms + 1.0} for ms in range(1, 101)]
    delays = Delays.of([None, *moves, None])
    assert delays.median == 50.5
    assert delays.p95 == pytest.approx(95.05)
    assert delays.pressed_median == 51.5
    assert (delays.seen, delays.lost) == (100, 2)


def test_no_delay_without_a_move_that_was_seen():
    with pytest.raises(ValueError, match="none of 2 moves"):
        Delays.of([None, None])


def _counts(seconds, frames, plots, own=None):
    return {
        "seconds": seconds,
        "frames": frames,
        "messages": 10 * seconds,
        "bytes": 3000 * seconds,
        "sent": seconds,
        "plots": [{"fresh": fresh, "drawn": drawn} for fresh, drawn in plots],
        "own": own,
    }


def test_what_is_drawn_is_counted_by_the_second():
    before = _counts(1.0, 60, [(10, 60), (4, 60)])
    after = _counts(3.0, 160, [(50, 160), (24, 160)])
    freshness = Freshness.of(before, after, (600, 184), 1.0)
    assert freshness.fresh == (20, 10)
    assert freshness.drawn == (50, 50)
    assert freshness.frames == 50
    assert (freshness.messages, freshness.kilobytes, freshness.sent) == (10, 3, 1)
    assert freshness.own == {}


def test_what_the_panel_says_of_itself():
    before = {"frames": 10, "drawn": 8, "credit": 3, "panels": {"a": {"kind": "value", "drawn": 5}}}
    after = {
        **{"frames": 110, "drawn": 88, "credit": 4, "roundTripMs": 61.5},
        "panels": {"a": {"kind": "value", "drawn": 65}, "new": {"kind": "value", "drawn": 1}},
    }
    assert own_figures(before, after, 2.0) == {
        "frames/s": 50,
        "drawn/s": 40,
        "credit": 4,
        "roundTripMs": 61.5,
        "panels drawn/s, median": 30,
        "panels drawn/s, least": 30,
    }
    assert own_figures(None, after, 2.0) == {}


def test_table():
    rows = [TableRow("frames", {"1": "60.0", "20": "9.5"}, "55"), TableRow("delay", {"20": "800"})]
    assert table(rows, ("1", "20"), "plots").splitlines() == [
        "plots      1   20  goal",
        "frames  60.0  9.5  55",
        "delay      -  800",
    ]


class _Session:
    """One that makes steps at a known rate, and once makes none for a while."""

    def __init__(self, rate):
        self.rate, self.started = rate, time.perf_counter()

    def play(self):
        return self

    pause = result = play

    @property
    def n_steps(self):
        return int((time.perf_counter() - self.started) * self.rate)


def test_sessions_are_timed_in_turn():
    turns = in_kernel.Turns({"a": _Session(4000), "b": _Session(1000)}, 0.2, 1)
    assert turns.result() is None
    turns.join()
    rates = turns.result()
    assert rates["a"] == pytest.approx(4000, rel=0.05)
    assert rates["b"] == pytest.approx(1000, rel=0.05)


def test_standstill_is_noted():
    session = _Session(1000)
    pulse = in_kernel.Pulse(session)
    time.sleep(0.1)
    steps, session.rate = session.n_steps, 0
    assert steps > 0
    time.sleep(0.3)
    session.rate = 1000
    time.sleep(0.1)
    assert 0.25 < pulse.stop() < 0.45


def test_missing_browser_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(SystemExit, match="playwright is not installed.*benchmarks"), staged():
        pass


def test_unknown_piece_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--live", "7"])
    assert "choose from" in capsys.readouterr().err
