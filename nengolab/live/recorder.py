"""Recent full-rate data of what is plotted, bounded by the plots' windows.

Listeners hold no data of their own, only the step up to which they were served;
all of them read from here. So a listener that does not acknowledge costs nothing,
and a snapshot for a reloaded page is one more read.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from nengo.exceptions import ValidationError

from .filters import rate_filter
from .plots import PlotSpec
from .probes import LiveProbe
from .ring import Ring
from .thin import steps_per_pixel, thin_lines, thin_raster

MAX_TRACK_BYTES = 64 * 2**20
FIRST_SPIKES = 4096
# Twelve bytes a spike: 4 million spikes are 48 MB.
MAX_SPIKES = 2**22

Arrays = list[tuple[str, np.ndarray]]


class Track(Protocol):
    """One kind of data of one probe, kept for a window of steps."""

    def widen(self, steps: int) -> None:
        """Keep at least this many steps from now on."""

    def record(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples of a tile."""

    def read(self, since: int, per_pixel: int, height: int) -> Arrays:
        """Thin what came after a step."""

    def clear(self) -> None:
        """Back to step 0."""

    nbytes: int


class ValueTrack:
    """Some dimensions of a probe, every sample."""

    def __init__(self, probe: LiveProbe, dt: float, dims: tuple[int, int, int]) -> None:
        self._dt = dt
        self._dims = slice_of(dims)
        self._every = max(1.0, (probe.sample_every or dt) / dt)
        self._ring = Ring(1, len(range(*dims)))

    @property
    def nbytes(self) -> int:
        """Memory held, full or not."""
        return self._ring.nbytes

    def widen(self, steps: int) -> None:
        """Keep at least this many steps from now on."""
        rows = math.ceil(steps / self._every) + 1
        if rows > self._ring.capacity:
            self._ring = self._ring.resized(rows)

    def record(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples of a tile."""
        self._ring.append(steps, values[:, self._dims])

    def read(self, since: int, per_pixel: int, height: int) -> Arrays:
        """Thin what came after a step to the extremes of each pixel."""
        steps, rows = thin_lines(*self._ring.since(since), per_pixel)
        return [("t", steps * self._dt), ("y", rows)]

    def clear(self) -> None:
        """Back to step 0."""
        self._ring.clear()


class RateTrack(ValueTrack):
    """Firing rates in Hz of some neurons, or their mean."""

    def __init__(
        self, probe: LiveProbe, dt: float, neurons: tuple[int, int, int], tau: float, per: str
    ) -> None:
        super().__init__(probe, dt, neurons)
        self._mean = per == "population"
        width = 1 if self._mean else len(range(*neurons))
        self._ring = Ring(1, width)
        self._height = probe.spike_height if probe.kind == "spikes" else 1.0
        self._filter = rate_filter(tau, dt, width) if probe.kind == "spikes" else None

    def record(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples of a tile and turn them into rates."""
        rates = values[:, self._dims]
        if self._mean:
            # The window is linear: filtering the mean is the mean of the filtered.
            rates = rates.mean(axis=1, keepdims=True)
        rates = rates / self._height
        if self._filter is not None:
            rates = self._filter(rates)
        self._ring.append(steps, rates)

    def clear(self) -> None:
        """Back to step 0."""
        super().clear()
        if self._filter is not None:
            self._filter.reset()


class SpikeTrack:
    """Step and neuron of each spike; grows with the activity, up to a limit."""

    def __init__(self, probe: LiveProbe, dt: float, neurons: tuple[int, int, int]) -> None:
        self._dt = dt
        self._neurons = slice_of(neurons)
        self._index = np.arange(probe.size, dtype=np.uint32)[self._neurons]
        self._ring = Ring(FIRST_SPIKES, 1, np.uint32)
        self._window = 0
        self._last = 0

    @property
    def nbytes(self) -> int:
        """Memory held, full or not."""
        return self._ring.nbytes

    def widen(self, steps: int) -> None:
        """Keep at least this many steps from now on."""
        self._window = max(self._window, steps)

    def record(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the spikes of a tile."""
        at, rows = np.nonzero(values[:, self._neurons] > 0)
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
        self._ring = fresh

    def read(self, since: int, per_pixel: int, height: int) -> Arrays:
        """Thin what came after a step to one spike a pixel."""
        steps, rows = self._ring.since(since)
        rows = rows[:, 0]
        shared = max(1, math.ceil(len(self._index) / max(1, height)))
        kept, counts = thin_raster(steps, rows, per_pixel, shared)
        return [
            ("t", steps[kept] * self._dt),
            ("i", self._index[rows[kept]]),
            ("n", counts),
        ]

    def clear(self) -> None:
        """Back to step 0."""
        self._ring.clear()
        self._last = 0


TRACKS = {"values": ValueTrack, "spikes": SpikeTrack, "rates": RateTrack}


class Recorder:
    """The tracks that the plots in use ask for.

    Parameters
    ----------
    dt : float
        Length of a step (s).
    """

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self._tracks: dict[tuple, Track] = {}

    @property
    def nbytes(self) -> int:
        """Memory held by all tracks."""
        return sum(track.nbytes for track in self._tracks.values())

    def hold(self, plots: list[PlotSpec]) -> None:
        """Keep what these plots need and nothing else.

        What another plot kept already stays.
        """
        wanted: dict[tuple, Track] = {}
        for plot in plots:
            track = wanted.get(plot.track) or self._tracks.get(plot.track)
            if track is None:
                kind, _, *options = plot.track
                track = TRACKS[kind](plot.probe, self.dt, *options)
            track.widen(window_steps(plot, self.dt))
            wanted[plot.track] = track
        self._tracks = wanted

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples that a probe saw in a tile."""
        for key, track in self._tracks.items():
            if key[1] == probe_id:
                track.record(steps, values)

    def read(self, plot: PlotSpec, since: int, width: int, height: int) -> Arrays:
        """Thin what a plot shows of the steps after ``since``."""
        per_pixel = steps_per_pixel(plot.window, width, self.dt)
        return self._tracks[plot.track].read(since, per_pixel, height)

    def clear(self) -> None:
        """Forget the past, as after a reset."""
        for track in self._tracks.values():
            track.clear()


def window_steps(plot: PlotSpec, dt: float) -> int:
    """Count the steps in a plot's window."""
    return max(1, round(plot.window / dt))


def check_room(plot: PlotSpec, dt: float) -> None:
    """Raise a ValidationError when a plot's window is more than is kept in memory."""
    if plot.kind == "raster" or plot.track[-1] == "population":
        return
    rows, width = window_steps(plot, dt), len(range(*plot.track[2]))
    need = rows * (8 + 4 * width)
    if need > MAX_TRACK_BYTES:
        raise ValidationError(
            f"{plot.window} s of {width} values of {plot.probe.label!r} are {need / 2**20:.0f} MB, "
            f"more than the {MAX_TRACK_BYTES // 2**20} MB kept of a plot; "
            "show a shorter window or fewer of them",
            "window",
            plot,
        )


def slice_of(span: tuple[int, int, int]) -> slice:
    """Make the slice of a ``slice.indices`` result, also when it counts down."""
    start, stop, step = span
    return slice(start, None if stop < 0 else stop, step)
