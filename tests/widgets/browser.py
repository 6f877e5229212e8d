"""A browser made of a list, for tests of the kernel's side."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nengolab_widgets import Lab

from nengolab.live import Frame


class Browser:
    """Collects what a Lab sends, and sends it what a browser would."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.acknowledges = True
        self.numbers = itertools.count(1)
        lab.send = self._take

    def _take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        json.dumps(content)  # it must be what a message can hold
        self.messages.append(content)
        if content["type"] == "frame":
            self.buffers += buffers
            if self.acknowledges:
                self.say(type="report", view="v1", seq=content["seq"], held=0.0, merged=1.0)

    def say(self, **message: Any) -> None:
        self.lab._receive(self.lab, message, [])

    def look(self, kind: str = "hello", view: str = "v1", visible: bool = True) -> None:
        self.say(type=kind, view=view, visible=visible, width=500)

    def drive(self, value: float | None, dim: int = 0) -> None:
        where = {} if value is None else {"dim": dim}
        self.say(type="input", number=next(self.numbers), node="input-0", value=value, **where)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def arrays(self, panel: str) -> list[dict[str, np.ndarray]]:
        """All arrays of a panel that came, frame by frame."""
        frames = [Frame(h, b) for h, b in zip(self.of("frame"), self.buffers, strict=True)]
        return [frame.arrays(panel) for frame in frames if frame.has(panel)]

    def lines(self, plot: str) -> np.ndarray:
        """All values of a lines plot that came, in order."""
        return np.concatenate([np.zeros((0, 1)), *(a["y"] for a in self.arrays(plot))])


def until(condition: Callable[[], Any], what: str, timeout: float = 60.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not within {timeout} s: {what}"
        time.sleep(0.02)


def until_quiet(browser: Browser, seconds: float) -> None:
    """Wait until no frame came for so long."""
    count = -1
    while count != len(browser.buffers):
        count = len(browser.buffers)
        time.sleep(seconds)
