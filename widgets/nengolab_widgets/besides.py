"""Another branch of the run beside the one that goes on: what plots have of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from nengolab.live import Session, StreamSpec

from .bench import Bench
from .views import Views
from .weakly import weakly


class Besides:
    """Which branch a widget shows beside the run.

    Parameters
    ----------
    session : Session
    bench : Bench
        What is shown.
    views : Views
        Knows how many pixels a plot has.
    say : callable
        Sends a message to the pages, with buffers.
    notice : callable
        Tells a person something.
    """

    def __init__(
        self,
        session: Session,
        bench: Bench,
        views: Views,
        say: Callable[..., None],
        notice: Callable[[str], None],
    ) -> None:
        self._session, self._bench, self._views = session, bench, views
        self._say, self._notice = say, notice
        self.branch = ""

    def show(self, branch: str) -> None:
        """Show a branch; "" is none."""
        self.branch = branch
        self.say()

    def say(self) -> None:
        """Send what plots had of it; of the one that goes on there is none.

        What was opened later is computed while the run rests, and sent when it is there.
        """
        history = self._session.history
        if self.branch in ("", history.branch):
            self.branch = ""
            return self._say({"type": "beside", "branch": "", "panels": []})
        specs = [spec for spec in self._bench.specs if isinstance(spec, StreamSpec)]
        branch, send, again = self.branch, self._say, weakly(self._recalled)

        def tell(done: Future[Any]) -> None:
            if not done.cancelled() and done.exception() is None:
                panels, buffer = done.result()
                send({"type": "beside", "branch": branch, "panels": panels}, [buffer])

        history.beside(branch, specs, self._views.width).add_done_callback(tell)
        history.recall(branch, specs).add_done_callback(lambda done: again(branch, done))

    def _recalled(self, branch: str, done: Future[bool]) -> None:
        if branch != self.branch or done.cancelled() or self._session.is_closing:
            return
        if error := done.exception():
            self._notice(str(error))
        elif done.result():
            self.say()
