"""What travels between kernel and page: every message, defined here and nowhere else.

``js/scripts/generate_messages.py`` makes ``js/src/widgets/messages.ts`` of it: the same types
and a decoder for each message of the kernel. `read_message` is the decoder of what pages send.
Every message is ``{type, panel?, ...}``.
"""

from __future__ import annotations

import types
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

SessionState = Literal[
    "asleep",
    "loading",
    "building",
    "compiling",
    "ready",
    "running",
    "paused",
    "finished",
    "error",
    "closed",
]


class ErrorReport(TypedDict):
    """An error as the session reports it."""

    object: str
    message: str
    traceback: str


class Status(TypedDict):
    """What the session is doing."""

    state: SessionState
    time: float
    n_steps: int
    rtf: float | None
    speed: float | None
    note: str
    error: ErrorReport | None


class ArrayEntry(TypedDict):
    """Where one array lies in the buffer of a frame."""

    name: str
    dtype: str
    shape: list[int]
    offset: int


class PanelEntry(TypedDict):
    """The arrays of one panel in one frame, covering the instants t0 to t1."""

    id: str
    rev: int
    t0: float
    t1: float
    arrays: list[ArrayEntry]


class SettingLayout(TypedDict):
    """One setting of a panel, as its menu shows it."""

    name: str
    label: str
    kind: Literal["number", "choice", "flag", "text", "range"]
    unit: str
    choices: list[str]
    value: Any
    hint: str


class PanelLayout(TypedDict):
    """One panel: what it is called, and in ``data`` what its kind needs to draw it.

    ``columns`` and ``height`` say how large it is (`nengolab_widgets.arrangement.Size`);
    ``python`` holds the lines that draw the same from ``sim.data``.
    """

    id: str
    rev: int
    kind: str
    title: str
    what: str
    columns: int
    height: int | None
    settings: list[SettingLayout]
    python: str
    data: dict[str, Any]


class InputLayout(TypedDict):
    """One Node that a person can drive; ``playing`` names the recording that drives it, or ""."""

    id: str
    label: str
    own: Literal["constant", "function"]
    taken: bool
    playing: str
    values: list[float]
    min: float
    max: float
    step: float


class KindOffer(TypedDict):
    """One way to look at an object."""

    name: str
    label: str


class Offer(TypedDict):
    """One object that can be looked at, and the ways to, the likeliest first."""

    object: str
    label: str
    group: str
    kinds: list[KindOffer]


class ForeignKind(TypedDict):
    """The front end of a kind of panel from another package: an ES module as text."""

    kind: str
    esm: str
    css: str


# ---- from the kernel ---------------------------------------------------------------------------


class Frame(Status):
    """New data, with one buffer that holds the arrays."""

    type: Literal["frame"]
    seq: int
    clear: bool
    credit: int
    round_trip: float | None
    heard: int
    panels: list[PanelEntry]


class Ping(Status):
    """A sign of life from a thread of the kernel, sent also while a cell runs.

    A page that is not among ``views`` was taken for gone, and says that it is there.
    """

    type: Literal["ping"]
    drawn: int
    views: list[str]


class Layout(TypedDict):
    """All there is to show; ``inputs`` is null where the person wants no sliders.

    ``aside`` stands beside the panels: the network view.
    ``offers`` is null where they are those that came before. ``undoes`` and ``redoes`` name what
    would be undone, or done again; empty where there is nothing. ``session`` is the key by which
    all widgets of one session on a page share their timeline.
    """

    type: Literal["layout"]
    title: str
    model_id: str
    session: str
    undoes: str
    redoes: str
    path: Literal["control", "comm"]
    window: float
    panels: list[PanelLayout]
    aside: PanelLayout | None
    inputs: list[InputLayout] | None
    no_inputs: str
    offers: list[Offer] | None
    foreign: list[ForeignKind]


class Inputs(TypedDict):
    """Where the sliders stand, when something else than this page moved them."""

    type: Literal["inputs"]
    inputs: list[InputLayout]


class Notice(TypedDict):
    """Something to tell a person, such as that a wish could not be fulfilled.

    ``offer`` is a message that a button beside it sends.
    """

    type: Literal["notice"]
    text: str
    offer: Literal["", "rebuild"]


class PrintedLine(TypedDict):
    """A line that the function of an object printed."""

    name: str
    text: str


class Printed(TypedDict):
    """What functions of the network printed; ``anew`` where it is all that is kept."""

    type: Literal["printed"]
    anew: bool
    lines: list[PrintedLine]


class Mark(TypedDict):
    """Something that was done, or went wrong, at a time (s) of the run."""

    time: float
    kind: Literal["input", "change", "error", "branch"]
    text: str


class Past(TypedDict):
    """The branches of the run: the one that goes on, and all.

    ``doubts`` names Python code that may remember something, so that what is gone back to may not
    be exactly what was. ``memory`` says how much of the past is kept.
    """

    type: Literal["past"]
    branch: str
    branches: list[str]
    doubts: list[str]
    memory: str
    marks: list[Mark]


class Beside(TypedDict):
    """What plots of lines had of another branch, with a buffer as of a frame; "" is none."""

    type: Literal["beside"]
    branch: str
    panels: list[PanelEntry]


class ForPanel(TypedDict):
    """What the Python side of a panel says to its page side, perhaps with a buffer."""

    type: Literal["for_panel"]
    panel: str
    content: dict[str, Any]


class Code(TypedDict):
    """The Python that makes this Lab, to be copied."""

    type: Literal["code"]
    text: str


class Picked(TypedDict):
    """Which neurons are picked, by the name of their ensemble, in all panels of the session.

    ``page`` and ``number`` are those of the `Pick` that made it so; of one from Python "" and 0.
    """

    type: Literal["picked"]
    page: str
    number: int
    neurons: dict[str, list[int]]


class Part(TypedDict):
    """A part of the front end that pages ask for when they need it: gzip in the buffer.

    ``problem`` says why there is none, else it is empty.
    """

    type: Literal["part"]
    name: str
    problem: str


KernelMessage = (
    Frame
    | Ping
    | Layout
    | Inputs
    | Notice
    | Printed
    | Past
    | Beside
    | ForPanel
    | Code
    | Picked
    | Part
)

# ---- from a page -------------------------------------------------------------------------------


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


class RunUntil(TypedDict):
    """Run until a time (s), or until a value of an object is above or below a level."""

    type: Literal["run_until"]
    time: NotRequired[float]
    object: NotRequired[str]
    dim: NotRequired[int]
    above: NotRequired[bool]
    level: NotRequired[float]


class Step(TypedDict):
    """Run some steps."""

    type: Literal["step"]
    n: int


class Speed(TypedDict):
    """Change the real-time factor asked for; null is as fast as it goes."""

    type: Literal["speed"]
    value: float | None


class Input(TypedDict):
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


PageMessage = (
    Hello
    | GoOnFrom
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
    | RunUntil
    | Step
    | Speed
    | Input
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
)


def types_by_name(union: Any) -> dict[str, type]:
    """Map the ``type`` of each message of a union to its class."""
    return {get_args(get_type_hints(kind)["type"])[0]: kind for kind in get_args(union)}


_PAGE_TYPES = types_by_name(PageMessage)


def read_message(content: Any) -> PageMessage:
    """Check what a page sent.

    Raises
    ------
    ValidationError
        Names what is no message, or which field is wrong.
    """
    kind = content.get("type") if isinstance(content, dict) else None
    if kind not in _PAGE_TYPES:
        raise ValidationError(
            f"got a message of type {kind!r}; known are {', '.join(_PAGE_TYPES)}", "type"
        )
    wanted = get_type_hints(_PAGE_TYPES[kind], include_extras=True)
    for name, hint in wanted.items():
        if get_origin(hint) is NotRequired:
            if name not in content:
                continue
            [hint] = get_args(hint)
        if name not in content or not fits(content[name], hint):
            raise ValidationError(f"{kind}: {name} is {content.get(name)!r}", name)
    return cast("PageMessage", content)


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
        return isinstance(value, list) and all(fits(v, get_args(hint)[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
