"""What is open, in which order and how large: a value, for undo and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nengo.exceptions import ValidationError

MOST_COLUMNS = 4
LEAST_HEIGHT, MOST_HEIGHT = 80, 1200


@dataclass(frozen=True)
class Size:
    """How large a plot is.

    Attributes
    ----------
    columns : int
        Columns of the grid that it takes, as far as there are so many.
    height : int or None
        CSS pixels of the drawing; None is as high as those beside it.
    """

    columns: int = 1
    height: int | None = None

    @classmethod
    def read(cls, columns: Any, height: Any) -> Size:
        """Check a size from a person, a page or a file.

        Raises
        ------
        ValidationError
            Says what would work.
        """
        _must_be_whole(columns, 1, MOST_COLUMNS, "columns")
        if height is not None:
            _must_be_whole(height, LEAST_HEIGHT, MOST_HEIGHT, "height")
        return cls(columns, height)


def _must_be_whole(value: Any, least: int, most: int, name: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise ValidationError(
            f"{name} must be a whole number from {least} to {most}, got {value!r}", name
        )


@dataclass(frozen=True)
class Shown:
    """One open panel; ``values`` are all its settings."""

    id: str
    kind: str
    obj: Any
    title: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    size: Size = Size()


@dataclass(frozen=True)
class Arrangement:
    """All open panels, in order, and the seconds that they show; and what stands beside them.

    ``source`` is what the network is made of: the text of a Lab of code, or an `Exhibit`.
    """

    window: float
    shown: tuple[Shown, ...] = ()
    aside: Shown | None = None
    source: Any = None
