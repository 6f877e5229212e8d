"""Where curves are computed: points of a person, a line or a plane through a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

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
    count = n_points or (LINE_POINTS if len(directions) == 1 else PLANE_POINTS)
    if count < 2:
        raise ValidationError(f"a line takes two points or more; got {count}", attr="n_points")
    line = np.linspace(-radius, radius, count)
    axes = (line,) * len(directions)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return axes, directions, base + grid @ directions


def _checked(points: Any, space: Space) -> np.ndarray:
    points = np.asarray(points, float)
    if points.ndim == 1 and space.dimensions == 1:
        points = points[:, None]
    if points.ndim < 1 or points.shape[-1] != space.dimensions:
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
    vector = np.asarray(given, float)
    if vector.shape != (space.dimensions,) or not np.isfinite(vector).all():
        raise ValidationError(
            f"{space.name!r} has {space.dimensions} dimensions: takes as many finite "
            f"numbers; got {given!r}",
            attr=attr,
        )
    return vector
