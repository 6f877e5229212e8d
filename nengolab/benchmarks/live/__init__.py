"""``python -m nengolab.benchmarks --live``: how fast the panel is, in a real JupyterLab."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from nengolab.benchmarks.live import edits, opening, phases, report, starts
from nengolab.benchmarks.live.stage import Stage, staged

COUNTS = ("1", "5", "20")
PIECES = (*COUNTS, "network", "opening", "edits", "first", "bare")
#: So many ensembles, and no more, have colour in the network view.
COLOURED = 36

_HEAD = """\
100 ensembles of 50 LIF neurons in JupyterLab and Chromium, plots of 600 pixels, 2 s windows,
kinds mixed as value, raster, value, rates"""


def main(pieces: Sequence[str] = (), python: str = sys.executable) -> int:
    """Measure and print.

    Parameters
    ----------
    pieces : sequence of str
        Of `PIECES`: numbers of plots, "network" for 5 beside the network view with its colours (of
        36 ensembles), "opening" for large networks laid out, "edits" for drawn ones that are
        edited, "first" for the first frame of a small
        Lab, "bare" for a slider and a canvas alone. All of them where it is empty.
    python : str
        The Python whose JupyterLab, engine and panel are measured.
    """
    pieces = list(pieces) or list(PIECES)
    counts = [piece for piece in pieces if piece in COUNTS]
    print(_HEAD, flush=True)
    with staged(python) as open_stage:
        found = {count: _on(open_stage, _plots, int(count)) for count in counts}
        if "network" in pieces:
            found["5 + network"] = _on(open_stage, _plots, 5, True)
        if found:
            print(f"\n{report.of_plots(found)}", flush=True)
        if "opening" in pieces:
            print(report.of_opening(_on(open_stage, opening.opening)), flush=True)
        if "edits" in pieces:
            print(report.of_edits(_on(open_stage, edits.editing)), flush=True)
        if "first" in pieces:
            print(report.of_first(_on(open_stage, starts.first_frames)), flush=True)
        if "bare" in pieces:
            print(report.of_bare(_on(open_stage, starts.bare)), flush=True)
    return 0


def _on(open_stage: Callable[[], Stage], measure: Callable, *arguments: int) -> Any:
    stage = open_stage()
    try:
        return measure(stage, *arguments)
    finally:
        stage.close()


def _plots(stage: Stage, count: int, network: bool = False) -> report.Found:
    ensembles = COLOURED if network else 100
    _said(count, "opened", phases.open_plots, stage, count, network, ensembles)
    freshness, idle = _said(count, "drawn", phases.freshness, stage, count)
    slider = _said(count, "slider", phases.slider, stage, count)
    speed = _said(count, "speed", phases.speed_kept, stage)
    added = _said(count, "added", starts.adding, stage) if count > 1 and not network else {}
    return report.Found(freshness, idle, slider, speed, added)


def _said(count: int, what: str, measure: Callable, *arguments: Any) -> Any:
    """Measure, and say what was found while the rest is still to come."""
    started = time.perf_counter()
    found = measure(*arguments)
    took = time.perf_counter() - started
    print(f"  {count} plots, {what} ({took:.0f} s)" + (f": {found}" if found else ""), flush=True)
    return found
