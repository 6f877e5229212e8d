"""Undo and redo of what is open: the arrangements that were, and those that were taken back.

The kernel keeps it, where the arrangement is kept too, so a page that is loaded again, or a second
one, has the same. It holds what is looked at, never what the network does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from .arrangement import Arrangement, Shown

# Deeds that can be undone.
MOST = 100

Entry = tuple[str, Arrangement]


class UndoHistory:
    """Arrangements of one widget.

    Parameters
    ----------
    present : Arrangement
        What is open.
    """

    def __init__(self, present: Arrangement) -> None:
        self.begin(present)

    def begin(self, present: Arrangement) -> None:
        """Forget what was: from here on."""
        self._present = present
        self._past: deque[Entry] = deque(maxlen=MOST)
        self._future: deque[Entry] = deque(maxlen=MOST)

    def note(self, deed: str, present: Arrangement) -> None:
        """Take up what a deed has made; one that changed nothing is none."""
        if present == self._present:
            return
        self._past.append((deed, self._present))
        self._future.clear()
        self._present = present

    @property
    def present(self) -> Arrangement:
        """What is there, or is to be."""
        return self._present

    @property
    def undoes(self) -> str:
        """The deed that would be undone, "" where there is none."""
        return self._past[-1][0] if self._past else ""

    @property
    def redoes(self) -> str:
        """The deed that would be done again, "" where there is none."""
        return self._future[-1][0] if self._future else ""

    def undo(self) -> Arrangement | None:
        """Give what was before the last deed, None where there is none."""
        return self._travel(self._past, self._future)

    def redo(self) -> Arrangement | None:
        """Give what the deed that was undone last had made, None where there is none."""
        return self._travel(self._future, self._past)

    def _travel(self, source: deque[Entry], target: deque[Entry]) -> Arrangement | None:
        if not source:
            return None
        deed, there = source.pop()
        target.append((deed, self._present))
        self._present = there
        return there

    def settle(self, present: Arrangement) -> None:
        """Take up what is there, where it is not what was asked for; that is nobody's deed."""
        self._present = present

    def include(self, shown: Shown) -> None:
        """Put a panel into all that was: that it is there is not to be undone."""

        def with_it(a: Arrangement) -> Arrangement:
            return replace(a, shown=(*a.shown, shown))

        self._present = with_it(self._present)
        self._past = _changing(self._past, with_it, self._present)
        self._future = _changing(self._future, with_it, self._present)

    def follow(self, follow: Callable[[Shown], Shown]) -> None:
        """Another network takes the place of the one that was: what is shown of it is followed."""

        def moved(a: Arrangement) -> Arrangement:
            aside = None if a.aside is None else follow(a.aside)
            return replace(a, shown=tuple(map(follow, a.shown)), aside=aside)

        self._present = moved(self._present)
        self._past = deque(((deed, moved(a)) for deed, a in self._past), maxlen=MOST)
        self._future = deque(((deed, moved(a)) for deed, a in self._future), maxlen=MOST)

    def forget(self, panel_id: str) -> None:
        """Take a panel out of all that was: it cannot come back."""

        def without(a: Arrangement) -> Arrangement:
            return replace(a, shown=tuple(shown for shown in a.shown if shown.id != panel_id))

        self._present = without(self._present)
        self._past = _changing(self._past, without, self._present)
        self._future = _changing(self._future, without, self._present)


Rearrange = Callable[[Arrangement], Arrangement]


def _changing(entries: deque[Entry], change: Rearrange, present: Arrangement) -> deque[Entry]:
    """Change all of them, and leave out the deeds that then change nothing."""
    kept: deque[Entry] = deque(maxlen=MOST)
    later = present
    for deed, arrangement in reversed(entries):
        changed = change(arrangement)
        if changed != later:
            kept.appendleft((deed, changed))
            later = changed
    return kept
