"""How many steps to run, and how long to sleep afterwards."""

from __future__ import annotations

from collections import deque

FRAME_PERIOD = 1 / 60
# Wall time of one tile: short enough for a frame, or for a person's interrupt.
WATCHED_TILE = 0.012
HEADLESS_TILE = 0.25
# A paced run without a view still takes new inputs this often.
HEADLESS_PERIOD = 0.1
# Being late by more than this is the engine's speed, not a hiccup.
SLACK = 0.1
SLEEP_LIMIT = 3600.0


class TileSizer:
    """Learns what a step costs and chooses how many fit.

    The size at most doubles from tile to tile, so that one wrong estimate (the
    first call of an engine compiles) does not freeze a view.
    """

    def __init__(self) -> None:
        self._cost: float | None = None
        self._last = 1

    def steps(self, watched: bool, speed: float | None, dt: float) -> int:
        """Choose the steps of the next tile."""
        budget = WATCHED_TILE if watched else HEADLESS_TILE
        fits = 1 if self._cost is None else budget / self._cost
        if speed is not None:
            fits = min(fits, speed * (FRAME_PERIOD if watched else HEADLESS_PERIOD) / dt)
        self._last = int(max(1, min(fits, 2 * self._last)))
        return self._last

    def learn(self, steps: int, seconds: float) -> None:
        """Take the time that a tile took."""
        cost = max(seconds, 1e-7) / steps
        # Quick to believe in a slower engine, slow to believe in a faster one.
        quick = self._cost is None or cost > self._cost
        self._cost = cost if quick else 0.7 * self._cost + 0.3 * cost


class Pacer:
    """Compute first, sleep after: keeps simulated time at ``speed`` times the clock.

    When the engine is too slow the reference moves along, so a later, lighter
    stretch runs at the asked speed and not faster to catch up.
    """

    def __init__(self) -> None:
        self._wall = self._sim = 0.0

    def restart(self, wall: float, sim: float) -> None:
        """Count from here: after play, a change of speed, a reset."""
        self._wall, self._sim = wall, sim

    def delay(self, wall: float, sim: float, speed: float | None) -> float:
        """Seconds until the next tile is due."""
        if speed is None:
            return 0.0
        due = self._wall + (sim - self._sim) / speed
        if wall - due > SLACK:
            self.restart(wall, sim)
            return 0.0
        return min(max(0.0, due - wall), SLEEP_LIMIT)


class RateMeter:
    """Simulated seconds for each second of the clock, over about the last second."""

    def __init__(self, span: float = 1.0, marks: int = 64) -> None:
        self._span = span
        # Marks closer than this tell nothing new, so their number stays bounded.
        self._gap = span / marks
        self._settle = span / 5
        self._marks: deque[tuple[float, float]] = deque(maxlen=2 * marks)

    def restart(self, wall: float, sim: float) -> None:
        """Count from here."""
        self._marks.clear()
        self._marks.append((wall, sim))

    def mark(self, wall: float, sim: float) -> float | None:
        """Note where the simulation is and return the factor reached."""
        while len(self._marks) > 1 and self._marks[1][0] < wall - self._span:
            self._marks.popleft()
        wall0, sim0 = self._marks[0]
        if wall - self._marks[-1][0] >= self._gap:
            self._marks.append((wall, sim))
        # The first tile is computed at once and slept for later: no rate yet.
        return (sim - sim0) / (wall - wall0) if wall - wall0 > self._settle else None
