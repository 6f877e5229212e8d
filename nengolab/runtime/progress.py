"""Nengo's progress bars, without the pause at their end."""

from __future__ import annotations

import threading
from typing import Any

from nengo.utils.progress import Progress, ProgressTracker


class PromptTracker(ProgressTracker):
    """Shows progress, and ends as soon as what it shows does.

    The thread that updates Nengo's own sleeps between two updates, and whoever ends it waits until
    it has slept: up to 0.1 s at the end of every build and run.

    Parameters
    ----------
    progress_bar : bool or nengo.utils.progress.ProgressBar or None
    total_progress : nengo.utils.progress.Progress
    update_interval : float
        Between two updates (s).

    Examples
    --------
    >>> with PromptTracker(False, Progress("Counting", "Count", 2)) as tracker:
    ...     tracker.total_progress.step(2)
    >>> tracker.total_progress.finished
    True
    """

    def __init__(
        self, progress_bar: Any, total_progress: Progress, update_interval: float = 0.1
    ) -> None:
        super().__init__(progress_bar, total_progress, update_interval)
        self._ended = threading.Event()

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        self._ended.set()
        super().__exit__(exc_type, exc_value, traceback)

    def update_loop(self) -> None:
        """Update the bar until the end, in a thread of its own."""
        while not self._ended.is_set():
            stage = self.sub_progress
            shown = self.total_progress if stage is None or stage.finished else stage
            self.progress_bar.update(shown)
            self._ended.wait(self.update_interval)
