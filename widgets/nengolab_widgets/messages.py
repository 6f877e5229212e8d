"""What the kernel says to pages, and the parts that it is made of, defined here and nowhere else.

``js/scripts/generate_messages.py`` makes ``js/src/widgets/messages.ts`` of it and of what pages say
(`nengolab_widgets.from_pages`): the same types and a decoder for each message of the kernel.
Every message is ``{type, panel?, ...}``.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, get_args, get_type_hints

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
    returning: float | None
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

    ``aside`` stands beside the panels: the network view. ``inputs`` hold all moves of sliders up to
    the one numbered ``heard``, perhaps later ones.
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
    heard: int
    offers: list[Offer] | None
    foreign: list[ForeignKind]


class Inputs(TypedDict):
    """Where the sliders stand, when something else than this page moved them; see `Layout`."""

    type: Literal["inputs"]
    inputs: list[InputLayout]
    heard: int


class Notice(TypedDict):
    """Something to tell a person, such as that a wish could not be fulfilled.

    ``details`` are read by who wants to know more; ``offer`` is a message that a button beside it
    sends.
    """

    type: Literal["notice"]
    text: str
    details: list[str]
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


def types_by_name(union: Any) -> dict[str, type]:
    """Map the ``type`` of each message of a union to its class."""
    return {get_args(get_type_hints(kind)["type"])[0]: kind for kind in get_args(union)}
