"""Specs of samples as they are: for what relates values to each other, or counts them.

Lines may be thinned to the extremes of each pixel, value by value. What draws one value against
another, or makes statistics, needs rows that the engine had.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from nengo.exceptions import ValidationError

from .frames import Arrays
from .plots import RasterSpec
from .probes import LiveProbe
from .specs import StreamSpec, check_probe, check_seconds, new_id
from .thin import thin_raster
from .tracks import JoinedTrack, Look, Span, SpikeTrack, Track, ValueTrack

Column = tuple[LiveProbe, int]


@dataclass(frozen=True, eq=False)
class Samples(StreamSpec):
    """Chosen values of one or more probes side by side, row by row as they were.

    Parameters
    ----------
    columns : tuple of (LiveProbe, int)
        Which value of which probe.
    window : float
        Seconds that the panel shows.
    whole : bool
        Every sample; otherwise every so many that there are two a pixel, and the newest.
    """

    columns: tuple[Column, ...]
    window: float = 4.0
    whole: bool = False
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValidationError("needs at least one value to show", "columns", self)
        for probe, column in self.columns:
            check_probe(self, probe)
            if not 0 <= column < probe.size:
                raise ValidationError(
                    f"{probe.label!r} has {probe.size} values, there is no number {column}",
                    "columns",
                    self,
                )
        check_seconds(self, "window")

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return tuple({probe.id: probe for probe, _ in self.columns}.values())

    @property
    def key(self) -> Hashable:
        return ("samples", self.whole, tuple((probe.id, i) for probe, i in self.columns))

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * len(self.columns)

    def make_track(self, dt: float) -> Track:
        probes = list(self.probes)
        starts = dict(
            zip(
                (probe.id for probe in probes),
                np.cumsum([0, *(probe.size for probe in probes[:-1])]).tolist(),
                strict=True,
            )
        )
        picks = [starts[probe.id] + i for probe, i in self.columns]
        return SampleTrack(probes, dt, picks, self.whole)


class SampleTrack(JoinedTrack):
    """Keeps rows as they are, and gives all of them or some."""

    def __init__(self, probes: list[LiveProbe], dt: float, picks: list[int], whole: bool) -> None:
        super().__init__(probes, dt, picks)
        self._whole = whole

    def read(self, look: Look) -> Arrays:
        steps, rows = self._ring.between(look.since, look.until)
        if not self._whole:
            wanted = steps % max(1, look.per_pixel // 2) == 0
            wanted[-1:] = True
            steps, rows = steps[wanted], rows[wanted]
        return [("t", steps * self._dt), ("y", rows)]


@dataclass(frozen=True, eq=False)
class Chosen(StreamSpec):
    """Lines of chosen values of one probe, which need not lie side by side.

    Parameters
    ----------
    probe : LiveProbe
    chosen : tuple of int
        Which of its values.
    window : float
        Seconds that the panel shows.
    """

    probe: LiveProbe
    chosen: tuple[int, ...]
    window: float = 4.0
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def key(self) -> Hashable:
        return ("chosen", self.probe.id, self.chosen)

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * len(self.chosen)

    def make_track(self, dt: float) -> Track:
        return ChosenTrack(self.probe, dt, self.chosen)


class ChosenTrack(ValueTrack):
    """Chosen values of a probe, thinned as lines are."""

    def __init__(self, probe: LiveProbe, dt: float, chosen: tuple[int, ...]) -> None:
        super().__init__(probe, dt, (0, len(chosen), 1))
        self._dims = np.array(chosen)


@dataclass(frozen=True, eq=False)
class Spikes(RasterSpec):
    """Spikes of each neuron by itself, however many there are.

    Parameters
    ----------
    whole : bool
        Every spike; otherwise one of each neuron and pixel column, and how many it stands for.
    """

    whole: bool = False

    @property
    def key(self) -> Hashable:
        return ("all spikes", self.probe.id, self._span, self.whole)

    def make_track(self, dt: float) -> Track:
        return EachSpikeTrack(self.probe, dt, self._span, self.whole)


class EachSpikeTrack(SpikeTrack):
    """Spikes, of which no two neurons share a row."""

    def __init__(self, probe: LiveProbe, dt: float, neurons: Span, whole: bool) -> None:
        super().__init__(probe, dt, neurons)
        self._whole = whole

    def read(self, look: Look) -> Arrays:
        steps, rows = self._ring.between(look.since, look.until)
        rows = rows[:, 0]
        kept, counts = thin_raster(steps, rows, 1 if self._whole else look.per_pixel)
        return [("t", steps[kept] * self._dt), ("i", self._index[rows[kept]]), ("n", counts)]
