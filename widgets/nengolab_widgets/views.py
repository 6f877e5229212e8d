"""The views of one Lab in all browsers: which are seen, and how wide."""

from __future__ import annotations

from typing import Any

FIRST_WIDTH = 600


class Views:
    """What is known of the views; a reloaded page comes as a new one."""

    def __init__(self) -> None:
        self._views: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._views)

    def note(self, kind: str, message: dict[str, Any]) -> None:
        """Take a "hello", "view" or "bye" message."""
        if kind == "bye":
            self._views.pop(message["view"], None)
        else:
            self._views[message["view"]] = message

    @property
    def visible(self) -> bool:
        """Whether any view is on a screen."""
        return any(view["visible"] for view in self._views.values())

    @property
    def width(self) -> int:
        """Pixels of the widest plot that is on a screen."""
        widths = [int(view["width"]) for view in self._views.values() if view["visible"]]
        return max(widths, default=0) or FIRST_WIDTH
