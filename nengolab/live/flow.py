"""Credit of one listener: how many frames may be on their way, as a state machine.

::

    HIDDEN   not visible: nothing is sent
    BLOCKED  the credit is used up: newer data waits in the recorder
    RESTING  a frame went out less than a period ago
    OPEN     a frame may go out

A page reports two to four times a second which frame it has drawn last, how long ago, and how
many frames it takes for a picture. From this follow the round trip, and the credit: the frames
that are drawn during a round trip and the time between two reports, so that the stream never
waits for a report while all is well, and at most half a second of them or `MAX_BYTES`. A page
that draws several frames at once cannot keep up: the period between frames grows until it
draws one a picture. Silence uses the credit up, which stops the stream.

A report counts for all frames before it too, so one that was lost does not block for ever. A
snapshot forgets what is on its way: its reader is a new page.
"""

from __future__ import annotations

import math
import threading
from collections import deque

from .pacing import FRAME_PERIOD

MAX_SECONDS = 0.5
MAX_BYTES = 2 * 2**20
# Frames that a page may be sent before it has ever reported.
FIRST_CREDIT = 4
# About what passes between two reports of a page.
REPORT_PERIOD = 0.3
SLOWEST_PERIOD = 0.25
# Frames drawn in one picture: above the first the period grows, below the second it shrinks.
CROWDED, SMOOTH = 1.6, 1.2
# After this long without a report nobody is taken to be watching.
STALLED = 2.0


class Flow:
    """Counts frames sent and drawn; reports come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.visible = True
        self.sent = 0
        self.drawn = 0
        self.coalesced = 0
        self.bytes = 0
        self.period = self.least_period = FRAME_PERIOD
        self.round_trip: float | None = None
        self._flying: deque[tuple[int, float, int]] = deque()
        self._flying_bytes = 0
        self._last_sent = float("-inf")

    @property
    def in_flight(self) -> int:
        """Frames that were sent and are not known to be drawn."""
        return len(self._flying)

    @property
    def credit(self) -> int:
        """Frames that may be on their way."""
        if self.round_trip is None:
            return FIRST_CREDIT
        span = min(MAX_SECONDS, 1.5 * (self.round_trip + REPORT_PERIOD))
        return max(FIRST_CREDIT, math.ceil(span / self.period))

    def state(self, wall: float) -> str:
        """HIDDEN, BLOCKED, RESTING or OPEN."""
        if not self.visible:
            return "HIDDEN"
        if self.in_flight >= self.credit or self._flying_bytes >= MAX_BYTES:
            return "BLOCKED"
        if self.rest(wall) > 0:
            return "RESTING"
        return "OPEN"

    def rest(self, wall: float) -> float:
        """Seconds until RESTING is over."""
        # A tile that ends a little early need not wait for the next one.
        period = max(self.period, self.least_period)
        return max(0.0, self._last_sent + 0.9 * period - wall)

    def watched(self, wall: float) -> bool:
        """Whether somebody seems to look on."""
        state = self.state(wall)
        return state in ("RESTING", "OPEN") or (
            state == "BLOCKED" and wall - self._last_sent < STALLED
        )

    def note_sent(self, wall: float, size: int) -> int:
        """Count a frame that goes out and return its number, from 1."""
        with self._lock:
            self.sent += 1
            self.bytes += size
            self._last_sent = wall
            self._flying.append((self.sent, wall, size))
            self._flying_bytes += size
            return self.sent

    def report(self, seq: int, wall: float, held: float = 0.0, merged: float = 1.0) -> None:
        """Take what a page says.

        Parameters
        ----------
        seq : int
            The newest frame that it has drawn.
        wall : float
            Now.
        held : float
            Seconds between drawing that frame and this report.
        merged : float
            Frames that it drew in one picture, on average since the last report.
        """
        with self._lock:
            if not 0 < seq <= self.sent:
                return
            while self._flying and self._flying[0][0] <= seq:
                number, sent, size = self._flying.popleft()
                self._flying_bytes -= size
                if number == seq:
                    self._learn(max(0.0, wall - sent - held), merged)
            self.drawn = max(self.drawn, seq)

    def _learn(self, trip: float, merged: float) -> None:
        before = trip if self.round_trip is None else self.round_trip
        self.round_trip = 0.7 * before + 0.3 * trip
        if merged > CROWDED:
            self.period = min(SLOWEST_PERIOD, 1.3 * self.period)
        elif merged < SMOOTH:
            self.period = max(FRAME_PERIOD, 0.8 * self.period)

    def forget(self) -> None:
        """Expect to hear no more of what is on its way."""
        with self._lock:
            self._flying.clear()
            self._flying_bytes = 0
