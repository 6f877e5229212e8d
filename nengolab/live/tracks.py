"""What is kept of probes for panels: tracks, one for each kind of data."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from .filters import Recursion, rate_filter
from .frames import Arrays
from .probes import LiveProbe
from .ring import Ring
from .thin import thin_lines, thin_raster

FIRST_SPIKES = 4096
# Twelve bytes a spike: 4 million spikes are 48 MB.
MAX_SPIKES = 2**22

Span = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """What part of a track is wanted, and how fine.

    Attributes
    ----------
    since, until : int
        The steps after ``since`` up to and with ``until``.
    per_pixel : int
        Steps that share a column of pixels.
    height : int
        Pixels from top to bottom.
    """

    since: int
    until: int
    per_pixel: int
    height: int


class Track(ABC):
    """Recent data of one or more probes, at full rate.

    Attributes
    ----------
    probe_ids : frozenset of str
        Whose samples it takes.
    """

    probe_ids: frozenset[str]

    @abstractmethod
    def widen(self, steps: int) -> None:
        """Keep at least this many steps from now on."""

    @abstractmethod
    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples of a tile, ``(k,)`` step numbers and ``(k, size)`` values."""

    @abstractmethod
    def read(self, look: Look) -> Arrays:
        """Give a part, thinned to what pixels show."""

    @abstractmethod
    def clear(self) -> None:
        """Back to step 0."""

    @abstractmethod
    def cut(self, step: int) -> None:
        """Forget what came after a step."""

    def filters(self) -> Any:
        """What a filter remembers, as a value."""
        return None

    def put_filters(self, filters: Any) -> None:  # noqa: B027  # most have none
        """Let a filter remember this, or nothing."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory held, full or not."""


class ValueTrack(Track):
    """Some dimensions of a probe, every sample, filtered or as it is."""

    _filter: Recursion | None = None

    def __init__(self, probe: LiveProbe, dt: float, dims: Span) -> None:
        self.probe_ids = frozenset([probe.id])
        self._dt, self._dims = dt, slice_of(dims)
        self._every = max(1.0, (probe.sample_every or dt) / dt)
        self._ring = Ring(1, len(range(*dims)))

    @property
    def nbytes(self) -> int:
        return self._ring.nbytes

    def widen(self, steps: int) -> None:
        rows = math.ceil(steps / self._every) + 1
        if rows > self._ring.capacity:
            self._ring = self._ring.resized(rows)

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        self._ring.append(steps, values[:, self._dims])

    def read(self, look: Look) -> Arrays:
        steps, rows = thin_lines(*self._ring.between(look.since, look.until), look.per_pixel)
        return [("t", steps * self._dt), ("y", rows)]

    def clear(self) -> None:
        self._ring.clear()
        if self._filter is not None:
            self._filter.reset()

    def cut(self, step: int) -> None:
        self._ring.cut(step)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Copies of the step and the values of each sample."""
        steps, rows = self._ring.since(-1)
        return steps.copy(), rows.copy()

    def put_rows(self, steps: np.ndarray, rows: np.ndarray) -> None:
        """Have these samples, and no others."""
        self._ring.clear()
        self._ring.append(steps, rows)

    def filters(self) -> Any:
        return None if self._filter is None else self._filter.state.copy()

    def put_filters(self, filters: Any) -> None:
        if self._filter is not None:
            self._filter.reset()
            if filters is not None:
                self._filter.state = filters.copy()


class JoinedTrack(ValueTrack):
    """The values of several probes side by side, where all of them have a sample.

    ``picks`` chooses columns of what stands side by side; without it all are kept.
    """

    def __init__(self, probes: list[LiveProbe], dt: float, picks: list[int] | None = None) -> None:
        super().__init__(probes[0], dt, (0, 1, 1))
        self._order = list(dict.fromkeys(probe.id for probe in probes))
        self._columns = [probe.id for probe in probes]
        self._picks = slice(None) if picks is None else picks
        self.probe_ids = frozenset(self._order)
        width = sum(probe.size for probe in probes) if picks is None else len(picks)
        self._ring = Ring(1, width)
        self._waiting: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        self._waiting[probe_id] = (steps, values)
        if len(self._waiting) < len(self._order):
            return
        common = self._waiting[self._order[0]][0]
        for steps, _ in self._waiting.values():
            common = np.intersect1d(common, steps, assume_unique=True)
        parts = [self._waiting[probe_id] for probe_id in self._columns]
        self._waiting = {}
        rows = [values[np.searchsorted(steps, common)] for steps, values in parts]
        self._ring.append(common, np.hstack(rows)[:, self._picks])

    def clear(self) -> None:
        super().clear()
        self._waiting = {}


class RateTrack(ValueTrack):
    """Firing rates in Hz of some neurons, or their mean."""

    def __init__(self, probe: LiveProbe, dt: float, neurons: Span, tau: float, per: str) -> None:
        super().__init__(probe, dt, neurons)
        self._mean = per == "population"
        size = len(range(*neurons))
        width = 1 if self._mean else size
        # As a product the mean takes a tenth of the time.
        self._weights = np.full((size, 1), 1 / max(1, size), np.float32)
        self._ring = Ring(1, width)
        self._height = probe.spike_height if probe.kind == "spikes" else 1.0
        self._filter = rate_filter(tau, dt, width) if probe.kind == "spikes" else None

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        rates = values[:, self._dims]
        if self._mean:
            # The window is linear: filtering the mean is the mean of the filtered.
            rates = rates @ self._weights
        if self._height != 1.0:
            rates = rates / self._height
        if self._filter is not None:
            rates = self._filter(rates)
        self._ring.append(steps, rates)


class SpikeTrack(Track):
    """Step and neuron of each spike; grows with the activity, up to a limit."""

    def __init__(self, probe: LiveProbe, dt: float, neurons: Span) -> None:
        self.probe_ids = frozenset([probe.id])
        self._dt = dt
        self._neurons = slice_of(neurons)
        few = probe.size <= 2**16
        self._index = np.arange(probe.size, dtype=np.uint16 if few else np.uint32)[self._neurons]
        self._ring = Ring(FIRST_SPIKES, 1, np.uint32)
        self._window = 0
        self._last = 0

    @property
    def nbytes(self) -> int:
        return self._ring.nbytes

    def widen(self, steps: int) -> None:
        self._window = max(self._window, steps)

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        seen = values[:, self._neurons] > 0
        # Several times as fast as to ask for both indices.
        at, rows = np.divmod(np.flatnonzero(seen), max(1, seen.shape[1]))
        if len(steps):
            self._last = int(steps[-1])
        self._make_room(len(at))
        self._ring.append(steps[at], rows[:, None])

    def _make_room(self, new: int) -> None:
        if len(self._ring) + new <= self._ring.capacity:
            return
        kept, rows = self._ring.since(self._last - self._window)
        room = self._ring.capacity
        while room < 2 * (len(kept) + new) and room < MAX_SPIKES:
            room *= 2
        fresh = Ring(room, 1, np.uint32)
        fresh.append(kept, rows)
        fresh.known = self._ring.known
        self._ring = fresh

    def read(self, look: Look) -> Arrays:
        """Thin to one spike a pixel; ``n`` is how many it stands for."""
        steps, rows = self._ring.between(look.since, look.until)
        rows = rows[:, 0]
        shared = max(1, math.ceil(len(self._index) / max(1, look.height)))
        kept, counts = thin_raster(steps, rows, look.per_pixel, shared)
        return [
            ("t", steps[kept] * self._dt),
            ("i", self._index[rows[kept]]),
            ("n", np.minimum(counts, 255).astype(np.uint8)),
        ]

    def clear(self) -> None:
        self._ring.clear()
        self._last = 0

    def cut(self, step: int) -> None:
        self._ring.cut(step)
        self._last = min(self._last, step)


def slice_of(span: Span) -> slice:
    """Make the slice of a ``slice.indices`` result, also when it counts down."""
    start, stop, step = span
    return slice(start, None if stop < 0 else stop, step)
