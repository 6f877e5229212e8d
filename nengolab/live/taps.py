"""The taps of a simulator: one a signal, however many probes look at it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from nengo.base import ObjView

# Taps that nobody looks at and that stay for a while: to add one anew takes a compile.
SPARE = 8


class Taps:
    """Shares taps among probes; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    """

    def __init__(self, sim: Any) -> None:
        self._sim = sim
        self._by_key: dict[Hashable, Any] = {}
        self._users: dict[Any, int] = {}
        # Oldest first.
        self._spare: list[Hashable] = []

    def take(self, target: Any, attr: str | None) -> Any:
        """Give the tap of a signal; it is there already where another probe has one."""
        key = _key(target, attr)
        tap = self._by_key.get(key)
        if tap is None or tap.error is not None:
            tap = self._by_key[key] = self._sim.add_tap(target, attr)
            self._users[tap] = 0
        self._users[tap] += 1
        if key in self._spare:
            self._spare.remove(key)
        return tap

    def leave(self, tap: Any) -> None:
        """A probe needs it no more."""
        self._users[tap] -= 1
        if self._users[tap] > 0:
            return
        key = next((k for k, other in self._by_key.items() if other is tap), None)
        if key is None or tap.error is not None:
            return self._drop(tap)
        self._spare.append(key)
        while len(self._spare) > SPARE:
            self._drop(self._by_key[self._spare.pop(0)])

    def clear(self) -> None:
        """Remove all."""
        for tap in list(self._users):
            self._drop(tap)

    def _drop(self, tap: Any) -> None:
        self._sim.remove_tap(tap)
        self._users.pop(tap, None)
        self._by_key = {key: other for key, other in self._by_key.items() if other is not tap}
        self._spare = [key for key in self._spare if key in self._by_key]


def _key(target: Any, attr: str | None) -> Hashable:
    if isinstance(target, ObjView):
        part: slice[Any, Any, Any] | list[int] = target.slice
        span = (part.start, part.stop, part.step) if isinstance(part, slice) else tuple(part)
        return (target.obj, span, attr)
    return (target, attr)
