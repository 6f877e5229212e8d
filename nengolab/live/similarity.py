"""Spec of how much a value is like each of some vectors, over time, and which it is like most."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from nengo.exceptions import ValidationError

from .frames import Arrays
from .heat import with_newest
from .probes import LiveProbe
from .ring import Ring
from .specs import StreamSpec, check_probe, check_seconds, new_id
from .tracks import Look, Track, ValueTrack

# The likest vectors are kept so many times a simulated second, so many of them.
WORDS_A_SECOND = 30.0
MOST_WORDS = 8


@dataclass(frozen=True, eq=False)
class Similarities(StreamSpec):
    """Dot products of a probe's value with vectors.

    They are made here and not on the page: lines are thinned to the extremes of each value in a
    column of pixels, and what is made of such extremes is no dot product any more.

    Parameters
    ----------
    probe : LiveProbe
    vectors : ndarray (n, size)
    shown : tuple of int
        Of which vectors there are lines.
    cosine : bool
        Divide by the lengths of both.
    window : float
        Seconds that the panel shows.
    """

    probe: LiveProbe
    vectors: np.ndarray
    shown: tuple[int, ...]
    cosine: bool = False
    window: float = 4.0
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")
        shape = np.shape(self.vectors)
        if len(shape) != 2 or shape[0] == 0 or shape[1] != self.probe.size:
            raise ValidationError(
                f"must be rows of {self.probe.size} values, as {self.probe.label!r} has them; "
                f"got the shape {shape}",
                "vectors",
                self,
            )

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def key(self) -> Hashable:
        content = hashlib.blake2b(np.ascontiguousarray(self.vectors).tobytes()).digest()
        return ("similarities", self.probe.id, content, self.shown, self.cosine)

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * len(self.shown)

    def make_track(self, dt: float) -> Track:
        return SimilarityTrack(self, dt)


class SimilarityTrack(ValueTrack):
    """Dot products with some vectors at each step; the likest of all vectors now and then."""

    def __init__(self, spec: Similarities, dt: float) -> None:
        super().__init__(spec.probe, dt, (0, len(spec.shown), 1))
        self._vectors = np.asarray(spec.vectors, dtype=float).T
        if spec.cosine:
            self._vectors = self._vectors / _lengths(self._vectors, axis=0)
        self._cosine, self._shown = spec.cosine, list(spec.shown)
        self._stride = max(1, round(1.0 / (WORDS_A_SECOND * dt)))
        self._n_words = min(MOST_WORDS, len(spec.vectors))
        # Index and similarity of each, side by side; the newest besides, for the end of a run.
        self._words = Ring(1, 2 * self._n_words)
        self._newest = Ring(1, 2 * self._n_words)

    @property
    def nbytes(self) -> int:
        return self._ring.nbytes + self._words.nbytes + self._newest.nbytes

    def widen(self, steps: int) -> None:
        super().widen(steps)
        rows = steps // self._stride + 1
        if rows > self._words.capacity:
            self._words = self._words.resized(rows)

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        if len(steps) == 0:
            return
        alike = values @ self._vectors
        if self._cosine:
            alike /= _lengths(values, axis=1)
        self._ring.append(steps, alike[:, self._shown])
        wanted = steps % self._stride == 0
        self._words.append(steps[wanted], self._likest(alike[wanted]))
        self._newest.append(steps[-1:], self._likest(alike[-1:]))

    def _likest(self, alike: np.ndarray) -> np.ndarray:
        order = np.argsort(-alike, axis=1, kind="stable")[:, : self._n_words]
        return np.hstack([order, np.take_along_axis(alike, order, axis=1)])

    def read(self, look: Look) -> Arrays:
        """Give lines ``t``, ``y``; and ``at`` instants the ``words``, each by index and amount."""
        lines = super().read(look)
        steps, rows = with_newest(self._words, self._newest, look)
        return [*lines, ("at", steps * self._dt), ("words", rows)]

    def clear(self) -> None:
        super().clear()
        self._words.clear()
        self._newest.clear()


def _lengths(vectors: np.ndarray, axis: int) -> np.ndarray:
    """Lengths to divide by: what has none is like nothing."""
    return np.maximum(np.linalg.norm(vectors, axis=axis, keepdims=True), np.finfo(float).tiny)
