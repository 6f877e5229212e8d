"""How many steps to run, and how long to sleep afterwards."""

from __future__ import annotations

from collections import deque

FRAME_PERIOD = 1 / 60
# Wall time of one tile: short enough for a frame, or for a person's interrupt.
WATCHED_TILE = 0.012
HEADLESS_TILE = 0.25
# What a tile costs beside its steps (the call, recording, frames) takes at most this part of an
# unlimited run, as long as pictures still come this often.
ASIDE_SHARE = 0.2
LONGEST_WATCHED = 0.03
# A paced run without a view still takes new inputs this often.
HEADLESS_PERIOD = 0.1
# Being late by more than this is the engine's speed, not a hiccup.
SLACK = 0.1
SLEEP_LIMIT = 3600.0


class TileSizer:
    """Learns what a tile costs and chooses how many steps fit.

    A tile of n steps takes about ``call + (n - 1) step``. Other work on the machine only
    ever adds to that, so ``call`` is the least a tile ever took, and ``step`` a low
    quantile over the last tiles: one hiccup, or a first call that compiles, changes
    nothing. What surrounds a tile counts too: a run that is not paced takes longer tiles where
    it is dear, and a paced one fewer.

    The size at most doubles from tile to tile, so no estimate can freeze a view; and a tile of
    one step forgets what made it so short, so no hiccup can keep it short.
    """

    def __init__(self) -> None:
        self._call = float("inf")
        self._aside = 0.0
        self._steps: deque[float] = deque(maxlen=8)
        # The first tile is one step: what a call takes by itself.
        self._last = 0

    def steps(self, watched: bool, speed: float | None, dt: float) -> int:
        """Choose the steps of the next tile."""
        fits, beside = 2.0 * self._last, self._aside
        if self._steps:
            step = sorted(self._steps)[len(self._steps) // 4]
            # The call was timed with one step in it.
            beside += max(0.0, self._call - step)
            fits = min(fits, 1 + self._budget(watched, speed, beside) / max(step, 1e-9))
        if speed is not None:
            period = FRAME_PERIOD if watched else HEADLESS_PERIOD
            fits = min(fits, speed * max(period, 1.1 * beside) / dt)
        self._last = max(1, int(fits))
        return self._last

    def _budget(self, watched: bool, speed: float | None, beside: float) -> float:
        """Seconds for the steps of a tile that costs some more beside them."""
        if not watched:
            return HEADLESS_TILE - self._call
        least = max(WATCHED_TILE - self._call, self._call)
        if speed is not None:
            return least
        return max(least, min(beside / ASIDE_SHARE, LONGEST_WATCHED))

    def learn(self, steps: int, seconds: float, aside: float = 0.0) -> None:
        """Take the time that a tile took, and what was done beside it since the one before."""
        self._call = min(self._call, seconds)
        self._aside = 0.9 * self._aside + 0.1 * min(aside, LONGEST_WATCHED)
        if steps > 1:
            self._steps.append((seconds - self._call) / (steps - 1))
        elif self._steps:
            self._steps.popleft()


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
