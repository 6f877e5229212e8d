"""What pages are told of the code that a network is made of, and of what can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from nengolab_widgets.graph.objects import Thing


class TroubleTold(TypedDict):
    """Why the code makes nothing that could run; ``line`` as people count, the others from 1."""

    kind: str
    message: str
    line: int | None
    at: list[int]
    traceback: str


class CodeTold(TypedDict):
    """The code, and how it stands.

    ``version`` counts its texts. ``drawn`` says whether it is another text than the page had last,
    ``besides`` what else there is to say than the trouble. ``other`` is what another program has
    written meanwhile, or an edit by drawing (``drawn_other``) has made. ``lines`` are the lines,
    from 1, that made each object, by its name; ``first_line`` is what people call the first one.
    ``phase`` is what is done while it works.
    """

    name: str
    kind: Literal["file", "cell", "here"]
    cell: str
    first_line: int
    text: str
    version: int
    state: Literal["unrun", "working", "good", "failed"]
    phase: Literal["", "running", "building", "stopping"]
    fresh: bool
    drawn: bool
    trouble: TroubleTold | None
    besides: list[str]
    other: str | None
    drawn_other: bool
    lines: dict[str, list[int]]


class ChoiceTold(TypedDict):
    """One of the values that an argument can have; ``refused`` says why not here, or ""."""

    code: str
    title: str
    refused: str


class FunctionTold(TypedDict):
    """The code of an argument that is a function; ``line``, as people count, is its first.

    ``along`` names what it is a function of; ``uses`` is how often the code uses a ``def``.
    """

    text: str
    kind: Literal["expression", "def", "none"]
    line: int
    uses: int
    along: list[str]


class PartTold(TypedDict):
    """One argument of a call: its ``value`` as the code has it, "" where it has none.

    ``now`` is what the object has, as code, "" where that cannot be told. The name of an argument
    of an argument is ``"layer.units"``.
    """

    name: str
    kind: str
    value: str
    default: str
    now: str
    required: bool
    unit: str
    choices: list[ChoiceTold]
    hint: str


class FieldTold(PartTold):
    """One argument of an object; ``parts`` are those of the call that it is given as."""

    function: FunctionTold | None
    parts: list[PartTold]


class CardEdit(TypedDict):
    """What of an object can be edited.

    ``variable`` is what the code calls it, or ""; ``made`` says which line made it, and what
    besides; ``why_not`` why it cannot be edited, or "".
    """

    variable: str
    made: str
    line: int
    count: int
    fields: list[FieldTold]
    why_not: str


class TriedTold(TypedDict):
    """What a function gave, or why not: ``line`` as people count, None where it is of no line.

    ``y`` has a list for each number of what it gives, of which there are ``size``; None is no
    number that could be drawn.
    """

    problem: str
    line: int | None
    along: str
    x: list[float]
    y: list[list[float | None]]
    size: int


class PaletteEntry(TypedDict):
    """Something that can be added; ``needs`` are what it is added to, such as two ends."""

    key: str
    group: str
    title: str
    hint: str
    needs: list[str]


class PaletteMessage(TypedDict):
    """What can be added."""

    type: Literal["palette"]
    entries: list[PaletteEntry]


class EditedMessage(TypedDict):
    """The edit ``ask`` was done, or ``problem`` says why not; ``came`` are names of what is new.

    ``late`` says that numbers in it were of another network than the one that is drawn by now.
    """

    type: Literal["edited"]
    ask: str
    problem: str
    came: list[str]
    late: bool


class TriedMessage(TypedDict):
    """What the function gave that ``ask`` wanted to see."""

    type: Literal["tried"]
    ask: str
    told: TriedTold


@dataclass
class Depending:
    """What goes with objects that are deleted.

    Attributes
    ----------
    names : list of str
        Those of all that goes.
    problem : str
        Why they cannot be deleted, or "".
    changed : list of str
        In sentences, what stays and is drawn anew.
    together : list
        Where they cannot be deleted alone, those that can be, with them.
    """

    names: list[str] = field(default_factory=list[str])
    problem: str = ""
    changed: list[str] = field(default_factory=list[str])
    together: list[Any] = field(default_factory=list[Any])


class DependingMessage(TypedDict):
    """What would be deleted with what was asked about: names, those of that itself first.

    ``problem`` says why it cannot be deleted, or ""; ``instead`` are those that can be, with it.
    ``changed`` says, in sentences, what stays and is drawn anew then.
    """

    type: Literal["depending"]
    ask: str
    names: list[str]
    problem: str
    changed: list[str]
    instead: list[Thing]
