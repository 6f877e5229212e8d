"""Which objects of two networks are alike in all that they hold and are joined to.

Where several are, a pair is taken and their neighbours are told by it, so that what is symmetric
is matched the same way all through.
"""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import nengo
import numpy as np
from nengo.params import FrozenObject, iter_params

from nengolab.pointers import is_vocabulary, pointers_of

_NOT_ITS_OWN = {"label", "pre", "post", "target"}
_PLAIN = (str, bytes, int, float, complex, types.NoneType, np.generic)
_DEEPEST = 4
Around = Mapping[Any, list[tuple[Hashable, Any]]]


def pairs_alike(
    sides: tuple[Mapping[Any, int], Mapping[Any, int]],
    around: tuple[Around, Around],
    name_of: tuple[Callable[[Any], str], Callable[[Any], str]],
) -> list[tuple[Any, Any]]:
    """Pairs of objects of one colour, each joined to the partners of what the other is joined to.

    Parameters
    ----------
    sides : pair of mapping
        The objects of each network in order, with their colours.
    around : pair of mapping
        What each object is joined to, and how.
    name_of : pair of callable
        Among those that nothing else tells apart, equal names are taken first.
    """
    return _Pairing(sides, around, name_of).pairs()


class _Pairing:
    """Objects by what is known of them, as pairs are found."""

    def __init__(self, sides: Any, around: Any, name_of: Any):
        self._marks: list[dict[Any, int]] = [dict(side) for side in sides]
        self._around, self._name_of = around, name_of
        self._named = {name_of[1](obj): obj for obj in sides[1]}
        self._found: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
        self._groups: dict[int, tuple[dict[Any, None], dict[Any, None]]] = {}
        for side, marks in enumerate(self._marks):
            for obj, mark in marks.items():
                self._groups.setdefault(mark, ({}, {}))[side][obj] = None
        self._single = deque(self._groups)

    def pairs(self) -> list[tuple[Any, Any]]:
        """All pairs, in the order of the first network."""
        self._take_single()
        for obj, mark in self._marks[0].items():
            others = self._groups[mark][1]
            if obj not in self._found[0] and others:
                same = self._named.get(self._name_of[0](obj))
                self._take(obj, same if same in others else next(iter(others)))
                self._take_single()
        return [(obj, self._found[0][obj]) for obj in self._marks[0] if obj in self._found[0]]

    def _take_single(self) -> None:
        while self._single:
            left, right = self._groups[self._single.popleft()]
            if len(left) == len(right) == 1:
                self._take(*left, *right)

    def _take(self, first: Any, second: Any) -> None:
        """Make two objects a pair, and tell those around them."""
        number = len(self._found[0])
        for side, obj, other in ((0, first, second), (1, second, first)):
            self._found[side][obj] = other
            del self._groups[self._marks[side][obj]][side][obj]
            for how, near in self._around[side].get(obj, ()):
                if near in self._marks[side] and near not in self._found[side]:
                    self._tell(side, near, hash((how, number)))

    def _tell(self, side: int, obj: Any, told: int) -> None:
        marks = self._marks[side]
        del self._groups[marks[obj]][side][obj]
        marks[obj] += told
        self._groups.setdefault(marks[obj], ({}, {}))[side][obj] = None
        self._single.append(marks[obj])


# -- what an object holds --------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def parameters_of(kind: type) -> tuple[str, ...]:
    """The names of a class's parameters: looking for them takes longer than reading them."""
    return tuple(iter_params(kind))


class Prints:
    """Hashes of what objects hold; what cannot change and is in many of them is read once."""

    def __init__(self) -> None:
        # With the value, so that its id stays its own.
        self._known: dict[tuple[int, int], tuple[Any, Hashable]] = {}

    def held_by(self, obj: Any) -> int:
        """A hash of all that an object was made with, but its label and what it is joined to."""
        names = [name for name in parameters_of(type(obj)) if name not in _NOT_ITS_OWN]
        return hash(tuple((name, self._print(getattr(obj, name), 0)) for name in names))

    def _print(self, value: Any, depth: int) -> Hashable:
        """The same for values that say the same; for some others, too."""
        if isinstance(value, _PLAIN):
            return value
        if not isinstance(value, FrozenObject):
            return _print(value, depth, self._print)
        key = id(value), depth
        if key not in self._known:
            self._known[key] = value, _print(value, depth, self._print)
        return self._known[key][1]


def _print(value: Any, depth: int, print_of: Callable[[Any, int], Hashable]) -> Hashable:
    if isinstance(value, np.ndarray):
        numbers = value.astype(float) if value.dtype.kind in "fiub" else value
        return value.shape, numbers.tobytes()
    if depth == _DEEPEST or isinstance(value, nengo.base.NengoObject | nengo.Network):
        return type(value).__name__
    if isinstance(value, types.FunctionType):
        return tuple(print_of(part, depth + 1) for part in _function(value))
    if isinstance(value, list | tuple):
        return tuple(print_of(part, depth + 1) for part in value)
    if isinstance(value, slice):
        return print_of((value.start, value.stop, value.step), depth + 1)
    if is_vocabulary(value):
        return tuple(pointers_of(value))
    if isinstance(value, Mapping):
        return frozenset((str(k), print_of(v, depth + 1)) for k, v in value.items())
    if type(value).__module__.startswith("nengo") and hasattr(value, "__dict__"):
        own = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        params = {name: getattr(value, name) for name in parameters_of(type(value))}
        return type(value).__name__, print_of(own | params, depth + 1)
    return type(value).__name__


def _function(fn: types.FunctionType) -> Iterator[Any]:
    """What tells a function: names, constants, defaults, what it captured."""
    yield fn.__code__.co_names
    yield [c for c in fn.__code__.co_consts if not isinstance(c, types.CodeType)]
    yield fn.__defaults__
    for cell in fn.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it has no value yet
            yield None
