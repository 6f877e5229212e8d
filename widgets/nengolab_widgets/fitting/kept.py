"""The runs of a folder, as a panel shows them: rows, which have curves, what differs."""

from __future__ import annotations

import math
import os
import time
import weakref
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import nengo
from nengo.exceptions import ValidationError

import nengolab
from nengolab import runs
from nengolab.runs import Record, Run
from nengolab.runs.record import FILE, GOING
from nengolab_widgets.narrowing import is_list

from . import told
from .told import Row

# More curves at once nobody can tell apart.
MOST_SHOWN = 7
# Seconds between two looks at the files of all runs.
LOOK_EVERY = 0.5
# The networks of runs that this process began, by folder, for as long as somebody has them.
_networks: weakref.WeakValueDictionary[Path, nengo.Network] = weakref.WeakValueDictionary()


class KeptRuns:
    """The runs of a folder, which may not be there yet.

    Parameters
    ----------
    folder : callable
        Gives it.

    Attributes
    ----------
    shown : list of str
        Runs of which there are curves.
    compared : (str, str) or None
        Two of which the differences are told.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self.folder = folder
        self.shown: list[str] = []
        self.compared: tuple[str, str] | None = None
        self._stamp: Hashable = None
        self._looked = -math.inf
        self._rows: dict[str, tuple[float, Row]] = {}
        self._records: dict[str, tuple[float, Record]] = {}
        self._between: tuple[tuple[str, str], list[tuple[str, str, str]]] | None = None

    def begun(self, run: Run) -> None:
        """Take a run in that has begun: its curves are shown, and its network is known."""
        self.show(run.name, True)
        _networks[run.folder] = run.task.sim.network

    def show(self, name: str, on: bool) -> None:
        """Show the curves of a run, or not."""
        others = [n for n in self.shown if n != name]
        if not on:
            self.shown = others
        elif name not in self.shown:
            self.shown = [*others[-(MOST_SHOWN - 1) :], name]

    def stamp(self) -> Hashable:
        """Tell states of the folder apart: another process may have begun a run, or go on with one.

        It is looked at twice a second at most.
        """
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked, self._stamp = now, _changes_in(self.folder())
        return self._stamp

    def rows(self) -> list[Row]:
        """Give the runs of the folder, the newest first."""
        if not self.folder().is_dir():
            return []
        catalogue = runs.open(self.folder())
        found: list[Row] = []
        for name in reversed(list(catalogue)):
            path = self.folder() / name / FILE
            try:
                changed = path.stat().st_mtime
                held = self._rows.get(name)
                if held is None or held[0] != changed or held[1]["state"] in GOING:
                    self._rows[name] = (changed, told.row_of(catalogue[name], -1))
                row = self._rows[name][1]
            except (OSError, KeyError, ValidationError):
                continue  # deleted meanwhile, or of another version
            shown = self.shown.index(name) if name in self.shown else -1
            found.append({**row, "shown": shown})
        return found

    def differences(self) -> list[tuple[str, str, str]]:
        if self.compared is None:
            return []
        try:
            found = runs.open(self.folder()).differences(*self.compared)
        except (KeyError, ValidationError):
            return []
        at_hand = self._between_networks(self.compared)
        told = [
            (what.removeprefix("network: "), _in_short(a), _in_short(b))
            for what, a, b in found
            if not what.startswith("plan") and not (at_hand and what.startswith("network: "))
        ]
        return told + at_hand

    def _between_networks(self, names: tuple[str, str]) -> list[tuple[str, str, str]]:
        """What differs between the networks of two runs, matched by structure: both are at hand."""
        folder = self.folder().absolute()
        a, b = (_networks.get(folder / name) for name in names)
        if a is None or b is None or a is b:
            return []
        if self._between is None or self._between[0] != names:
            rows = [
                (f"{row.a or row.b}: {row.what}", _in_short(row.in_a), _in_short(row.in_b))
                for row in nengolab.inspect.diff(a, b).rows
            ]
            self._between = (names, rows)
        return self._between[1]

    def records(self, run: Run | None) -> list[tuple[int, Record]]:
        """Give the runs of which curves are shown, with their numbers."""
        found: list[tuple[int, Record]] = []
        for number, name in enumerate(self.shown):
            try:
                if run is not None and run.name == name:
                    found.append((number, run))
                else:
                    found.append((number, self._record(name)))
            except (KeyError, OSError, ValidationError):
                continue
        return found

    def _record(self, name: str) -> Record:
        """A run of before, with what was read of it: its metrics are files."""
        changed = (self.folder() / name / FILE).stat().st_mtime
        held = self._records.get(name)
        if held is None or held[0] != changed:
            held = self._records[name] = (changed, runs.open(self.folder())[name])
        return held[1]


def _changes_in(folder: Path) -> Hashable:
    """When a folder, and each run in it, was last changed."""
    found: list[tuple[str, int]] = []
    try:
        found.append(("", folder.stat().st_mtime_ns))
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return None
    for name in names:
        try:
            found.append((name, (folder / name / FILE).stat().st_mtime_ns))
        except OSError:
            continue  # no run, or deleted meanwhile
    return frozenset(found)


def _in_short(value: Any, most: int = 200) -> str:
    if value is None:
        return "—"
    if is_list(value) and value and all(map(_is_change, value)):
        value = ", ".join(f"{c['learning_rate']:.4g} after batch {c['batch']}" for c in value)
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= most else f"{text[:most]} …"


def _is_change(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"batch", "learning_rate"}
