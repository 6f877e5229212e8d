"""What is laid over parameters while a network runs, and taken off again: lesions, cuts, pauses.

The values below stay what they are, so that nothing has to be remembered to put them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# What covers are for ("lesion", "cut", "still"), and of which object.
Key = tuple[str, Any]


@dataclass(frozen=True, eq=False)
class Cover:
    """Elements of an array that count as something else.

    Attributes
    ----------
    fill : float
    rows : ndarray of bool or None
        Which elements along the first axis; None for all.
    """

    fill: float
    rows: np.ndarray | None = None

    def over(self, value: np.ndarray) -> np.ndarray:
        """``value`` as it is computed with."""
        if self.rows is None:
            return np.full(np.shape(value), self.fill)
        covered = np.array(value, float)
        covered[self.rows] = self.fill
        return covered


class Effects:
    """All covers of a simulator, by what they are for; shared by all of its compiled forms.

    Attributes
    ----------
    given : dict
        Synapses and gains that are other ones than those built, by ``(object, role)``: what no
        array holds as a person says it.
    built : dict
        Synapses that were built, of objects that were given others since, by the same.
    touched : set of str
        Parameters over which something was laid at any time.
    """

    def __init__(self) -> None:
        self.given: dict[Any, Any] = {}
        self.built: dict[Any, Any] = {}
        self.touched: set[str] = set()
        self._covers: dict[Key, Mapping[str, Cover]] = {}
        self._by_name: dict[str, list[Cover]] = {}

    def on(self, name: str, value: np.ndarray) -> np.ndarray:
        """A parameter's value with all that is laid over it."""
        for cover in self._by_name.get(name, ()):
            value = cover.over(value)
        return value

    def of(self, key: Key) -> Mapping[str, Cover]:
        """The covers that were laid for something, by parameter."""
        return self._covers.get(key, {})

    def lay(self, key: Key, covers: Mapping[str, Cover]) -> set[str]:
        """Lay covers in place of those that were there for the same; names of what changes."""
        changed = {*self.of(key), *covers}
        self.touched |= changed
        rest = {other: laid for other, laid in self._covers.items() if other != key}
        self._covers = {**rest, key: dict(covers)} if covers else rest
        self._by_name = {}
        for laid in self._covers.values():
            for name, cover in laid.items():
                self._by_name.setdefault(name, []).append(cover)
        return changed

    def clear(self) -> None:
        """Take all off."""
        self._covers, self._by_name = {}, {}
        self.given.clear()

    @property
    def laid(self) -> dict[Key, Mapping[str, Cover]]:
        """All covers, as a value."""
        return dict(self._covers)
