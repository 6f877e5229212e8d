"""Values of settings: ranges, grids, and draws at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError

# A range is written with so many digits between its ends.
DIGITS = 4
# Draws for each combination that is wanted, before there are none left that differ.
TRIES = 1000


@dataclass(frozen=True)
class Range(Sequence[float]):
    """Values from one number to another, evenly apart, or by even factors.

    Its values are those of a grid; `draw` takes any number between the ends. Values between the
    ends have four digits. Where both ends are ints, so are all values.

    Parameters
    ----------
    low, high : float
    count : int
        Values of a grid.
    logarithmic : bool

    Raises
    ------
    ValidationError
        For ends that are no range, or no value.

    Examples
    --------
    >>> from nengolab.sweep import Range
    >>> list(Range(1e-4, 1e-2, 3, logarithmic=True))
    [0.0001, 0.001, 0.01]
    >>> list(Range(8, 64, 4, logarithmic=True)), list(Range(0.0, 1.0, 3))
    ([8, 16, 32, 64], [0.0, 0.5, 1.0])
    """

    low: float
    high: float
    count: int = 5
    logarithmic: bool = False

    def __post_init__(self) -> None:
        whole(self.count, "count", 1)
        ends = (self.low, self.high)
        if not all(math.isfinite(end) for end in ends) or not self.low < self.high:
            raise ValidationError(
                f"must go from a number to a larger one, got {self.low!r} to {self.high!r}",
                attr="range",
            )
        if self.logarithmic and self.low <= 0:
            raise ValidationError(
                f"goes by factors only from a number above 0, got {self.low!r}", attr="range"
            )

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def at(self, share: float) -> float:
        """The value at a share of the way, 0 to 1."""
        if self.logarithmic:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + (self.high - self.low) * share
        return round(value) if self.is_whole else float(f"{value:.{DIGITS}g}")

    @property
    def values(self) -> list[float]:
        """Those of a grid, each once."""
        if self.count == 1:
            return [self.low]
        between = [self.at(i / (self.count - 1)) for i in range(1, self.count - 1)]
        return list(dict.fromkeys([self.low, *between, self.high]))

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[float]: ...
    def __getitem__(self, index: int | slice) -> float | Sequence[float]:
        return self.values[index]


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of values, the last name varying fastest.

    Examples
    --------
    >>> from nengolab.sweep import grid
    >>> grid({"a": [1, 2], "b": ["x"]})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
    """
    _check(values)
    return [dict(zip(values, c, strict=True)) for c in itertools.product(*values.values())]


def draw(values: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Combinations drawn at random, no two alike.

    Parameters
    ----------
    values : Mapping of str to sequence or Range
        Of a `Range` any number between its ends is drawn, of others one of the values.
    count : int
    seed : int
        The same one gives the same combinations.

    Raises
    ------
    ValidationError
        Where there are fewer combinations.

    Examples
    --------
    >>> from nengolab.sweep import Range, draw
    >>> drawn = draw({"rate": Range(1e-4, 1e-1, logarithmic=True), "a": [1, 2]}, 3, seed=0)
    >>> len(drawn), all(1e-4 <= one["rate"] <= 1e-1 for one in drawn)
    (3, True)
    """
    _check(values)
    whole(count, "count", 1)
    rng = np.random.default_rng(whole(seed, "seed", 0))
    found: list[dict[str, Any]] = []
    most = math.prod(_different(v) for v in values.values())
    if count > most:
        raise ValidationError(
            f"{count} are wanted, but there are only {most} combinations of these values",
            attr="count",
        )
    for _ in range(TRIES * count):
        one = {name: _drawn(v, rng) for name, v in values.items()}
        if one not in found:
            found.append(one)
        if len(found) == count:
            return found
    raise ValidationError(
        f"{count} are wanted, but only {len(found)} that differ were found: take wider ranges",
        attr="count",
    )


def _drawn(values: Sequence[Any], rng: np.random.Generator) -> Any:
    if isinstance(values, Range):
        return values.at(rng.uniform())
    return values[int(rng.integers(len(values)))]


def _different(values: Sequence[Any]) -> float:
    """How many values can be drawn."""
    if isinstance(values, Range):
        return round(values.high - values.low) + 1 if values.is_whole else math.inf
    return len({repr(v) for v in values})


def _check(values: Mapping[str, Sequence[Any]]) -> None:
    for name, own in values.items():
        if isinstance(own, (str, bytes)) or not isinstance(own, (Sequence, np.ndarray, range)):
            raise ValidationError(
                f"the values of {name!r} must be a sequence, got {own!r}; one value is [{own!r}]",
                attr="settings",
            )
        if not len(own):
            raise ValidationError(f"{name!r} has no values: there are no settings", attr="settings")
