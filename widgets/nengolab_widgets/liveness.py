"""Signs of life: how a browser tells a kernel that is busy from one that is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable

EVERY = 1.0
# A closed tab answers nothing, and the server would keep what is sent to it. A kernel that
# runs a long cell reads no answers either, so patience is long and signs are small.
MAX_UNANSWERED = 900


class Heartbeat:
    """A thread that calls ``beat`` every second while somebody looks.

    Messages to a kernel wait while it runs a cell, so the browser cannot ask; but sending
    from a thread works meanwhile.

    Parameters
    ----------
    beat : callable
        Sends one sign of life.
    """

    def __init__(self, beat: Callable[[], None], every: float = EVERY) -> None:
        self._beat, self._every = beat, every
        self._unanswered = 0
        self._visible = False
        self._wake = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    @property
    def beating(self) -> bool:
        """Whether signs of life are being sent."""
        return self._visible and not self._ended and self._unanswered < MAX_UNANSWERED

    def watch(self, visible: bool) -> None:
        """Say whether anybody looks."""
        with self._wake:
            self._visible = visible
            self._unanswered = 0
            if visible and self._thread is None and not self._ended:
                self._thread = threading.Thread(
                    target=self._run, name="nengolab heartbeat", daemon=True
                )
                self._thread.start()
            self._wake.notify_all()

    def answered(self) -> None:
        """Note a sign of life from the other side."""
        with self._wake:
            stopped = not self.beating
            self._unanswered = 0
            if stopped:
                self._wake.notify_all()

    def stop(self) -> None:
        """End the thread."""
        with self._wake:
            self._ended = True
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait(self._every if self.beating else None)
                if self._ended:
                    return
                if not self.beating:
                    continue
                self._unanswered += 1
            self._beat()
