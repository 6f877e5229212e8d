"""The figures of the live panel: what is made of what was counted, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Freshness:
    """How often plots got new data while the network ran in real time.

    Attributes
    ----------
    fresh : tuple of float
        Animation frames a second in which a plot had new data drawn, for each plot.
    drawn : tuple of float
        Those in which anything was drawn on it, scrolling too.
    frames : float
        Animation frames of the browser a second.
    messages, kilobytes, sent : float
        What came with data, and what the page sent, a second.
    share : float
        Simulated over real time.
    size : (int, int)
        Pixels of a plot.
    own : dict
        What the panel says of itself, a second where it counts; empty where it says nothing.
    """

    fresh: tuple[float, ...]
    drawn: tuple[float, ...]
    frames: float
    messages: float
    kilobytes: float
    sent: float
    share: float
    size: tuple[int, int]
    own: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, before: dict[str, Any], after: dict[str, Any], size: tuple[int, int], share: float
    ) -> Freshness:
        """Make it of two answers of ``counts`` in page.js."""
        seconds = after["seconds"] - before["seconds"]

        def rate(name: str) -> float:
            return (after[name] - before[name]) / seconds

        def rates(name: str) -> tuple[float, ...]:
            pairs = zip(before["plots"], after["plots"], strict=True)
            return tuple((b[name] - a[name]) / seconds for a, b in pairs)

        return cls(
            rates("fresh"),
            rates("drawn"),
            rate("frames"),
            rate("messages"),
            rate("bytes") / 1000,
            rate("sent"),
            share,
            size,
            own_figures(before["own"], after["own"], seconds),
        )


def own_figures(
    before: dict[str, Any] | None, after: dict[str, Any] | None, seconds: float
) -> dict[str, float]:
    """Make of what ``nengolabStats()`` gave twice: counts a second, and what stands as it is."""
    if before is None or after is None:
        return {}
    figures = {
        f"{name}/s": (after[name] - before[name]) / seconds
        for name in ("frames", "drawn", "dropped")
        if name in before and name in after
    }
    for name in ("framesPerSecond", "credit", "roundTripMs"):
        if isinstance(after.get(name), int | float):
            figures[name] = float(after[name])
    counted = [
        (panel["drawn"] - before["panels"][key]["drawn"]) / seconds
        for key, panel in after.get("panels", {}).items()
        if key in before.get("panels", {})
    ]
    if counted:
        figures["panels drawn/s, median"] = float(np.median(counted))
        figures["panels drawn/s, least"] = min(counted)
    return figures


@dataclass(frozen=True)
class Idle:
    """What was left of the machine while the network ran in real time.

    Attributes
    ----------
    kernel : float
        What the kernel's process left of one core.
    machine : float
        What was left of all cores.
    page : float
        What the browser's renderers used, in cores.
    others : float
        What anything else on the machine used, in cores: where it is much, read ratios only.
    """

    kernel: float
    machine: float
    page: float
    others: float


@dataclass(frozen=True)
class Delays:
    """Delays in ms, and how many moves were never seen.

    Attributes
    ----------
    median, p95 : float
        From the slider's ``input`` event to the animation frame that shows the value.
    pressed_median : float
        The same from the press of the mouse button, as the browser dates it.
    seen, lost : int
        Moves.
    """

    median: float
    p95: float
    pressed_median: float
    seen: int
    lost: int

    @classmethod
    def of(cls, moves: Sequence[dict[str, float] | None]) -> Delays:
        """Make it of the outcomes of moves; None is one whose effect was not seen in time.

        Raises
        ------
        ValueError
            When no move was seen.
        """
        seen = [move for move in moves if move is not None]
        if not seen:
            raise ValueError(f"none of {len(moves)} moves was seen in the plot: {list(moves)[:3]}")
        delays = [move["input"] for move in seen]
        pressed = [move["pressed"] for move in seen]
        return cls(
            float(np.median(delays)),
            float(np.percentile(delays, 95)),
            float(np.median(pressed)),
            len(seen),
            len(moves) - len(seen),
        )


@dataclass(frozen=True)
class TableRow:
    """One line of the table.

    Attributes
    ----------
    name : str
    cells : dict
        What is shown, by column.
    goal : str
        What is to be reached; empty where there is no goal.
    """

    name: str
    cells: dict[str, str]
    goal: str = ""


def table(rows: Sequence[TableRow], columns: Sequence[str], corner: str = "") -> str:
    """Set the rows under the columns; a row says "-" where it has nothing."""
    cells = [[row.name, *(row.cells.get(c, "-") for c in columns), row.goal] for row in rows]
    lines = [[corner, *columns, "goal"], *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]

    def text(line: list[str]) -> str:
        first, *cells, last = zip(line, widths, strict=True)
        shown = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in cells), last[0]]
        return "  ".join(shown).rstrip()

    return "\n".join(map(text, lines))
