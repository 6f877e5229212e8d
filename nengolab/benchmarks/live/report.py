"""What is printed of the measurements: the table, with what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nengolab.benchmarks.live import edits
from nengolab.benchmarks.live.figures import Delays, Freshness, Idle, TableRow, table
from nengolab.benchmarks.live.opening import CASES, Opened
from nengolab.benchmarks.live.starts import Added

LEGEND = """\
new data drawn: animation frames in which a plot was drawn shortly after data came, one a message
drawn at all: the same without asking for data; a plot that scrolls draws in every frame
slider: from its input event to the first animation frame whose newest columns show the value
idle: what the kernel's process leaves of one core, and what everything leaves of all cores
panel's own: what `nengolabStats()` of the page says, where there is one"""


@dataclass(frozen=True)
class Found:
    """All that was measured with one number of plots.

    Attributes
    ----------
    freshness : Freshness
    idle : Idle
    slider : Delays
    speed : (float, float)
        Steps a second at unlimited speed, with the plots and headless.
    added : dict
        `Added` by case; empty where it was not measured.
    """

    freshness: Freshness
    idle: Idle
    slider: Delays
    speed: tuple[float, float]
    added: Mapping[str, Added]


def _row(
    name: str, show: Callable[[Found], str], goal: str = ""
) -> Callable[[Mapping[str, Found]], TableRow]:
    return lambda found: TableRow(
        name, {column: show(each) for column, each in found.items()}, goal
    )


def _median_and_least(rates: tuple[float, ...]) -> str:
    return f"{np.median(rates):.1f} / {min(rates):.1f}"


_ROWS = (
    _row(
        "new data drawn a second, median / least plot",
        lambda f: _median_and_least(f.freshness.fresh),
        "55, 55, 45",
    ),
    _row("drawn at all a second, median / least", lambda f: _median_and_least(f.freshness.drawn)),
    _row("browser frames a second", lambda f: f"{f.freshness.frames:.1f}", "55"),
    _row(
        "data messages a second, kB a second",
        lambda f: f"{f.freshness.messages:.1f}, {f.freshness.kilobytes:,.0f}",
    ),
    _row("messages of the page a second", lambda f: f"{f.freshness.sent:.1f}"),
    _row(
        "slider to changed plot, median / p95 ms",
        lambda f: f"{f.slider.median:.0f} / {f.slider.p95:.0f}",
        "60 / 110, with 20 80 / 150",
    ),
    _row(
        "  moves seen, lost; median from the press",
        lambda f: f"{f.slider.seen}, {f.slider.lost}; {f.slider.pressed_median:.0f}",
    ),
    _row(
        "unlimited speed kept of headless",
        lambda f: f"{f.speed[0] / f.speed[1]:.2f}",
        "0.80 with 20",
    ),
    _row(
        "  steps a second, with plots | headless",
        lambda f: f"{f.speed[0]:,.0f} | {f.speed[1]:,.0f}",
    ),
    _row("at real time: simulated over real time", lambda f: f"{f.freshness.share:.3f}"),
    _row("  kernel idle, of one core", lambda f: f"{100 * f.idle.kernel:.0f} %", "60 % with 5"),
    _row("  machine idle", lambda f: f"{100 * f.idle.machine:.0f} %"),
    _row("  page uses, of one core", lambda f: f"{100 * f.idle.page:.0f} %"),
    _row("  strangers on the machine use, cores", lambda f: f"{f.idle.others:.2f}"),
    _row("pixels of a plot", lambda f: "{} x {}".format(*f.freshness.size)),
)

_ADDED_GOALS = {"signal plotted already": "0.3", "signal plotted before": "0.3"}


def of_plots(found: Mapping[str, Found]) -> str:
    """Set the table; columns are numbers of plots."""
    rows = [make(found) for make in _ROWS]
    rows += _added_rows(found)
    rows += _own_rows(found)
    return f"{table(rows, list(found), 'plots')}\n\n{LEGEND}"


def _added_rows(found: Mapping[str, Found]) -> list[TableRow]:
    cases = dict.fromkeys(case for each in found.values() for case in each.added)

    def show(added: Added) -> str:
        return f"{added.first_s:.2f}, {added.standstill_s:.2f}"

    return [
        TableRow(
            f"added plot, {case}: s to a line, standstill",
            {c: show(each.added[case]) for c, each in found.items() if case in each.added},
            _ADDED_GOALS.get(case, "1.5"),
        )
        for case in cases
    ]


def _own_rows(found: Mapping[str, Found]) -> list[TableRow]:
    names = dict.fromkeys(name for each in found.values() for name in each.freshness.own)
    return [
        TableRow(
            f"panel's own: {name}",
            {
                column: f"{each.freshness.own[name]:.1f}"
                for column, each in found.items()
                if name in each.freshness.own
            },
        )
        for name in names
    ]


def of_first(found: Mapping[str, list[float]]) -> str:
    """Say how long the first frame of a small Lab took."""
    return "\n".join(
        f"running a cell to the first live frame, three ensembles, {name}: "
        + ", ".join(f"{seconds:.2f}" for seconds in each)
        + " s (goal: 3)"
        for name, each in found.items()
    )


def of_edits(found: Mapping[str, list[float]]) -> str:
    """Say how long edited networks took until they ran again."""
    return "\n".join(
        f"edit of a drawn network that runs, until it runs again, {case}: "
        + ", ".join(f"{seconds:.2f}" for seconds in rounds)
        + f" s (goal: {edits.CASES[case][2]})"
        for case, rounds in found.items()
    )


def of_opening(found: Mapping[str, list[Opened]]) -> str:
    """Say how long large networks took until they were laid out."""
    lines = []
    for case, rounds in found.items():
        goal = f" (goal: {CASES[case][2]})" if CASES[case][2] else ""
        seconds = ", ".join(f"{each.seconds:.2f}" for each in rounds)
        frozen = ", ".join(f"{1000 * each.frozen:.0f}" for each in rounds)
        lines.append(
            f"running a cell to a network that is laid out, {case}: {seconds} s{goal}; "
            f"longest without a frame {frozen} ms"
        )
    return "\n".join(lines)


def of_bare(found: Delays) -> str:
    """Say what the way takes without any panel."""
    return (
        "for comparison, an ipywidgets slider through an idle kernel to a canvas, "
        f"median / p95 ms: {found.median:.0f} / {found.p95:.0f}"
    )
