"""What the functions of a live network print, line by line, for whoever shows it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

# Lines that are kept, and characters of one.
KEPT, LONGEST = 500, 2000


@dataclass(frozen=True)
class PrintedLine:
    """One line, and the name of the object whose function printed it."""

    name: str
    text: str


class Prints:
    """Takes what functions write, from any thread, and keeps the last lines.

    Text is taken only while somebody watches; else it goes where printing goes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[str, str] = {}
        self._watchers: list[Callable[[PrintedLine], None]] = []
        self.lines: deque[PrintedLine] = deque(maxlen=KEPT)

    def take(self, name: str, text: str) -> bool:
        """Take a piece of what a function writes; False when nobody watches."""
        with self._lock:
            if not self._watchers:
                return False
            *whole, rest = (self._begun.get(name, "") + text).split("\n")
            if len(rest) > LONGEST:
                whole, rest = [*whole, rest], ""
            self._begun[name] = rest
            lines = [PrintedLine(name, line[:LONGEST]) for line in whole]
            self.lines.extend(lines)
            watchers = list(self._watchers)
        for line in lines:
            for watcher in watchers:
                watcher(line)
        return True

    def watch(self, callback: Callable[[PrintedLine], None]) -> Callable[[], None]:
        """Hear of each line; gives what ends it."""
        with self._lock:
            self._watchers.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._watchers:
                    self._watchers.remove(callback)

        return stop
