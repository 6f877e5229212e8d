"""A bounded ring of rows with their step numbers."""

from __future__ import annotations

import numpy as np


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
    """

    def __init__(self, capacity: int, width: int, dtype: type = np.float32) -> None:
        self._steps = np.zeros(capacity, np.int64)
        self._rows = np.zeros((capacity, width), dtype)
        self._start = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        return len(self._steps)

    @property
    def nbytes(self) -> int:
        """Memory held, full or not."""
        return self._steps.nbytes + self._rows.nbytes

    def append(self, steps: np.ndarray, rows: np.ndarray) -> None:
        """Add rows; the oldest ones make room."""
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
        end = self._start + self._count
        wrapped = max(0, end - self.capacity)
        parts = []
        for part in (slice(self._start, end - wrapped), slice(0, wrapped)):
            # Steps only grow from oldest to newest, so what is wanted is a tail.
            skip = np.searchsorted(self._steps[part], step, side="right")
            tail = slice(part.start + int(skip), part.stop)
            parts.append((self._steps[tail], self._rows[tail]))
        (old_steps, old_rows), (new_steps, new_rows) = parts
        if len(new_steps) == 0:
            return old_steps, old_rows
        return np.concatenate([old_steps, new_steps]), np.concatenate([old_rows, new_rows])

    def between(self, since: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the steps after ``since`` up to and with ``until``, oldest first."""
        steps, rows = self.since(since)
        if len(steps) == 0 or steps[-1] <= until:
            return steps, rows
        end = np.searchsorted(steps, until, side="right")
        return steps[:end], rows[:end]

    def resized(self, capacity: int) -> Ring:
        """Make a ring of another capacity with the newest of these rows."""
        other = Ring(capacity, self._rows.shape[1], self._rows.dtype)
        other.append(*self.since(-1))
        return other

    def clear(self) -> None:
        """Forget all rows, keep the room."""
        self._start = self._count = 0
