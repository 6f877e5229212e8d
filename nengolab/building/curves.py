"""Distributions as curves: where their values lie, and how densely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.stats
from nengo import dists
from nengo.dists import Distribution

from nengolab.dists import TruncatedNormal
from nengolab.exceptions import ValidationError

_DRAWN = 20000  # values, of a distribution that has no formula here
_BARS = 60
_FAR = 0.001  # of all values that lie beyond each end of the curve


@dataclass(frozen=True, eq=False)
class Curve:
    """A distribution of one value, as it is drawn.

    Attributes
    ----------
    x : np.ndarray
        Values, in order, ``(points,)``.
    density : np.ndarray
        Of each, ``(points,)``; its integral and the sum of ``mass`` make 1.
    at, mass : np.ndarray
        Single values and their probabilities, ``(n,)``.
    exact : bool
        Whether it is by formula; otherwise it is a histogram of values that were drawn.

    Examples
    --------
    >>> curve = nengolab.building.curve(nengo.dists.Choice([1, 2]))
    >>> curve.at, curve.mass
    (array([1., 2.]), array([0.5, 0.5]))
    """

    x: np.ndarray
    density: np.ndarray
    at: np.ndarray = field(default_factory=lambda: np.zeros(0))
    mass: np.ndarray = field(default_factory=lambda: np.zeros(0))
    exact: bool = True


def curve(dist: Any, dimensions: int = 1, component: int = 0, points: int = 201) -> Curve:
    """Where the values of a distribution lie: its density, and single values of their own mass.

    Parameters
    ----------
    dist : nengo.dists.Distribution or array_like
        Of an array the values are shown, ``(n,)`` or ``(n, dimensions)``.
    dimensions, component : int
        Of a vector one element is shown: the density of that alone.
    points : int

    Returns
    -------
    Curve

    Raises
    ------
    ValidationError
        For what is no distribution and no array of numbers.

    Examples
    --------
    >>> curve = nengolab.building.curve(nengo.dists.Uniform(-1, 3), points=5)
    >>> curve.x, curve.density
    (array([-1.,  0.,  1.,  2.,  3.]), array([0.25, 0.25, 0.25, 0.25, 0.25]))
    """
    if not isinstance(dist, Distribution):
        return _of_numbers(dist, component)
    for kind in type(dist).__mro__:
        if kind in _EXACT:
            found = _EXACT[kind](dist, dimensions, component, points)
            if found is not None:
                return found
            break
    return _drawn(dist, dimensions, component)


def _of_numbers(values: Any, component: int) -> Curve:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValidationError(
            f"only a distribution or an array of numbers has a curve, got {values!r} "
            f"({type(values).__name__}); try nengo.dists.Uniform(-1, 1)",
            attr="dist",
        ) from None
    numbers = numbers.reshape(len(numbers), -1) if numbers.ndim else numbers.reshape(1, 1)
    at, counts = np.unique(numbers[:, min(component, numbers.shape[1] - 1)], return_counts=True)
    if len(at) > _BARS:
        return _histogram(numbers[:, min(component, numbers.shape[1] - 1)])
    return Curve(np.zeros(0), np.zeros(0), at, counts / counts.sum())


def _drawn(dist: Any, dimensions: int, component: int) -> Curve:
    n = _DRAWN // max(1, dimensions // 16)
    values = np.asarray(dist.sample(n, dimensions, rng=np.random.RandomState(0)), dtype=float)
    return _histogram(values.reshape(n, -1)[:, component])


def _histogram(values: np.ndarray) -> Curve:
    at, counts = np.unique(values, return_counts=True)
    if len(at) <= _BARS // 2:
        return Curve(np.zeros(0), np.zeros(0), at, counts / counts.sum(), exact=False)
    heights, edges = np.histogram(values, bins=_BARS, density=True)
    return Curve(np.repeat(edges, 2)[1:-1], np.repeat(heights, 2), exact=False)


# -- by formula ------------------------------------------------------------------------------------


def _of_scipy(made: Any, points: int) -> Curve:
    x = np.linspace(made.ppf(_FAR), made.ppf(1 - _FAR), points)
    return Curve(x, made.pdf(x))


def _uniform(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    low, high = sorted((float(dist.low), float(dist.high)))
    if dist.integer:
        at = np.arange(low, high)
        return Curve(np.zeros(0), np.zeros(0), at, np.full(len(at), 1 / max(len(at), 1)))
    if low == high:
        return Curve(np.zeros(0), np.zeros(0), np.array([low]), np.ones(1))
    x = np.linspace(low, high, points)
    return Curve(x, np.full(points, 1 / (high - low)))


def _gaussian(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    return _of_scipy(scipy.stats.norm(dist.mean, dist.std), points)


def _truncated(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    limit = 2.0 if dist.limit is None else dist.limit / dist.stddev
    x = np.linspace(-limit, limit, points) * dist.stddev + dist.mean
    return Curve(x, scipy.stats.truncnorm(-limit, limit, dist.mean, dist.stddev).pdf(x))


def _exponential(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    """Clipped: what would be above ``high`` is at it."""
    if dist.high <= dist.shift:
        return Curve(np.zeros(0), np.zeros(0), np.array([float(dist.high)]), np.ones(1))
    made = scipy.stats.expon(dist.shift, dist.scale)
    x = np.linspace(dist.shift, min(dist.high, made.ppf(1 - _FAR)), points)
    beyond = float(made.sf(dist.high))
    if not np.isfinite(dist.high):
        return Curve(x, made.pdf(x))
    return Curve(x, made.pdf(x), np.array([float(dist.high)]), np.array([beyond]))


def _pdf(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    """Nengo's: half of each point's probability lies on each side of it, evenly to the next."""
    mass, width = np.diff(dist.cdf), np.diff(dist.x)
    if np.any(width <= 0):
        return _drawn(dist, 1, 0)
    ends = np.array([dist.cdf[0], 1 - dist.cdf[-1]])
    x = np.repeat(dist.x, 2)[1:-1]
    return Curve(x, np.repeat(mass / width, 2), np.array([dist.x[0], dist.x[-1]]), ends)


def _choice(dist: Any, dimensions: int, component: int, points: int) -> Curve | None:
    options = np.asarray(dist.options, dtype=float).reshape(len(dist.options), -1)
    if component >= options.shape[1]:
        return None
    weights = np.ones(len(options)) if dist.weights is None else np.asarray(dist.weights)
    at, where = np.unique(options[:, component], return_inverse=True)
    return Curve(np.zeros(0), np.zeros(0), at, np.bincount(where.ravel(), weights / weights.sum()))


def _samples(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    return _of_numbers(dist.samples, component)


def _with_pdf(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    low = -1.0 if isinstance(dist, dists.CosineSimilarity) else 0.0
    x = np.linspace(low, 1, points + 2)[1:-1]
    return Curve(x, np.asarray(dist.pdf(x)))


def _sequence(dist: Any, dimensions: int, component: int, points: int) -> Curve:
    return Curve(np.linspace(0, 1, points), np.ones(points))


def _sphere(dist: Any, dimensions: int, component: int, points: int) -> Curve | None:
    """An element of a vector that lies evenly in, or on, a sphere: ``(1 + x) / 2`` is Beta."""
    if isinstance(dist, dists.ScatteredHypersphere) and type(dist.base) is not (
        dists.QuasirandomSequence
    ):
        return None
    if dist.min_magnitude and not dist.surface:
        return None
    if dist.surface and dimensions == 1:
        return Curve(np.zeros(0), np.zeros(0), np.array([-1.0, 1.0]), np.full(2, 0.5))
    shape = (dimensions - 1) / 2 if dist.surface else (dimensions + 1) / 2
    x = np.linspace(-1, 1, points + 2)[1:-1]
    return Curve(x, scipy.stats.beta(shape, shape, loc=-1, scale=2).pdf(x))


_EXACT: dict[type, Callable[[Any, int, int, int], Curve | None]] = {
    dists.Uniform: _uniform,
    dists.Gaussian: _gaussian,
    TruncatedNormal: _truncated,
    dists.Exponential: _exponential,
    dists.PDF: _pdf,
    dists.Choice: _choice,
    dists.Samples: _samples,
    dists.SqrtBeta: _with_pdf,
    dists.CosineSimilarity: _with_pdf,
    dists.QuasirandomSequence: _sequence,
    dists.UniformHypersphere: _sphere,
    dists.ScatteredHypersphere: _sphere,
}
