"""What pages say to the kernel, defined here and nowhere else, and its decoder `read_message`.

``js/scripts/generate_messages.py`` makes the types of the page's side of it.
"""

from __future__ import annotations

import types
from functools import cache
from typing import (
    Any,
    Literal,
    NotRequired,
    TypedDict,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from nengo.exceptions import ValidationError

from .messages import types_by_name
from .narrowing import is_dict, is_list


class Hello(TypedDict):
    """A page asks for the layout; said again until there is one.

    ``panel`` is the one that it shows, where that stands alone.
    """

    type: Literal["hello"]
    view: str
    panel: NotRequired[str]
    width: int
    visible: bool


class View(TypedDict):
    """How a page is seen has changed."""

    type: Literal["view"]
    view: str
    panel: NotRequired[str]
    width: int
    visible: bool


class Bye(TypedDict):
    """A page is closed."""

    type: Literal["bye"]
    view: str


class Pong(TypedDict):
    """A page that got a ping is still there."""

    type: Literal["pong"]
    view: str


class Report(TypedDict):
    """What a page has drawn, two to four times a second.

    ``seq`` is the newest frame drawn, ``held`` how many ms ago, and ``merged`` how many frames
    it drew in one picture.
    """

    type: Literal["report"]
    view: str
    seq: int
    held: float
    merged: float


class Play(TypedDict):
    """Run until told otherwise."""

    type: Literal["play"]


class Pause(TypedDict):
    """Stop."""

    type: Literal["pause"]


class Reset(TypedDict):
    """Back to time 0."""

    type: Literal["reset"]


class Rebuild(TypedDict):
    """Build the network again as it is now, and go on from the state that there is."""

    type: Literal["rebuild"]


class StopBuilding(TypedDict):
    """Stop the build or compile that goes on."""

    type: Literal["stop_building"]


class RunUntil(TypedDict):
    """Run until a time (s), or until a value of an object is above or below a level."""

    type: Literal["run_until"]
    time: NotRequired[float]
    object: NotRequired[str]
    dim: NotRequired[int]
    above: NotRequired[bool]
    level: NotRequired[float]


class RunFor(TypedDict):
    """Run for some simulated seconds."""

    type: Literal["run_for"]
    seconds: float


class Step(TypedDict):
    """Run some steps."""

    type: Literal["step"]
    n: int


class Speed(TypedDict):
    """Change the real-time factor asked for; null is as fast as it goes."""

    type: Literal["speed"]
    value: float | None


class InputMove(TypedDict):
    """Drive a Node; null gives back its own output. Numbered, so that a page knows what is heard.

    ``dim`` is the one dimension that was moved, to ``value``; or ``values`` are those of all.
    Without both the Node is given back. Moves of one ``gesture`` are undone together.
    """

    type: Literal["input"]
    number: int
    node: str
    dim: NotRequired[int]
    value: float | None
    values: NotRequired[list[float]]
    gesture: NotRequired[str]


class GoOnFrom(TypedDict):
    """Stand, paused, where the run stood at a time (s) of the branch that goes on."""

    type: Literal["go_on_from"]
    time: float


class Stay(TypedDict):
    """Give up a way back that takes too long."""

    type: Literal["stay"]


class SwitchBranch(TypedDict):
    """Go on at the end of another branch."""

    type: Literal["switch_branch"]
    branch: str


class ShowBeside(TypedDict):
    """Show another branch beside the one that goes on, in all plots of lines; "" is none."""

    type: Literal["show_beside"]
    branch: str


class AddPanel(TypedDict):
    """Look at something more."""

    type: Literal["add_panel"]
    object: str
    kind: str


class RemovePanel(TypedDict):
    """Look at it no more."""

    type: Literal["remove_panel"]
    panel: str


class SetPanel(TypedDict):
    """Change settings of a panel."""

    type: Literal["set_panel"]
    panel: str
    values: dict[str, Any]


class MovePanel(TypedDict):
    """Put a panel in another place in the order, counted from 0."""

    type: Literal["move_panel"]
    panel: str
    to: int


class SizePanel(TypedDict):
    """Make a panel larger or smaller; ``height`` null is as high as those beside it."""

    type: Literal["size_panel"]
    panel: str
    columns: int
    height: int | None


class Undo(TypedDict):
    """Take back the last change of what is open."""

    type: Literal["undo"]


class Redo(TypedDict):
    """Do again what was undone last."""

    type: Literal["redo"]


class AskOffers(TypedDict):
    """A person looks for a plot to add: what is there? Of a small network that is known already."""

    type: Literal["ask_offers"]


class AskCode(TypedDict):
    """A person wants the Python that makes this Lab."""

    type: Literal["ask_code"]


class Pick(TypedDict):
    """A person picks neurons of an ensemble, instead of those that were picked of it before.

    ``page`` names the page, whose picks are numbered: so it knows which of them are heard.
    """

    type: Literal["pick"]
    page: str
    number: int
    ensemble: str
    neurons: list[int]


class AskPart(TypedDict):
    """A page needs a part of the front end."""

    type: Literal["ask_part"]
    name: str


class ToPanel(TypedDict):
    """What the page side of a panel says to its Python side."""

    type: Literal["to_panel"]
    panel: str
    content: dict[str, Any]


class OpenModel(TypedDict):
    """A Keras model was dropped on a Lab: the name of its file, and its bytes in base 64.

    Or its path, as the Jupyter server has it, where it came from JupyterLab's file browser.
    """

    type: Literal["open_model"]
    name: str
    data: NotRequired[str]
    path: NotRequired[str]


PageMessage = (
    Hello
    | GoOnFrom
    | Stay
    | SwitchBranch
    | ShowBeside
    | View
    | Bye
    | Pong
    | Report
    | Play
    | Pause
    | Reset
    | Rebuild
    | StopBuilding
    | RunUntil
    | RunFor
    | Step
    | Speed
    | InputMove
    | AddPanel
    | RemovePanel
    | SetPanel
    | MovePanel
    | SizePanel
    | Undo
    | Redo
    | AskOffers
    | AskCode
    | Pick
    | AskPart
    | ToPanel
    | OpenModel
)


_PAGE_TYPES = types_by_name(PageMessage)


def read_message(content: Any) -> PageMessage:
    """Check what a page sent.

    Raises
    ------
    ValidationError
        Names what is no message, or which field is wrong.
    """
    kind = content.get("type") if is_dict(content) else None
    if kind not in _PAGE_TYPES:
        raise ValidationError(
            f"got a message of type {kind!r}; known are {', '.join(_PAGE_TYPES)}", "type"
        )
    for name, hint in _hints(kind).items():
        if get_origin(hint) is NotRequired:
            if name not in content:
                continue
            [hint] = get_args(hint)
        if name not in content or not fits(content[name], hint):
            raise ValidationError(f"{kind}: {name} is {content.get(name)!r}", name)
    return cast("PageMessage", content)


@cache
def _hints(kind: str) -> dict[str, Any]:
    return get_type_hints(_PAGE_TYPES[kind], include_extras=True)


def fits(value: Any, hint: Any) -> bool:
    """Tell whether a decoded JSON value is of a type."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if origin is list:
        return is_list(value) and all(fits(v, get_args(hint)[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
