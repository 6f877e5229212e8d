"""What is looked up again when it has changed, at a pace that leaves the run its speed."""

from __future__ import annotations

import hashlib
import time
from abc import abstractmethod
from collections.abc import Hashable
from typing import Any, ClassVar

import nengo
import numpy as np
from nengo.exceptions import NengoException

from nengolab.live.frames import Arrays
from nengolab.live.specs import Cadence, LookSpec

# Seconds from one look to the next, at least, for ten of them a second where a thread waits; and
# the share of one core's time that looking may take.
FASTEST, SHARE = 0.09, 0.03
# Nobody waits longer for what has changed; a first look may load libraries.
SLOWEST = 3.0


class Looked(LookSpec):
    """A spec of what stands: of a network, of a simulator that runs, or of one that is trained.

    What goes wrong is told to the page as text, in ``problem``: a panel never ends a stream.

    Attributes
    ----------
    period : float
        Seconds from one look to the next: longer where looking takes long.
    """

    cadence: ClassVar[Cadence] = "on_change"
    needs_simulator: ClassVar[bool] = False

    def __init__(self, id: str, rev: int) -> None:
        self.id, self.rev = id, rev
        self.period = FASTEST
        self._took = 0.0

    @abstractmethod
    def state(self, source: Any) -> Hashable:
        """Tell states apart; ``source`` is a network or a simulator. May raise."""

    @abstractmethod
    def arrays(self, source: Any) -> Arrays:
        """Give what the page is to have of it. May raise."""

    def version(self, sim: Any) -> Hashable:
        began = time.thread_time()
        try:
            state = self.state(sim)
        except Exception as error:
            state = ("problem", _said(error))
        self._pace(time.thread_time() - began)
        return state

    def look(self, sim: Any) -> Arrays:
        began = time.thread_time()
        try:
            found = self.arrays(sim)
        except Exception as error:
            found = [("problem", text(_said(error)))]
        self._pace(time.thread_time() - began + self._took)
        return found

    def _pace(self, took: float) -> None:
        self._took = took
        self.period = min(max(FASTEST, took / SHARE), SLOWEST)


def _said(error: Exception) -> str:
    """Say what went wrong; errors of Python's own are no sentences."""
    return str(error) if isinstance(error, NengoException) else f"{type(error).__name__}: {error}"


def text(words: str) -> np.ndarray:
    """Give words as they travel in a frame."""
    return np.frombuffer(words.encode(), np.uint8)


def digest(*arrays: Any) -> bytes:
    """Tell arrays from others."""
    found = hashlib.blake2b(digest_size=16)
    for array in arrays:
        if array is not None:
            found.update(np.ascontiguousarray(array).data)
    return found.digest()


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether arrays hold the same: at once where they are one, as most are most of the time."""
    if a is b:
        return True
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(_bits(a), _bits(b))


def _bits(array: np.ndarray) -> np.ndarray:
    """Give numbers as integers, so that NaN is as it was."""
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")


def is_network(source: Any) -> bool:
    """Whether nothing is built of it yet."""
    return isinstance(source, nengo.Network)
