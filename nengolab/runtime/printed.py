"""What Python functions of a network print: given to whoever asked for it, else shown as always.

A program calls Nodes' functions on threads of its own, where what is printed has no cell and no
terminal of its own to go to. So while somebody listens, writing from inside such a call goes there;
everything else that is written in this process stays as it is.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

# Takes text and says whether somebody wants it.
Hear = Callable[[str], bool]

_now = threading.local()


class _Stream:
    """Standard output or error, but for what is written inside a call that is listened to."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        hear = getattr(_now, "hear", None)
        if hear is not None and hear(text):
            return len(text)
        return self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def call(fn: Callable[..., Any], args: tuple, hear: Hear) -> Any:
    """Call a function; ``hear`` gets what it prints."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, _Stream):
            setattr(sys, name, _Stream(stream))
    before = getattr(_now, "hear", None)
    _now.hear = hear
    try:
        return fn(*args)
    finally:
        _now.hear = before
