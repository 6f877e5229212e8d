"""Vocabularies of ``nengo.spa`` and NengoSPA, by the seed of their pointers or by the pointers.

A random number generator does not say which seed it began with. Those of the networks and small
ones are tried; one is written only where it draws these very pointers.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.params import NdarrayParam

from nengolab.building.imports import Imports
from nengolab.building.sources import Unwritable
from nengolab.building.wrapping import wrapped
from nengolab.pointers import is_vocabulary, names_in

_SMALL = range(100)
_NUMBERS = NdarrayParam("numbers", dtype=np.float64)  # what lists of numbers become


def is_of_pointers(value: Any) -> bool:
    """Whether it is a vocabulary, a map of several, or a symbol of a pointer."""
    home, name = type(value).__module__, type(value).__name__
    of_spa = name in ("VocabularyMap", "PointerSymbol") and home.startswith("nengo_spa")
    return of_spa or is_vocabulary(value)


@dataclass
class _Generator:
    """A generator that is a variable of the code, where it stands after what was written."""

    held: Any  # so that its id stays its own
    called: str
    again: np.random.RandomState


class Vocabularies:
    """Writes vocabularies and maps of them; each is a variable, since several things share it.

    Parameters
    ----------
    imports : Imports
    value_of : callable
        Gives the code of a value, for a parameter where one is given.
    define : callable
        Is given lines that stand above the network.
    seeds : iterable of int
        Of the networks.
    """

    def __init__(
        self,
        imports: Imports,
        value_of: Callable[..., str],
        define: Callable[[str], None],
        seeds: Iterable[int],
    ):
        self._imports, self._value_of, self._define = imports, value_of, define
        self._seeds = list(dict.fromkeys(seeds))
        self._known: dict[int, tuple[Any, str]] = {}
        self._generators: dict[int, _Generator] = {}

    def write(self, value: Any) -> str:
        """The variable that holds a vocabulary, or a map of several; the code of a symbol.

        Raises
        ------
        Unwritable
            Where pointers come from no seed that was tried, and are too many numbers.
        """
        if type(value).__name__ == "PointerSymbol":
            return self._symbol(value)
        if id(value) not in self._known:
            lines = self._vocabulary(value) if is_vocabulary(value) else self._map(value)
            wanted = "vocabulary" if is_vocabulary(value) else "vocabularies"
            called = self._imports.new(wanted, value)
            self._known[id(value)] = (value, called)
            self._define("\n".join(wrapped(line.replace("\0", called), 0) for line in lines))
        return self._known[id(value)][1]

    def _symbol(self, value: Any) -> str:
        """The code of a symbol: its expression, in brackets, as it stays one in a larger one."""
        text, kind = "".join(str(value.expr).split()), type(value.type).__name__
        plain = text.isidentifier()
        inner = text[1:-1] if _in_brackets(text) else text
        spa = self._imports.module(sys.modules["nengo_spa"])
        if kind == "TVocabulary":
            own = self._value_of(text if plain else f"({inner})")
            of = f"{self._imports.object(type(value.type))}({self.write(value.type.vocab)})"
            return f"{self._imports.object(type(value))}({own}, {of})"
        if str(value.type) != "TAnyVocab":
            raise Unwritable(f"is a PointerSymbol of the type {value.type}, which has no source")
        return f"{spa}.sym.{text}" if plain else f"{spa}.sym({self._value_of(inner)})"

    def _map(self, value: Any) -> list[str]:
        held = ", ".join(self._value_of(value[dimensions]) for dimensions in value)
        texts = [f"[{held}]"] if held else []
        if value.rng is not None:
            generator = self._generator(value.rng, lambda again: _stands(again, value.rng))
            if generator is None:
                raise Unwritable(
                    "is a map of vocabularies that draws new ones from a generator whose seed is "
                    "none that was tried"
                )
            texts.append(f"rng={generator.called}")
        return [f"\0 = {self._imports.object(type(value))}({', '.join(texts)})"]

    def _vocabulary(self, vocabulary: Any) -> list[str]:
        texts = [str(vocabulary.dimensions)]
        for name, usual in _OPTIONS.items():
            held = getattr(vocabulary, name, usual)
            if held != usual:
                texts.append(f"{name}={self._value_of(held)}")
        if type(algebra := getattr(vocabulary, "algebra", None)).__name__ == "VtbAlgebra":
            texts.append(f"algebra={self._imports.object(type(algebra))}()")
        names, how = names_in(vocabulary), None
        rng = _rng(vocabulary)
        if names and rng is not None:
            generator = self._generator(rng, lambda again: _drawn(vocabulary, again) is not None)
            if generator is not None:
                how = _drawn(vocabulary, generator.again)
                texts.append(f"{_taken_as(vocabulary)}={generator.called}")
        elif isinstance(rng, np.random.RandomState):  # what is added later is drawn from it
            generator = self._generator(rng, lambda again: _stands(again, rng))
            if generator is not None:
                texts.append(f"{_taken_as(vocabulary)}={generator.called}")
        head = f"\0 = {self._imports.object(type(vocabulary))}({', '.join(texts)})"
        rows = [np.array(row) for row in vocabulary.vectors]
        return [head, *self._pointers(vocabulary, names, rows, how or [""] * len(names))]

    def _pointers(
        self, vocabulary: Any, names: list[str], rows: list[np.ndarray], how: list[str]
    ) -> list[str]:
        """The lines that add pointers: those that are drawn together, others by their numbers."""
        lines, together = [], list[str]()

        def drawn() -> None:
            if together and hasattr(vocabulary, "populate"):
                lines.append(f'\0.populate("{"; ".join(together)}")')
            elif together:
                lines.append(f"\0.extend({self._value_of(together)})")
            together.clear()

        for name, row, one in zip(names, rows, how, strict=True):
            if one:
                together.append(one)
                continue
            drawn()
            try:
                lines.append(f'\0.add("{name}", {self._value_of(row, _NUMBERS)})')
            except Unwritable as err:
                raise Unwritable(
                    "is a vocabulary whose pointers come from no seed that was tried, and "
                    f"{name} {err}"
                ) from None
        drawn()
        return lines

    def _generator(
        self, rng: Any, fits: Callable[[np.random.RandomState], bool]
    ) -> _Generator | None:
        """The variable of a generator; the first seed that fits where it has none yet."""
        if id(rng) in self._generators:
            found = self._generators[id(rng)]
            return found if fits(_copy(found.again)) else None
        for seed in dict.fromkeys([*self._seeds, *_SMALL]):
            if fits(np.random.RandomState(seed)):
                called = self._imports.new("rng", rng)
                random = f"{self._imports.module(np)}.random.RandomState({seed})"
                self._define(f"{called} = {random}")
                found = _Generator(rng, called, np.random.RandomState(seed))
                self._generators[id(rng)] = found
                return found
        return None


# What vocabularies are made with, of either library, where it is not the usual.
_OPTIONS = {
    "strict": True,
    "max_similarity": 0.1,
    "name": None,
    "randomize": True,
    "unitary": False,
    "include_pairs": False,
}


def _in_brackets(text: str) -> bool:
    """Whether one pair of brackets is around all of a text."""
    depth = 0
    for n, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text.startswith("(") and n == len(text) - 1
    return False


def _rng(vocabulary: Any) -> Any:
    """The generator of a vocabulary's pointers; None for the one that all of NumPy shares."""
    if hasattr(vocabulary, "rng"):
        return vocabulary.rng
    made = vocabulary.pointer_gen
    return made.rng if type(made).__name__ == "UnitLengthVectors" else None


def _taken_as(vocabulary: Any) -> str:
    return "rng" if hasattr(vocabulary, "rng") else "pointer_gen"


def _drawn(vocabulary: Any, rng: np.random.RandomState) -> list[str] | None:
    """How each pointer is drawn with a generator, empty for those that are not; None if none is.

    The first has to be: generators that have nothing to do with it are left at once.
    """
    given = {n: getattr(vocabulary, n) for n in _OPTIONS if hasattr(vocabulary, n)}
    given |= {"algebra": vocabulary.algebra} if hasattr(vocabulary, "algebra") else {}
    made = type(vocabulary)(vocabulary.dimensions, **given, **{_taken_as(vocabulary): rng})
    found = list[str]()
    for name, row in zip(names_in(vocabulary), vocabulary.vectors, strict=True):
        how = _way(made, name, np.array(row), rng)
        if not how and not found:
            return None
        found.append(how)
    return found


def _way(made: Any, name: str, row: np.ndarray, rng: np.random.RandomState) -> str:
    """How a pointer is drawn next; else it is added as it is."""
    unitary = getattr(made, "unitary", False)
    ways: dict[str, dict[str, Any]]
    if hasattr(made, "populate"):
        ways = {name: {}, f"{name}.unitary()": {"transform": "unitary()"}}
    else:
        ways = {name: {"unitary": name in unitary if isinstance(unitary, list) else unitary}}
    before = rng.get_state()
    for text, given in ways.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where they are more alike than was asked for
            pointer = made.create_pointer(**given)
        if np.array_equal(pointer.v, row):
            made.add(name, pointer)
            return text
        rng.set_state(before)
    made.add(name, row)
    return ""


def _copy(rng: np.random.RandomState) -> np.random.RandomState:
    found = np.random.RandomState(0)
    found.set_state(rng.get_state())
    return found


def _stands(rng: Any, other: Any) -> bool:
    """Whether two generators are where the other is."""
    first, second = rng.get_state(legacy=False), other.get_state(legacy=False)
    return repr(first) == repr(second) and np.array_equal(
        first["state"]["key"], second["state"]["key"]
    )
