"""Pacing on a clock of its own: no machine is fast or slow enough to fail these."""

import numpy as np
import pytest

from nengolab.live.pacing import HEADLESS_TILE, Pacer, RateMeter, TileSizer


class World:
    """A clock, and an engine that needs so many seconds a step."""

    def __init__(self, speed, watched=True, dt=0.001):
        self.wall, self.steps, self.speed, self.watched, self.dt = 100.0, 0, speed, watched, dt
        self.pacer, self.sizer, self.meter = Pacer(), TileSizer(), RateMeter()
        self.pacer.restart(self.wall, 0.0)
        self.meter.restart(self.wall, 0.0)
        self.tiles, self.rtf = [], None

    @property
    def sim(self):
        return self.steps * self.dt

    def run(self, seconds, cost):
        end = self.wall + seconds
        while self.wall < end:
            pause = self.pacer.delay(self.wall, self.sim, self.speed)
            if pause > 0:
                self.wall += min(pause, end - self.wall)
                continue
            steps = self.sizer.steps(self.watched, self.speed, self.dt)
            self.wall += 0.0002 + steps * cost
            self.steps += steps
            self.sizer.learn(steps, 0.0002 + steps * cost)
            self.tiles.append((steps, 0.0002 + steps * cost))
            self.rtf = self.meter.mark(self.wall, self.sim)


@pytest.mark.parametrize("speed", [0.01, 0.1, 1.0, 7.0])
def test_keeps_the_asked_speed(speed):
    world = World(speed)
    world.run(10.0, cost=1e-5)
    assert world.sim == pytest.approx(10 * speed, rel=0.02, abs=0.02)
    assert world.rtf == pytest.approx(speed, rel=0.1)


def test_reports_what_a_slow_engine_reaches_and_makes_no_debt():
    world = World(1.0)
    world.run(10.0, cost=4e-3)
    assert world.rtf == pytest.approx(0.25, rel=0.1)
    slow_part = world.sim
    world.run(10.0, cost=1e-5)
    # Had the debt of 7.5 s been kept, the fast part would run far over real time.
    assert world.sim - slow_part == pytest.approx(10.0, rel=0.02)
    assert world.rtf == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("speed", [None, 1.0])
@pytest.mark.parametrize("cost", [1e-6, 1e-4, 5e-3])
def test_watched_tiles_fit_in_a_frame(speed, cost):
    world = World(speed)
    world.run(3.0, cost)
    assert max(seconds for _, seconds in world.tiles) < 0.016


def test_headless_tiles_are_long_but_not_too_long():
    world = World(None, watched=False)
    world.run(20.0, cost=1e-5)
    longest = max(seconds for _, seconds in world.tiles)
    assert HEADLESS_TILE / 2 < longest < 0.5


def test_a_slow_first_call_does_not_set_the_size():
    sizer = TileSizer()
    sizer.learn(sizer.steps(True, None, 0.001), 1.5)
    for _ in range(60):
        steps = sizer.steps(True, None, 0.001)
        sizer.learn(steps, steps * 1e-5)
    assert sizer.steps(True, None, 0.001) > 500


def test_a_busy_machine_does_not_drive_the_size_down_to_single_steps():
    rng = np.random.default_rng(0)
    sizer = TileSizer()
    for _ in range(200):
        steps = sizer.steps(True, None, 0.001)
        # Half of the calls lose the processor to others for a while.
        lost = rng.exponential(0.02) if rng.random() < 0.5 else 0.0
        sizer.learn(steps, 0.001 + steps * 5e-5 + lost)
    # 220 steps of 50 us are what fits into the budget of 12 ms beside the call.
    assert 110 < steps < 440


def test_a_call_longer_than_the_budget_still_gets_on():
    sizer = TileSizer()
    for _ in range(50):
        steps = sizer.steps(True, None, 0.001)
        sizer.learn(steps, 0.03 + steps * 1e-3)
    assert 15 < steps < 45


def test_a_network_that_becomes_slower_gets_shorter_tiles():
    sizer = TileSizer()
    for cost in (1e-5, 1e-3):
        for _ in range(40):
            steps = sizer.steps(True, None, 0.001)
            sizer.learn(steps, 0.0002 + steps * cost)
    assert 5 < steps < 16


def test_meter_keeps_a_bounded_number_of_marks():
    meter = RateMeter()
    meter.restart(0.0, 0.0)
    for i in range(1, 100_001):
        reached = meter.mark(i * 1e-4, i * 2e-4)
    assert reached == pytest.approx(2.0, rel=1e-6)
    assert len(meter._marks) <= 130
