"""Spec of how active objects are: one number each, as it is now."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from nengo.exceptions import ValidationError

from .frames import Arrays
from .probes import LiveProbe
from .specs import StreamSpec, check_probe, check_seconds, new_id
from .tracks import Look, Track

# Length (s) of the exponential window in which spikes are counted, and values averaged.
TAU = 0.1
# What lies further back, in such lengths, counts for less than a thousandth.
REACH = 8.0


@dataclass(frozen=True, eq=False)
class Activity(StreamSpec):
    """The mean firing rate (Hz) of neurons, and the size of anything else's value.

    Both are seen through an exponential window of 0.1 s. The size of a value is its Euclidean norm.
    Frames hold the newest of each as ``y``, as ``of`` which is which, and as ``rate`` 1 for rates.

    Parameters
    ----------
    watched : tuple of (int, LiveProbe)
        Probes, and by what number a page knows what they see. Of several with one number it is the
        mean that counts.
    window : float
        Seconds that plots beside it show.
    """

    # A colour that changes more often is not seen better, and each change paints the network.
    period: ClassVar[float] = 0.1
    watched: tuple[tuple[int, LiveProbe], ...]
    window: float = 4.0
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        if not self.watched:
            raise ValidationError("needs at least one probe to watch", "watched", self)
        for _, probe in self.watched:
            check_probe(self, probe)
        check_seconds(self, "window")

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return tuple({probe.id: probe for _, probe in self.watched}.values())

    @property
    def key(self) -> Hashable:
        return ("activity", tuple((number, probe.id) for number, probe in self.watched))

    @property
    def bytes_a_step(self) -> float:
        return 0.0

    def make_track(self, dt: float) -> Track:
        return ActivityTrack(self, dt)


class ActivityTrack(Track):
    """The newest activity of each number; there is no past."""

    def __init__(self, spec: Activity, dt: float) -> None:
        self._dt = dt
        self._numbers = sorted({number for number, _ in spec.watched})
        self._meters = {probe.id: _Meter(probe, dt) for probe in spec.probes}
        self.probe_ids = frozenset(self._meters)
        self._of = [
            [probe.id for number, probe in spec.watched if number == wanted]
            for wanted in self._numbers
        ]
        neurons = [all(self._meters[i].of_neurons for i in ids) for ids in self._of]
        self._rates = np.array(neurons, np.uint8)
        self._last = 0

    @property
    def nbytes(self) -> int:
        return 8 * len(self._meters)

    def widen(self, steps: int) -> None:
        """There is no more to keep."""

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        if len(steps):
            self._meters[probe_id].take(values)
            self._last = int(steps[-1])

    def read(self, look: Look) -> Arrays:
        if self._last == 0:
            return []
        # What is still being compiled has nothing to say yet.
        started = [all(self._meters[i].started for i in ids) for ids in self._of]
        means = [np.mean([self._meters[i].now for i in ids]) for ids in self._of]
        return [
            ("t", np.array([self._last * self._dt])),
            ("of", np.array(self._numbers, np.uint32)[started]),
            ("y", np.array(means, np.float32)[started]),
            ("rate", self._rates[started]),
        ]

    def clear(self) -> None:
        self._last = 0
        for meter in self._meters.values():
            meter.clear()

    def cut(self, step: int) -> None:
        """Go back to a step; what was then comes by `put_filters`."""
        self._last = min(self._last, step)

    def filters(self) -> dict[str, float | None]:
        """Give the activity of each probe, None of one that has seen nothing."""
        return {i: m.now if m.started else None for i, m in self._meters.items()}

    def put_filters(self, filters: Any) -> None:
        """Have each probe's activity as it was."""
        for probe_id, meter in self._meters.items():
            meter.clear()
            if filters is not None and (now := filters.get(probe_id)) is not None:
                meter.now, meter.started = now, True


class _Meter:
    """What one probe makes of each tile: one number, by products alone."""

    def __init__(self, probe: LiveProbe, dt: float) -> None:
        self._scale = 1 / (max(1, probe.size) * (probe.spike_height if probe.is_spiking else 1.0))
        self.of_neurons = probe.kind in ("spikes", "rates")
        self._decay = float(np.exp(-dt / TAU))
        self._most = max(1, round(REACH * TAU / dt))
        self._weights = np.zeros(0)
        self.now, self.started = 0.0, False

    def take(self, values: np.ndarray) -> None:
        values = values[-self._most :]
        if self.of_neurons:
            sizes = values.sum(axis=1) * self._scale
        else:
            sizes = np.linalg.norm(values, axis=1)
        n = len(sizes)
        self.started = True
        if len(self._weights) < n:
            # The newest has the largest.
            self._weights = (1 - self._decay) * self._decay ** np.arange(n)[::-1]
        self.now = self.now * self._decay**n + float(self._weights[-n:] @ sizes)

    def clear(self) -> None:
        self.now, self.started = 0.0, False
