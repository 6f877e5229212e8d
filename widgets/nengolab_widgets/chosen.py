"""Choosing dimensions or neurons by writing: ``0, 3, 8:12``."""

from __future__ import annotations

import re
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.exceptions import ValidationError

_PART = re.compile(r"(\d*)\s*(?::\s*(\d*)\s*(?::\s*(\d+))?)?")
HINT = "such as 0, 3, 8:12; empty: all"


def read_chosen(text: str, size: int, name: str, most: int | None = None) -> tuple[int, ...]:
    """Understand which of ``size`` things are meant.

    Parameters
    ----------
    text : str
        Numbers and ranges as Python writes them, with commas between. Empty means all.
    size : int
        How many there are.
    name : str
        Of the setting, for errors.
    most : int, optional
        How many may be chosen.

    Raises
    ------
    ValidationError
        Says what would work.
    """
    chosen: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        chosen += _read_part(part, size, name)
    result = tuple(dict.fromkeys(chosen)) if text.strip() else tuple(range(size))
    if not result:
        raise ValidationError(f"{name} chooses nothing: {text!r}", name)
    if most is not None and len(result) > most:
        raise ValidationError(
            f"{name} must choose at most {most}, got {len(result)}: write {most} or fewer, "
            f"such as 0:{most}",
            name,
        )
    return result


def _read_part(part: str, size: int, name: str) -> list[int]:
    match = _PART.fullmatch(part)
    if match is None or part == "":
        raise ValidationError(f"{name} must be {HINT}; got {part!r}", name)
    if ":" not in part:
        index = int(match[1])
        if index >= size:
            raise ValidationError(f"{name} must be from 0 to {size - 1}, got {index}", name)
        return [index]
    start, stop, step = (int(number) if number else None for number in match.groups())
    if step == 0:
        raise ValidationError(f"{name}: the step of a range cannot be 0, got {part!r}", name)
    return list(range(size))[slice(start, stop, step)]


def size_of(obj: Any) -> int:
    """Count the values of what can be probed without more said; 0 of anything else."""
    base = obj.obj if isinstance(obj, ObjView) else obj
    if isinstance(base, nengo.Probe):
        return base.size_in
    known = nengo.Ensemble | nengo.Node | nengo.Connection | nengo.ensemble.Neurons
    return obj.size_out if isinstance(base, known) else 0


def numbered(what: str, chosen: tuple[int, ...]) -> list[str]:
    """Name chosen things: in full where they are few."""
    return [f"{what} {i}" if len(chosen) <= 4 else str(i) for i in chosen]
