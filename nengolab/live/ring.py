"""A bounded ring of rows with their step numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike


class Ring:
    """Keeps the last rows that were appended.

    Parameters
    ----------
    capacity : int
        Rows kept.
    width : int
        Values in a row.
    dtype : dtype
        Of the values.

    Attributes
    ----------
    known : int
        Rows of steps up to this one are not added: a run that was gone back in has them again.
    """

    def __init__(self, capacity: int, width: int, dtype: DTypeLike = np.float32) -> None:
        self._steps = np.zeros(capacity, np.int64)
        self._rows = np.zeros((capacity, width), dtype)
        self._start = 0
        self._count = 0
        self.known = -1

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        return len(self._steps)

    def cut(self, step: int) -> None:
        """Forget the rows after a step; those before it will come again, and count as known."""
        kept, _ = self.between(-1, step)
        self._count = len(kept)
        self.known = int(kept[-1]) if len(kept) else -1

    @property
    def nbytes(self) -> int:
        """Memory held, full or not."""
        return self._steps.nbytes + self._rows.nbytes

    def append(self, steps: np.ndarray, rows: np.ndarray) -> None:
        """Add rows; the oldest ones make room."""
        if len(steps) and steps[0] <= self.known:
            new = int(steps.searchsorted(self.known, side="right"))
            steps, rows = steps[new:], rows[new:]
        steps, rows = steps[-self.capacity :], rows[-self.capacity :]
        end = (self._start + self._count) % self.capacity
        head = min(len(steps), self.capacity - end)
        self._steps[end : end + head], self._rows[end : end + head] = steps[:head], rows[:head]
        rest = len(steps) - head
        self._steps[:rest], self._rows[:rest] = steps[head:], rows[head:]
        lost = max(0, self._count + len(steps) - self.capacity)
        self._start = (self._start + lost) % self.capacity
        self._count += len(steps) - lost

    def since(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the steps after ``step``, oldest first; views where they need no copy."""
        return self.between(step, None)

    def between(self, since: int, until: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the steps after ``since`` up to and with ``until``, oldest first."""
        end = self._start + self._count
        if end <= self.capacity:
            return self._cut(self._start, end, since, until)
        wrapped = end - self.capacity
        if until is None and self._steps[0] <= since:
            # What is new lies wholly behind the seam, as nearly always.
            return self._cut(0, wrapped, since, until)
        old = self._cut(self._start, self.capacity, since, until)
        new = self._cut(0, wrapped, since, until)
        if len(new[0]) == 0:
            return old
        return np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]])

    def _cut(
        self, first: int, last: int, since: int, until: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of a stretch of the memory; steps only grow in it."""
        steps = self._steps[first:last]
        start = first + int(steps.searchsorted(since, side="right"))
        if until is not None:
            last = first + int(steps.searchsorted(until, side="right"))
        return self._steps[start:last], self._rows[start:last]

    def resized(self, capacity: int) -> Ring:
        """Make a ring of another capacity with the newest of these rows."""
        other = Ring(capacity, self._rows.shape[1], self._rows.dtype)
        other.append(*self.since(-1))
        other.known = self.known
        return other

    def clear(self) -> None:
        """Forget all rows, keep the room."""
        self._start = self._count = 0
        self.known = -1
