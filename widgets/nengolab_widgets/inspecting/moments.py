"""How an array changed: its figures, and what it held, at moments that are kept within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import numpy as np

# What arrays held at all moments of a panel together, and most moments of one array: where there
# are more, every other one goes.
BYTES, MOST = 64 * 2**20, 1000
# So many entries tell how all are spread.
SAMPLE = 20_000
SHARES = (5, 25, 50, 75, 95)
# Rows of `figures_of`.
FIGURES = ("norm", "norm of the change", "mean", "deviation", *(f"{s} %" for s in SHARES))


@dataclass(frozen=True)
class Stamp:
    """When something was seen: simulated time (s), batches trained on, and by the clock (s)."""

    time: float = 0.0
    batches: int = 0
    clock: float = field(default_factory=monotonic)

    @classmethod
    def of(cls, sim: Any) -> Stamp:
        """Give how far a `nengolab.Simulator` has come."""
        return cls(float(sim.time), int(sim.n_batches))


@dataclass(eq=False)
class Moment:
    """An array at a moment; ``values`` are None where they had to make room."""

    number: int
    stamp: Stamp
    figures: np.ndarray
    values: np.ndarray | None

    @property
    def nbytes(self) -> int:
        """Memory that its values take."""
        return 0 if self.values is None else self.values.nbytes


class Moments:
    """Moments of one array, from when it was built.

    Parameters
    ----------
    built : ndarray
        What it was built with: the first moment, and what changes are counted from. It is held
        by whoever gives it, and takes no memory here.
    """

    def __init__(self, built: np.ndarray) -> None:
        self.built = np.asarray(built)
        first = figures_of(self.built, self.built)
        self._kept = [Moment(0, Stamp(), first, self.built)]
        self._last: np.ndarray | None = None
        self._number, self._batches_before = 1, 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Memory that all values take."""
        return sum(moment.nbytes for moment in self._kept[1:])

    def add(self, values: np.ndarray, stamp: Stamp, room: int = BYTES) -> None:
        """Keep what the array holds now, with no more than so many bytes of all values.

        Nothing where that is what it held last. Moments after a time that the run has gone back to
        are forgotten.
        """
        # In single precision, in which what is learned is computed.
        single = np.array(values, np.float32)
        last_seen = np.float32(self.built) if self._last is None else self._last
        if np.array_equal(single, last_seen, equal_nan=True):
            return
        self._last = single
        self._kept[1:] = [m for m in self._kept[1:] if m.stamp.time <= stamp.time]
        last = self._kept[-1].stamp.batches - self._batches_before
        if stamp.batches < last:  # compiled anew: an optimizer counts from 0
            self._batches_before += last
        stamp = replace(stamp, batches=stamp.batches + self._batches_before)
        self._kept.append(Moment(self._number, stamp, figures_of(values, self.built), single))
        self._number += 1
        if len(self._kept) > MOST:
            self._kept[1:-1] = self._kept[2:-1:2]
        self.fit(room)

    def fit(self, room: int) -> None:
        """Let values go, of every other moment, until they take no more than so many bytes."""
        while self.nbytes > room:
            whole = [moment for moment in self._kept[1:] if moment.values is not None]
            for moment in whole[:-1:2] or whole:
                moment.values = None

    # ---- what is told -------------------------------------------------------------------

    def find(self, number: int) -> Moment:
        """Give the moment of a number with values, or the nearest that has some."""
        whole = [moment for moment in self._kept if moment.values is not None]
        return min(whole, key=lambda moment: abs(moment.number - number))

    @property
    def axis(self) -> tuple[str, np.ndarray]:
        """What they are counted by, and where on that axis each lies.

        By batches where only training changed the array, by simulated time where only a run did,
        else by the clock.
        """
        stamps = [moment.stamp for moment in self._kept]
        times = np.array([s.time for s in stamps])
        batches = np.array([s.batches for s in stamps], float)
        clock = np.array([s.clock for s in stamps])
        # What it was built with is of no time: a later start of a run or a training is none.
        later = slice(1 if len(stamps) > 2 else 0, None)
        by_time, by_batches = bool(np.ptp(times[later])), bool(np.ptp(batches[later]))
        if by_batches and not by_time:
            return "batches of training", batches
        if by_time and not by_batches:
            return "simulated time (s)", times
        return "seconds since it was looked at", clock - clock[0]

    @property
    def numbers(self) -> np.ndarray:
        """Numbers of all moments."""
        return np.array([moment.number for moment in self._kept], np.uint32)

    @property
    def with_values(self) -> np.ndarray:
        """Numbers of those that have values."""
        found = [moment.number for moment in self._kept if moment.values is not None]
        return np.array(found, np.uint32)

    @property
    def figures(self) -> np.ndarray:
        """``(len(FIGURES), moments)``."""
        return np.stack([moment.figures for moment in self._kept], axis=1).astype(np.float32)

    def trace(self, at: tuple[int, ...]) -> np.ndarray:
        """Give an entry at each moment, or of a row its mean and its norm; NaN where none is kept.

        Returns
        -------
        ndarray
            ``(2, moments)``: what belongs beside the entries, and beside the norm.
        """
        found = np.full((2, len(self._kept)), np.nan, np.float32)
        for i, moment in enumerate(self._kept):
            if moment.values is not None:
                part = np.asarray(moment.values[at], float)
                found[:, i] = part.mean(), np.linalg.norm(part)
        return found


class Memory:
    """Moments of the arrays of one simulator, by name, within `BYTES`."""

    def __init__(self) -> None:
        self._source: Any = None
        self._of: dict[str, Moments] = {}

    @property
    def nbytes(self) -> int:
        """Memory that all values take."""
        return sum(moments.nbytes for moments in self._of.values())

    def see(self, source: Any, name: str, built: np.ndarray, values: np.ndarray) -> Moments:
        """Keep a moment of the array that is shown; what others held makes room for it."""
        if source is not self._source:
            self._source, self._of = source, {}
        moments = self._of.pop(name, None) or Moments(built)
        others = list(self._of.values())
        self._of[name] = moments  # the one that is shown comes last
        moments.add(values, Stamp.of(source))
        for other in others:
            if self.nbytes > BYTES:
                other.fit(0)
        return moments


def figures_of(values: np.ndarray, built: np.ndarray) -> np.ndarray:
    """Give `FIGURES` of an array; of a large one its spread is that of evenly chosen entries."""
    flat = np.ravel(values)
    if flat.size == 0:
        return np.full(len(FIGURES), np.nan)
    change = flat - np.ravel(built) if np.size(built) == flat.size else np.array([np.nan])
    some = flat[:: -(-flat.size // SAMPLE)]
    known = some[np.isfinite(some)]
    shares = np.percentile(known, SHARES) if known.size else np.full(len(SHARES), np.nan)
    middle = np.array([np.linalg.norm(flat), np.linalg.norm(change), flat.mean(), flat.std()])
    return np.concatenate([middle, shares])
