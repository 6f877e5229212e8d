"""Backpressure of one listener, as a state machine.

::

    HIDDEN   not visible: nothing is sent
    BLOCKED  two frames are on their way: newer data waits in the recorder
    RESTING  a frame went out less than a sixtieth of a second ago
    OPEN     a frame may go out

An acknowledgement counts for all frames before it too, so one that was lost does
not block for ever. A snapshot forgets what is on its way: its reader is a new page.
"""

from __future__ import annotations

import threading

from .pacing import FRAME_PERIOD

IN_FLIGHT = 2
# After this long without an acknowledgement nobody is taken to be watching.
STALLED = 2.0


class Flow:
    """Counts frames sent and acknowledged; acknowledgements come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.visible = True
        self.sent = 0
        self.acknowledged = 0
        self.coalesced = 0
        self.bytes = 0
        self._settled = 0
        self._last_sent = float("-inf")

    def state(self, wall: float) -> str:
        """HIDDEN, BLOCKED, RESTING or OPEN."""
        if not self.visible:
            return "HIDDEN"
        if self.sent - self._settled >= IN_FLIGHT:
            return "BLOCKED"
        if wall - self._last_sent < FRAME_PERIOD:
            return "RESTING"
        return "OPEN"

    def rest(self, wall: float) -> float:
        """Seconds until RESTING is over."""
        return max(0.0, self._last_sent + FRAME_PERIOD - wall)

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
            return self.sent

    def acknowledge(self, seq: int) -> None:
        """Note that frame ``seq`` and those before it have been drawn."""
        with self._lock:
            if 0 < seq <= self.sent:
                self.acknowledged = max(self.acknowledged, seq)
                self._settled = max(self._settled, seq)

    def forget(self) -> None:
        """Expect no more acknowledgements of what is on its way."""
        with self._lock:
            self._settled = self.sent
