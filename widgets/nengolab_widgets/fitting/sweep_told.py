"""What a page is told of sweeps: the types."""

from __future__ import annotations

from typing import TypedDict

from .told import Choice, Field


class Varied(TypedDict):
    """A setting with several values: ``options`` to choose some of, or fields to type in."""

    name: str
    label: str
    options: list[tuple[str, bool]]
    fields: list[Field]
    error: str


class SweptRun(TypedDict):
    """A run of a sweep; ``values`` are those of the settings, in their order.

    ``part`` of it is done, 0 to 1; ``result`` is that by which runs are compared.
    """

    run: str
    values: list[float | str]
    state: str
    epoch: int
    epochs: int
    part: float
    result: float | None
    loss: float | None
    error: str
    traceback: str


class Sweeps(TypedDict):
    """The form of a sweep, and the one that is shown.

    ``missing`` says what is to be installed; ``problem`` why it cannot start; ``mattered`` which
    share of the spread of the results goes with each setting.
    """

    missing: str
    can: list[Choice]
    varied: list[Varied]
    fields: list[Field]
    lines: list[str]
    measured: bool
    problem: str
    code: str
    known: list[str]
    shown: str
    going: bool
    ready: bool
    said: str
    settings: list[str]
    result: str
    runs: list[SweptRun]
    mattered: list[tuple[str, float]]
