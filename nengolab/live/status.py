"""What the session says about itself, readable from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .errors import ErrorReport

# In the order in which a session can come by them.
STATES = (
    "asleep",
    "loading",
    "building",
    "compiling",
    "ready",
    "running",
    "paused",
    "finished",
    "error",
    "closed",
)


@dataclass(frozen=True)
class Status:
    """One consistent view of the session.

    Attributes
    ----------
    state : str
        One of `STATES`.
    error : ErrorReport or None
        What stopped the run, or why the last command was refused.
    time : float
        Simulated time (s).
    n_steps : int
        Steps since the start or the last reset.
    real_time_factor : float or None
        Simulated seconds for each second over the last one; None when not running.
    speed : float or None
        Real-time factor asked for; None is as fast as it goes.
    returning : float or None
        While it goes back in the run: how far it is on the way, from 0 to 1.
    note : str
        Why it stopped there, or how far it has come with something that takes a while.
    """

    state: str = "loading"
    error: ErrorReport | None = None
    time: float = 0.0
    n_steps: int = 0
    real_time_factor: float | None = None
    speed: float | None = 1.0
    returning: float | None = None
    note: str = ""


class StatusBoard:
    """Holds the current `Status`; the owner writes, everybody reads and waits."""

    def __init__(self, status: Status) -> None:
        self._changed = threading.Condition()
        self.now = status

    def update(self, **changes: Any) -> Status:
        """Replace some fields at once and tell those who wait."""
        with self._changed:
            self.now = replace(self.now, **changes)
            self._changed.notify_all()
            return self.now

    def wait(self, until: Callable[[Status], bool], timeout: float | None) -> bool:
        """Sleep until a status fulfils a condition; False when the time is over."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not until(self.now):
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
        return True
