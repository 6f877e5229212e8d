"""Where curves are computed: points of a person, a line or a plane through a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError

LINE_POINTS, PLANE_POINTS = 101, 41
Direction = int | Sequence[float] | np.ndarray


class Space(Protocol):
    """What the points are of."""

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...


def chosen(
    space: Space, points: Any, along: Any, at: Any, n_points: int | None, radius: float
) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Axes, directions and points of what was asked for: points, or a line or plane.

    A line and a plane go from minus to plus ``radius`` about ``at``, which is 0 by default.

    Raises
    ------
    ValidationError
        For points or directions of another size, and for both at once.
    """
    if points is not None:
        if along is not None or at is not None or n_points is not None:
            raise ValidationError("takes points, or along, at and n_points", attr="points")
        return (), np.zeros((0, space.dimensions)), _checked(points, space)
    directions = _directions(along, space)
    base = np.zeros(space.dimensions) if at is None else _vector(at, space, "at")
    usual = LINE_POINTS if len(directions) == 1 else PLANE_POINTS
    count = usual if n_points is None else whole(n_points, "n_points", 2)
    line = np.linspace(-radius, radius, count)
    axes = (line,) * len(directions)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return axes, directions, base + grid @ directions


def on_sphere(
    dimensions: int,
    axes: tuple[int, int, int] = (0, 1, 2),
    radius: float = 1.0,
    n_points: int = PLANE_POINTS,
) -> np.ndarray:
    """Give the points of a sphere in three axes as they are seen from its front and its back.

    Parameters
    ----------
    dimensions : int
        Of the space; the axes that are not chosen are 0.
    axes : tuple of int
        Which lead to the right, up, and towards the eye.
    radius : float
    n_points : int
        From edge to edge.

    Returns
    -------
    points : ndarray
        ``(2, n_points, n_points, dimensions)``: front and back, at the same places of a square,
        along the first axis and along the second; NaN beyond the sphere's edge.

    Raises
    ------
    ValidationError
        For axes that are not three different ones of the space.

    Examples
    --------
    >>> points = nengolab.inspect.on_sphere(3, n_points=5)
    >>> points.shape
    (2, 5, 5, 3)
    >>> points[0, 2, 2], points[1, 2, 2]  # the middle of the front, and of the back
    (array([0., 0., 1.]), array([ 0.,  0., -1.]))
    """
    given = list(axes)
    known = all(isinstance(a, int | np.integer) and 0 <= a < dimensions for a in given)
    if not known or len(given) != 3 or len(set(given)) != 3:
        raise ValidationError(
            f"a sphere takes three axes of 0 to {dimensions - 1}, such as (0, 1, 2); got {axes!r}",
            attr="axes",
        )
    line = np.linspace(-radius, radius, n_points)
    x, y = np.meshgrid(line, line, indexing="ij")
    # The ends of the axes lie on the edge, whatever rounding says.
    left = radius**2 - x**2 - y**2
    left[np.abs(left) < 1e-9 * radius**2] = 0
    with np.errstate(invalid="ignore"):
        depth = np.sqrt(left)
    points = np.zeros((2, n_points, n_points, dimensions))
    for side, towards in enumerate((depth, -depth)):
        points[side][..., given] = np.stack([x, y, towards], axis=-1)
    points[np.isnan(points).any(axis=-1)] = np.nan
    return points


def numbers(given: Any, attr: str) -> np.ndarray:
    """What was given as an array of numbers.

    Raises
    ------
    ValidationError
        For what is none.
    """
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        raise ValidationError(f"takes an array of numbers; got {given!r}", attr=attr) from None


def _checked(points: Any, space: Space) -> np.ndarray:
    points = numbers(points, "points")
    if points.ndim == 1 and space.dimensions == 1:
        points = points[:, None]
    if points.ndim < 1 or points.shape[-1] != space.dimensions or not points.size:
        raise ValidationError(
            f"{space.name!r} has {space.dimensions} dimensions: points have the shape "
            f"(..., {space.dimensions}); got {points.shape}",
            attr="points",
        )
    return points


def _directions(along: Any, space: Space) -> np.ndarray:
    if along is None:
        along = (0, 1) if space.dimensions == 2 else 0
    pair = along if isinstance(along, tuple) and len(along) == 2 and _is_pair(along) else (along,)
    found = np.stack([_direction(one, space) for one in pair])
    if len(found) == 2 and np.linalg.matrix_rank(found) < 2:
        raise ValidationError(f"{along!r} is one direction twice: no plane", attr="along")
    return found


def _is_pair(along: tuple) -> bool:
    """Whether it is two directions, and not a direction of two numbers that are no axes."""
    return not any(isinstance(one, float) for one in along)


def _direction(one: Any, space: Space) -> np.ndarray:
    if isinstance(one, int | np.integer):
        if not 0 <= one < space.dimensions:
            raise ValidationError(
                f"{space.name!r} has the axes 0 to {space.dimensions - 1}; got {one}",
                attr="along",
            )
        return np.eye(space.dimensions)[one]
    vector = _vector(one, space, "along")
    length = np.linalg.norm(vector)
    if length == 0:
        raise ValidationError("a direction is not zero everywhere", attr="along")
    return vector / length


def _vector(given: Any, space: Space, attr: str) -> np.ndarray:
    vector = numbers(given, attr)
    if vector.shape != (space.dimensions,) or not np.isfinite(vector).all():
        raise ValidationError(
            f"{space.name!r} has {space.dimensions} dimensions: takes as many finite "
            f"numbers; got {given!r}",
            attr=attr,
        )
    return vector
