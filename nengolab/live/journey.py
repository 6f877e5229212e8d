"""What is done with the simulator in pieces, so that commands are answered in between."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

# Seconds of a piece: a click that comes meanwhile waits no longer than that and a frame.
PIECE = 0.03

# Gives the share that is done, after each bit of work.
Way = Generator[float, None, Any]


class Journey:
    """Something that takes a while, and has changed nothing if it is stopped.

    Parameters
    ----------
    way : generator
        Gives how far it has come, from 0 to 1, and returns the result. What is thrown into it it
        raises again, when all is as it was.
    what : str
        In words.
    away : bool
        Whether the run stands where it stood, once it is over; else commands that need the
        simulator wait for the end.

    Attributes
    ----------
    share : float
        How far it has come.
    result : Future
        Of its end; set by `settle`.
    """

    def __init__(self, way: Way, what: str, away: bool = False) -> None:
        self._way, self.what, self.away = way, what, away
        self.share = 0.0
        self.result: Future[Any] = Future()
        self._outcome: Any = None
        self.error: Exception | None = None

    def go_on(self) -> bool:
        """Do a piece; whether it is over."""
        until = time.perf_counter() + PIECE
        try:
            while True:
                self.share = next(self._way)
                if time.perf_counter() >= until:
                    return False
        except StopIteration as end:
            self._outcome = end.value
        except Exception as error:
            self.error = error
        return True

    def stop(self, why: Exception) -> None:
        """End it: all is put back as it was."""
        try:
            self._way.throw(why)
        except Exception as error:
            self.error = error

    def settle(self) -> None:
        """Tell those who wait for its end."""
        if self.error is not None:
            self.result.set_exception(self.error)
        else:
            self.result.set_result(self._outcome)

    def __str__(self) -> str:
        return f"{self.what}, {self.share:.0%}"
