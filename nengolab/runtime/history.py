"""What probes gave: every sample in memory, or the last one only.

(On disk: ``store.py``.) A history holds samples ``(samples, batch, size)`` in the order in which
they came. The ``shape`` that histories are made with is that of one sample, ``(batch, size)``;
where weights are probed, ``(batch, rows, columns)``.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Sampling:
    """The steps that a probe's ``sample_every`` keeps.

    Parameters
    ----------
    sample_every : float or None
        Seconds between two samples; None for every step.
    dt : float
        Length of a step (s).
    """

    def __init__(self, sample_every: float | None, dt: float):
        self.period = 1 if sample_every is None else sample_every / dt

    def pick(self, done: int, data: np.ndarray) -> np.ndarray:
        """What is kept of ``data``, whose first row is the step after ``done``."""
        if self.period == 1:
            return data
        return data[self.kept(np.arange(done + 1, done + 1 + len(data)))]

    def kept(self, steps: np.ndarray) -> np.ndarray:
        """For each step, whether it is kept."""
        return steps % self.period < 1


class Rows:
    """An array that grows at its end, in amortised constant time for each row.

    What was handed out never changes, whatever is appended or dropped later.
    """

    def __init__(self, shape: tuple[int, ...], dtype: str):
        self._buffer = np.empty((0, *shape), dtype)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def append(self, rows: np.ndarray) -> None:
        end = self._n + len(rows)
        if end > len(self._buffer):
            shape = (max(end, 2 * len(self._buffer)), *self._buffer.shape[1:])
            buffer = np.empty(shape, self._buffer.dtype)
            buffer[: self._n] = self.array()
            self._buffer = buffer
        self._buffer[self._n : end] = rows
        self._n = end

    def keep(self, first: int, last: int) -> None:
        """Drop all but the rows from ``first`` up to ``last``."""
        if (first, last) != (0, self._n):
            self._buffer = self._buffer[first:last].copy()
            self._n = len(self._buffer)

    def array(self) -> np.ndarray:
        """All rows, read-only."""
        view = self._buffer[: self._n]
        view.setflags(write=False)
        return view


class SampleBuffer(Protocol):
    """What a recording needs of the data of one probe."""

    def append(self, rows: np.ndarray) -> None:
        """Take further samples, ``(samples, batch, size)``."""

    def truncate(self, n: int) -> None:
        """Forget all but the first ``n`` samples."""

    def array(self) -> Any:
        """The samples, with the batch axis first or, where there is none, left out."""

    @property
    def n(self) -> int:
        """Samples that came and were not forgotten."""
        ...


def shown(rows: np.ndarray, batched: bool) -> np.ndarray:
    """``(samples, batch, size)`` as ``sim.data`` shows it."""
    return np.moveaxis(rows, 1, 0) if batched else rows[:, 0]


class InMemory:
    """Every sample."""

    def __init__(self, shape: tuple[int, ...], dtype: str, batched: bool):
        self._rows, self._batched = Rows(shape, dtype), batched

    @property
    def n(self) -> int:
        return len(self._rows)

    def append(self, rows: np.ndarray) -> None:
        self._rows.append(rows)

    def truncate(self, n: int) -> None:
        self._rows.keep(0, min(n, self.n))

    def array(self) -> np.ndarray:
        return shown(self._rows.array(), self._batched)


class LastSample:
    """The last sample only: ``keep_history=False``."""

    def __init__(self, shape: tuple[int, ...], dtype: str, batched: bool):
        self._last = np.empty((0, *shape), dtype)
        self._batched = batched
        self.n = 0

    def append(self, rows: np.ndarray) -> None:
        if len(rows):
            self._last = rows[-1:].copy()
            self._last.setflags(write=False)
            self.n += len(rows)

    def truncate(self, n: int) -> None:
        """Forget the sample where an earlier one would be the last: that one is gone."""
        if n < self.n:
            self._last, self.n = self._last[:0], n

    def array(self) -> np.ndarray:
        return shown(self._last, self._batched)
