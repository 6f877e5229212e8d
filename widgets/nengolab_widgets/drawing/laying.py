"""Where copies come to stand: as what was copied stood to each other, where it is free."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nengo.exceptions import ValidationError

from nengolab_widgets.narrowing import is_list_or_tuple

# The middle (x, y) of something in the drawing, its width and its height, in pixels at 100 %.
Box = tuple[float, float, float, float]
# What is in the way is left to the lower right, in such steps; between things is such a gap.
STEP, GAP, MOST_STEPS = 24.0, 6.0, 200


@dataclass(frozen=True)
class Copied:
    """A piece of source, and where what its variables hold stood in the drawing."""

    piece: str
    boxes: Mapping[str, Box]


def place_of(value: Any) -> tuple[float, float] | None:
    """Read a place as a page sends it; None is anywhere.

    Raises
    ------
    ValidationError
        For what is no place.
    """
    if value is None:
        return None
    x, y = _numbers(value, 2)
    return x, y


def boxes_of(value: Any) -> list[Box | None]:
    """Read boxes as a page sends them; None is what it does not show.

    Raises
    ------
    ValidationError
        For what is no list of boxes.
    """
    if value is None:
        return []
    if not is_list_or_tuple(value):
        raise ValidationError(f"must be a list of boxes, got {value!r}", "boxes")
    found: list[Box | None] = []
    for each in value:
        if each is None:
            found.append(None)
        else:
            x, y, width, height = _numbers(each, 4)
            found.append((x, y, width, height))
    return found


def _numbers(value: Any, count: int) -> list[float]:
    good = is_list_or_tuple(value) and len(value) == count
    if not good or not all(isinstance(each, int | float) for each in value):
        raise ValidationError(f"must be {count} numbers, got {value!r}", "place")
    return [float(each) for each in value]


def laid(
    boxes: Mapping[str, Box], at: tuple[float, float], taken: Iterable[Box]
) -> dict[str, tuple[float, float]]:
    """Put boxes around a point, as they stood, off what is there already.

    Parameters
    ----------
    boxes : mapping of str to Box
    at : tuple of float
        Where the middle of all of them is to be, or right below it.
    taken : iterable of Box

    Returns
    -------
    dict of str to tuple of float
        The middles.
    """
    if not boxes:
        return {}
    there = list(taken)
    left = min(x - width / 2 for x, _, width, _ in boxes.values())
    right = max(x + width / 2 for x, _, width, _ in boxes.values())
    top = min(y - height / 2 for _, y, _, height in boxes.values())
    bottom = max(y + height / 2 for _, y, _, height in boxes.values())
    dx, dy = at[0] - (left + right) / 2, at[1] - (top + bottom) / 2
    for _ in range(MOST_STEPS):
        moved = [(x + dx, y + dy, width, height) for x, y, width, height in boxes.values()]
        if not any(_touch(one, other) for one in moved for other in there):
            break
        dx, dy = dx + STEP, dy + STEP
    return {name: (x + dx, y + dy) for name, (x, y, _, _) in boxes.items()}


def _touch(one: Box, other: Box) -> bool:
    across = abs(one[0] - other[0]) < (one[2] + other[2]) / 2 + GAP
    return across and abs(one[1] - other[1]) < (one[3] + other[3]) / 2 + GAP


def renamed(variable: str, called: Mapping[str, str]) -> str:
    """What ``cells[0]`` is where ``cells`` has another name."""
    found = re.match(r"\w+", variable)
    root = "" if found is None else found[0]
    return called.get(root, root) + variable[len(root) :]
