"""Tuning curves: how fast each neuron fires where the ensemble represents a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.inspect.points import LINE_POINTS, Direction, chosen, numbers
from nengolab.inspect.populations import Population, population
from nengolab.inspect.source import When


@dataclass(frozen=True, eq=False)
class Curves:
    """Firing rates of neurons over points.

    Attributes
    ----------
    population : Population
    axes : tuple of ndarray
        Coordinates along each direction: one array for a line, two for a plane, none for points
        that were given.
    directions : ndarray
        ``(axes, dimensions)``, of length 1.
    points : ndarray
        ``(..., dimensions)``: a line, a grid, or the points as they were given.
    rates : ndarray
        ``(..., neurons)``.

    Examples
    --------
    >>> curves = nengolab.inspect.tuning_curves(sim, ensemble)
    >>> curves.rates.max() > 200, curves.saturated.tolist()
    (np.True_, [])
    """

    population: Population
    axes: tuple[np.ndarray, ...]
    directions: np.ndarray
    points: np.ndarray
    rates: np.ndarray

    units: ClassVar[dict[str, str]] = {"rates": "Hz", "points": "represented value"}

    @property
    def silent(self) -> np.ndarray:
        """Neurons that fire at none of these points."""
        return np.flatnonzero((self._by_point <= 0).all(axis=0))

    @property
    def saturated(self) -> np.ndarray:
        """Neurons that fire at all of these points, as fast to a hundredth: they tell nothing."""
        rates = self._by_point
        most, least = rates.max(axis=0), rates.min(axis=0)
        return np.flatnonzero((least > 0) & (most - least <= 0.01 * most))

    @property
    def _by_point(self) -> np.ndarray:
        return self.rates.reshape(-1, self.population.n_neurons)


def tuning_curves(
    source: Any,
    ens: nengo.Ensemble | str | None = None,
    points: Any = None,
    *,
    along: Direction | tuple[Direction, Direction] | None = None,
    at: Any = None,
    n_points: int | None = None,
    when: When = "now",
    item: int | None = None,
) -> Curves:
    """Compute how fast each neuron fires where the ensemble represents a value.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator, nengolab.Simulator or Population
        As in `population`; or what that gave.
    ens : nengo.Ensemble or str, optional
        Of a Population there is none to name.
    points : array_like, optional
        ``(..., dimensions)``: at these points.
    along : int, vector, or tuple of two of them, optional
        Along an axis or a direction, or on the plane of two directions, from minus to plus the
        radius. Default: the line or plane that an ensemble of one or two dimensions has; axis 0
        of one that has more.
    at : array_like, optional
        ``(dimensions,)``: a point of the line or plane. Default: 0.
    n_points : int, optional
        Along each direction; default 101 on a line, 41 on a plane.
    when : {"now", "built"}
        After training, learning and setting, or before.
    item : int, optional
        Of the batch, where encoders are learned online.

    Raises
    ------
    UnknownObject
        For what is not in the network.
    ValidationError
        For what is no ensemble with neurons, and neurons with NaN; for points or directions of
        another size.

    Examples
    --------
    >>> curves = nengolab.inspect.tuning_curves(net, ensemble)
    >>> curves.points.shape, curves.rates.shape
    ((101, 1), (101, 20))
    """
    neurons = _read(source, ens, when, item)
    place = chosen(neurons, points, along, at, n_points, neurons.radius)
    return _curves(neurons, *place)


def response_curves(
    source: Any,
    ens: nengo.Ensemble | str | None = None,
    points: Any = None,
    *,
    when: When = "now",
    item: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute how fast each neuron fires for what it is given along its own encoder.

    Raises as `tuning_curves` does.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator, nengolab.Simulator or Population
        As in `population`; or what that gave.
    ens : nengo.Ensemble or str, optional
        Of a Population there is none to name.
    points : array_like, optional
        ``(points,)``, in radii; default: 101 from -1 to 1.
    when : {"now", "built"}
        After training, learning and setting, or before.
    item : int, optional
        Of the batch, where encoders are learned online.

    Returns
    -------
    points : ndarray
        ``(points,)``.
    rates : ndarray
        ``(points, neurons)``, in Hz.

    Examples
    --------
    >>> points, rates = nengolab.inspect.response_curves(net, ensemble)
    >>> rates.shape
    (101, 20)
    """
    neurons = _read(source, ens, when, item)
    line = np.linspace(-1, 1, LINE_POINTS) if points is None else numbers(points, "points")
    if line.ndim != 1 or not len(line):
        raise ValidationError(
            f"takes a list of numbers, in radii; got an array of shape {line.shape}", attr="points"
        )
    given = np.broadcast_to(line[:, None], (len(line), neurons.n_neurons))
    return line, neurons.along_encoders(given)


def _read(
    source: Any, ens: nengo.Ensemble | str | None, when: When, item: int | None
) -> Population:
    if isinstance(source, Population):
        return source
    if ens is None:
        raise ValidationError("name the ensemble to look at", attr="ens")
    found = population(source, ens, when, item)
    found.check_finite()
    return found


def _curves(neurons: Population, axes: tuple, directions: np.ndarray, points: np.ndarray) -> Curves:
    flat = points.reshape(-1, neurons.dimensions)
    rates = neurons.rates(flat).reshape(*points.shape[:-1], neurons.n_neurons)
    return Curves(neurons, axes, directions, points, rates)
