"""What the network's functions print, under the Lab: said to pages a few times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from nengolab.live import PrintedLine, Session

from .messages import Printed
from .weakly import weakly

# How long lines wait for others (s).
TOGETHER = 0.25
# Lines in a message: a function that prints in each step prints more than anybody reads.
MOST = 100


class Output:
    """Passes on what a session's functions print.

    Parameters
    ----------
    session : Session
    say : callable
        Sends a message to the pages.
    """

    def __init__(self, session: Session, say: Callable[[Printed], Any]) -> None:
        self._session, self._say = session, say
        self._lock = threading.Lock()
        self._new: list[PrintedLine] = []
        self._timer: threading.Timer | None = None
        self.stop = session.watch_prints(weakly(self._heard))

    def say_all(self) -> None:
        """Tell a page that has just come."""
        if lines := self._session.printed:
            self._say(_message(lines[-MOST:], anew=True))

    def _heard(self, line: PrintedLine) -> None:
        with self._lock:
            self._new.append(line)
            del self._new[:-MOST]
            if self._timer is None:
                self._timer = threading.Timer(TOGETHER, weakly(self._pass_on))
                self._timer.daemon = True
                self._timer.start()

    def _pass_on(self) -> None:
        with self._lock:
            lines, self._new, self._timer = self._new, [], None
        self._say(_message(lines, anew=False))


def _message(lines: list[PrintedLine], anew: bool) -> Printed:
    return {
        "type": "printed",
        "anew": anew,
        "lines": [{"name": line.name, "text": line.text} for line in lines],
    }
