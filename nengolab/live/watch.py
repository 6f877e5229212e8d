"""A condition that a run watches for, and stops at the very step in which it holds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from nengo.exceptions import SimulationError

from .probes import Feed, LiveProbe

# Times (s) ``(steps,)`` and samples ``(steps, size)`` of each probe -> whether it holds, by step.
Holds = Callable[[np.ndarray, list[np.ndarray]], np.ndarray]


class Watch:
    """Runs tiles up to the first step in which a condition holds.

    Parameters
    ----------
    holds : callable
        The condition.
    probes : list of LiveProbe
        What it is about.
    own : list of LiveProbe
        Those of them that nobody else looks at.
    forget : callable
        Hears that these are needed no more.
    feeds : list of Feed
        The owner's side of them.

    Attributes
    ----------
    held : bool
        Whether it has come to hold.
    """

    def __init__(
        self,
        holds: Holds,
        probes: list[LiveProbe],
        own: list[LiveProbe],
        forget: Callable[[list[LiveProbe]], None],
        feeds: list[Feed],
    ) -> None:
        self._holds, self.probes, self.own, self.forget = holds, probes, own, forget
        # With filters of their own: those of the plots are fed with what was kept of a tile.
        self._feeds = [Feed(feed.probe, feed.source, feed.dt) for feed in feeds]
        self.held = False

    @property
    def ready(self) -> bool:
        """Whether all that it reads is read out; raises where that cannot be."""
        for probe in self.probes:
            if probe.attached.done():
                probe.attached.result()
        return all(probe.attached.done() for probe in self.probes)

    def advance(self, sim: Any, steps: int) -> dict[Any, np.ndarray]:
        """Run that many steps, or fewer, if it holds before.

        It is found by running on and going back, unless something could not be put back.
        """
        careful = 1 if sim.not_restorable else steps
        before, done = (sim.state if careful > 1 else None), sim.n_steps
        data = sim.advance(careful)
        hits = np.flatnonzero(self._hits(data, done, sim.n_steps, sim.dt))
        self.held = len(hits) > 0
        needed = int(hits[0]) + 1 if self.held else careful
        if needed < careful:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sim.state = before
            data = sim.advance(needed)
        return data

    def _hits(self, data: dict[Any, np.ndarray], done: int, last: int, dt: float) -> np.ndarray:
        samples: list[np.ndarray] = []
        for feed in self._feeds:
            if feed.source not in data:
                return np.zeros(last - done, bool)
            steps, values = feed.samples(data[feed.source], done + 1, last)
            if len(steps) != last - done:
                raise SimulationError(
                    f"{feed.probe.label!r} is sampled every {feed.probe.sample_every} s; a "
                    "condition needs every step"
                )
            samples.append(values)
        times = np.arange(done + 1, last + 1) * dt
        return np.asarray(self._holds(times, samples), bool)
