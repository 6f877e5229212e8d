"""The views of one Lab in all browsers: which are seen, and how wide."""

from __future__ import annotations

import time
from typing import Any

FIRST_WIDTH = 600
# A page that has answered no sign of life for so long is gone without a word.
LOST_AFTER = 15.0


class Views:
    """What is known of the views; a reloaded page comes as a new one."""

    def __init__(self) -> None:
        self._views: dict[str, dict[str, Any]] = {}
        self._heard: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._views)

    def note(self, message: Any) -> None:
        """Take a "hello" or "view" message."""
        self._views[message["view"]] = message
        self.heard(message["view"])

    def heard(self, view: str) -> None:
        """Note a sign of life."""
        if view in self._views:
            self._heard[view] = time.monotonic()

    @property
    def names(self) -> list[str]:
        """Which pages are known."""
        return list(self._views)

    def forget(self, view: str) -> None:
        """A page is closed."""
        self._views.pop(view, None)
        self._heard.pop(view, None)

    def drop_lost(self) -> bool:
        """Forget pages that have been silent for long; True where there were any."""
        now = time.monotonic()
        lost = [view for view, heard in self._heard.items() if now - heard > LOST_AFTER]
        for view in lost:
            self.forget(view)
        return bool(lost)

    def show(self, panel: str) -> bool:
        """Whether any view is that of one panel which stands alone."""
        return any(view.get("panel") == panel for view in self._views.values())

    @property
    def visible(self) -> bool:
        """Whether any view is on a screen."""
        return any(view["visible"] for view in self._views.values())

    @property
    def width(self) -> int:
        """Pixels of the widest plot that is on a screen."""
        widths = [int(view["width"]) for view in self._views.values() if view["visible"]]
        return max(widths, default=0) or FIRST_WIDTH
