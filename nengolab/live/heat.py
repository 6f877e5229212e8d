"""Specs of images: many values over time as rows of colour, or one array as pixels."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from nengo.exceptions import ValidationError

from .filters import rate_filter
from .frames import Arrays
from .probes import LiveProbe
from .ring import Ring
from .specs import StreamSpec, check_probe, check_seconds, new_id
from .thin import thin_means
from .tracks import Look, Track, ValueTrack

# Rows of an image over time: what lies above is shown as means of neighbours. A plot is 140 CSS
# pixels high; where the screen has fewer lines than there are rows, the page draws means.
MOST_ROWS = 200
# Pictures a second that are kept of a value that is an image itself.
PICTURES = 60.0
MOST_PIXELS = 2**16


@dataclass(frozen=True, eq=False)
class Heat(StreamSpec):
    """Many values over time, a row each; of very many each row is the mean of neighbours.

    Frames hold the mean over the steps of each pixel column.

    Parameters
    ----------
    probe : LiveProbe
    window : float
        Seconds that the panel shows.
    chosen : tuple of int, optional
        Which values; by default all.
    tau : float, optional
        Of the output of neurons: show firing rates (Hz), seen through an exponential window of
        this length (s) where they spike, as `RatesSpec` does.
    """

    probe: LiveProbe
    window: float = 4.0
    chosen: tuple[int, ...] | None = None
    tau: float | None = None
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")
        if self.tau is not None:
            check_seconds(self, "tau")

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def columns(self) -> tuple[int, ...]:
        """The values that are shown, in order."""
        return tuple(range(self.probe.size)) if self.chosen is None else self.chosen

    @property
    def per_row(self) -> int:
        """How many values share a row."""
        return max(1, math.ceil(len(self.columns) / MOST_ROWS))

    @property
    def key(self) -> Hashable:
        return ("heat", self.probe.id, self.chosen, self.tau)

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * math.ceil(len(self.columns) / self.per_row)

    def make_track(self, dt: float) -> Track:
        return HeatTrack(self, dt)


class HeatTrack(ValueTrack):
    """Rows of an image over time."""

    def __init__(self, spec: Heat, dt: float) -> None:
        columns = np.array(spec.columns)
        self._starts = np.arange(0, len(columns), spec.per_row)
        self._counts = np.diff(np.append(self._starts, len(columns)))
        super().__init__(spec.probe, dt, (0, len(self._starts), 1))
        self._dims = columns
        self._scale = 1.0
        if spec.tau is not None and spec.probe.kind == "spikes":
            self._scale = 1.0 / spec.probe.spike_height
            self._filter = rate_filter(spec.tau, dt, len(self._starts))

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        rows = values[:, self._dims]
        if len(self._starts) < len(self._dims):
            # The window is linear: filtering the mean is the mean of the filtered.
            rows = np.add.reduceat(rows, self._starts, axis=1) / self._counts
        if self._filter is not None:
            rows = self._filter(rows * self._scale)
        self._ring.append(steps, rows)

    def read(self, look: Look) -> Arrays:
        steps, rows = thin_means(*self._ring.between(look.since, look.until), look.per_pixel)
        return [("t", steps * self._dt), ("y", rows)]


@dataclass(frozen=True, eq=False)
class Pictures(StreamSpec):
    """All values of a probe as one picture, at most sixty times a simulated second.

    Parameters
    ----------
    probe : LiveProbe
    window : float
        Seconds that can be looked back.
    """

    probe: LiveProbe
    window: float = 4.0
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")
        if self.probe.size > MOST_PIXELS:
            raise ValidationError(
                f"{self.probe.label!r} has {self.probe.size} values, more than the "
                f"{MOST_PIXELS} of which pictures are sent",
                "probe",
                self,
            )

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def key(self) -> Hashable:
        return ("pictures", self.probe.id)

    @property
    def bytes_a_step(self) -> float:
        # Of steps of 1 ms: the only place where dt is not known, and a bound is enough.
        return (8 + 4 * self.probe.size) * min(1.0, PICTURES * 1e-3)

    def make_track(self, dt: float) -> Track:
        return PictureTrack(self.probe, dt)


class PictureTrack(ValueTrack):
    """Every so many samples, and the newest one."""

    def __init__(self, probe: LiveProbe, dt: float) -> None:
        super().__init__(probe, dt, (0, probe.size, 1))
        self._stride = max(1, round(1.0 / (PICTURES * dt)))
        self._newest = Ring(1, probe.size)

    def widen(self, steps: int) -> None:
        super().widen(math.ceil(steps / self._stride))

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        wanted = steps % self._stride == 0
        self._ring.append(steps[wanted], values[wanted])
        self._newest.append(steps[-1:], values[-1:])

    def read(self, look: Look) -> Arrays:
        """Give the newest and, where more is asked for, those before it."""
        steps, rows = with_newest(self._ring, self._newest, look)
        return [("t", steps * self._dt), ("y", rows)]

    def clear(self) -> None:
        super().clear()
        self._newest.clear()


def with_newest(ring: Ring, newest: Ring, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """Give a part of what is kept now and then, and the newest row, which may lie behind it."""
    steps, rows = ring.between(look.since, look.until)
    last, row = newest.between(look.since, look.until)
    if len(last) and (len(steps) == 0 or last[0] > steps[-1]):
        return np.concatenate([steps, last]), np.concatenate([rows, row])
    return steps, rows
