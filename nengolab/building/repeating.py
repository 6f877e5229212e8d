"""Networks that are made several times, as a loop of several lines.

They are written one after the other, with marks in place of their names: what the first of each is
called is an element of one list, what the second is, of another. Where all lines then differ in
counting numbers only, one of them is written, in a loop.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import nengo

from nengolab.building.folding import LEAST, repeated, runs
from nengolab.building.ordering import Again, Block
from nengolab.building.wrapping import wrapped

Line = tuple[int, str]  # its depth and its text
SIGN = "ꙮ"  # a letter that nobody's names are likely to have
_MARK = re.compile(rf"{SIGN}(\d+){SIGN}")
_GIVEN = re.compile(rf"({SIGN}\d+{SIGN})\[(?:i|\d+)\] = (.*)", re.DOTALL)
_OPENED = re.compile(rf"(with .*) as ({SIGN}\d+{SIGN})\[(?:i|\d+)\]:")
_LISTS = 4  # that are made in one line by writing each


@dataclass
class Marks:
    """Marks in place of names, while it is seen whether something can be a loop.

    Attributes
    ----------
    turn : int
    first : list
        What each mark stands for in the first turn.
    """

    turn: int = 0
    first: list[Any] = field(default_factory=list)
    _next: int = 0

    def begin(self, turn: int) -> None:
        """Go on with the next of those that are repeated."""
        self.turn, self._next = turn, 0

    def new(self, obj: Any) -> str:
        """What an object is called for now."""
        slot = self._next
        self._next += 1
        if self.turn == 0:
            self.first.append(obj)
        return f"{SIGN}{slot}{SIGN}[{self.turn}]"


def turn_of(name: str) -> int | None:
    """In which turn something is made that is called so for now; None for a name that stays."""
    found = re.match(rf"{SIGN}\d+{SIGN}\[(\d+)\]", name)
    return None if found is None else int(found[1])


def with_names(text: str, names: Sequence[str]) -> str:
    """A text with names in place of marks."""
    return _MARK.sub(lambda found: names[int(found[1])], text)


def shape(item: Any) -> Any:
    """What two networks have to have in common to be made in one loop."""
    if isinstance(item, Block):
        return item.opens, tuple(map(shape, item.items))
    if isinstance(item, Again):
        return "again"
    kinds = (nengo.Node, nengo.Ensemble, nengo.Connection, nengo.Probe, nengo.Network)
    return next(kind.__name__ for kind in kinds if isinstance(item, kind))


def periods(shapes: Sequence[Any], at: int) -> list[tuple[int, int]]:
    """How many networks may be repeated from one on, and how often; those that take most first."""
    found = []
    for period in range(1, (len(shapes) - at) // LEAST + 1):
        times = 1
        first = shapes[at : at + period]
        while shapes[at + times * period : at + (times + 1) * period] == first:
            times += 1
        if times >= LEAST:
            found.append((period, times))
    return sorted(found, key=lambda f: (-f[0] * f[1], f[0]))


def body_of(turns: Sequence[list[Line]]) -> tuple[int, list[Line]]:
    """For how many turns, from the first on, lines are one loop's; and what is done in it."""
    alike = 1
    while alike < len(turns) and [d for d, _ in turns[alike]] == [d for d, _ in turns[0]]:
        alike += 1
    for count in dict.fromkeys([alike, LEAST]):
        if count < LEAST or count > alike:
            continue
        rows = list(zip(*turns[:count], strict=True))
        texts = [repeated([text for _, text in row], "i") for row in rows]
        if None not in texts:
            return count, [(row[0][0], text or "") for row, text in zip(rows, texts, strict=True)]
    return 0, []


def made_in_loop(
    body: list[Line], names: list[str], single: Callable[[int], str], depth: int
) -> list[Line]:
    """Lines with marks as they are in a loop at a depth, where lists take what they make.

    Parameters
    ----------
    body : list
    names : list of str
        Of the lists that take the marks' places.
    single : callable
        Gives the variable of a network while it is in its block, by its mark's number.
    depth : int
    """
    lines: list[Line] = []
    inside: dict[str, str] = {}
    for own, text in body:
        for mark, called in inside.items():
            text = text.replace(f"{mark}[i]", called)
        if opened := _OPENED.fullmatch(text):
            called = single(int(_MARK.fullmatch(opened[2])[1]))  # type: ignore[index]
            inside[opened[2]] = called
            lines.append((own, f"{opened[1]} as {called}:"))
            lines.append((own + 1, f"{opened[2]}.append({called})"))
        elif given := _GIVEN.fullmatch(text):
            lines.append((own, f"{given[1]}.append({given[2]})"))
        else:
            lines.append((own, text))
    return [(own + 1, with_names(text, names)) for own, text in lines]


def in_one_line(body: list[Line], names: list[str], count: int) -> str:
    """A list of what lines with marks make, where they are one line; else empty."""
    given = _GIVEN.fullmatch(body[0][1]) if len(body) == 1 else None
    if given is None:
        return ""
    uses = re.search(r"\bi\b", given[2])
    over = f"{'i' if uses else '_'} in range({count})"
    return f"{names[0]} = [{with_names(given[2], names)} for {over}]"


class Loops:
    """Writes loops; one that goes on where another has just ended is written into that.

    Nengo's seeds go by the order of objects of a kind in their network, so objects of different
    kinds may be made in turn.
    """

    def __init__(self) -> None:
        self._kinds: set[Any] = set()
        self._names: list[str] = []
        self._place = (-1, -1, "")  # of its head, its end, and what the head says

    def add(
        self, lines: list[Line], depth: int, count: int, kind: Any, names: list[str], body: Any
    ) -> None:
        """Write one.

        Parameters
        ----------
        lines : list
            To which it is written.
        depth, count : int
        kind : type
            Of what it makes in its network.
        names : list of str
            Of the lists that it fills.
        body : list
        """
        head, end, said = self._place
        again = end == len(lines) and said == f"{depth} {count}" and kind not in self._kinds
        if again and not any(self._reaches_out(text) for _, text in body):
            del lines[head - bool(self._names) : head + 1]
            rest = lines[head - bool(self._names) :]
            del lines[head - bool(self._names) :]
            self._kinds.add(kind)
            self._names += names
            body = [*rest, *body]
        else:
            self._kinds, self._names = {kind}, list(names)
        if self._names:
            lines.append((depth, lists(self._names)))
        uses = any(re.search(r"\bi\b", text) for _, text in body)
        head = len(lines)
        lines += [(depth, f"for {'i' if uses else '_'} in range({count}):"), *body]
        self._place = head, len(lines), f"{depth} {count}"

    def _reaches_out(self, text: str) -> bool:
        """Whether a line takes another element of a list than the one that was just made."""
        return any(re.search(rf"\b{name}\b(?!\[i\])", text) for name in self._names)


def lists(names: Sequence[str]) -> str:
    """The line that makes empty lists."""
    if len(names) > _LISTS:
        return f"{', '.join(names)} = ([] for _ in range({len(names)}))"
    return f"{', '.join(names)} = {', '.join('[]' for _ in names)}"


def plural(stem: str) -> str:
    """What a list of things is called; one of single letters as they are."""
    if len(stem) == 1 or stem.endswith("s") or keyword.iskeyword(f"{stem}s"):
        return stem
    return f"{stem}s"


def rows_of_loop(body: Sequence[Line]) -> int:
    """How many lines a loop is in the code, about."""
    return 1 if len(body) == 1 and _GIVEN.fullmatch(body[0][1]) else _rows(body) + 2


def _rows(lines: Sequence[Line]) -> int:
    """How many lines they are in the code."""
    return sum(wrapped(text, 4 * depth).count("\n") + 1 for depth, text in lines)


def rows_without(lines: Sequence[Line]) -> int:
    """How many lines those of one turn are in the code where they are no loop."""
    plain = [(d, _MARK.sub(lambda found: f"x[{found[1]}]", text)) for d, text in lines]
    count, at = 0, 0
    while at < len(plain):
        end, given = at + 1, " = nengo." in plain[at][1]
        while end < len(plain) and plain[end][0] == plain[at][0]:
            if (" = nengo." in plain[end][1]) != given:
                break
            end += 1
        texts = [text.partition(" = ")[2] if given else text for _, text in plain[at:end]]
        alone = [text.endswith(":") for text in texts]
        for first, after, period in runs(texts, alone, 1 + given):
            own = _rows(plain[at + first : at + first + period])
            head = 0 if after - first == period or (given and period == 1) else 1 + given
            count += own + head
        at = end
    return count
