"""The past of a session: what is kept of it, and going on from there."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .beside import pack_beside
from .machine import Return
from .owner import OwnerThread
from .shelf import DEFAULT_DISK
from .specs import StreamSpec
from .timeline import Event, Timeline


@dataclass(frozen=True)
class BranchInfo:
    """One way that the run took; times in s.

    Attributes
    ----------
    name : str
    parent : str or None
        The branch that it began on.
    start, end : float
        When it left that one, and how far it was run.
    running : bool
        Whether it is the one that goes on.
    """

    name: str
    parent: str | None
    start: float
    end: float
    running: bool


@dataclass(frozen=True)
class EventInfo:
    """Something that was done; the next step was the first with it.

    Attributes
    ----------
    time : float
    kind : {"input", "change", "error"}
        The last is one that stopped the run.
    name : str
        The object's.
    role : str
        What of it; "output" of an input.
    value : object
        What it was set to; None for an input that was given back; of an error its message.
    branch : str
    """

    time: float
    kind: str
    name: str
    role: str
    value: Any
    branch: str


class History:
    """What a session keeps of its past. Made by the session: `Session.history`.

    States are kept at intervals, within `budget` bytes of memory, older ones on disk; in between,
    the run is computed again. What
    was moved and changed then, moves and changes again. So any time since the start can be gone
    back to, and what is computed from there is what was computed then, to the last bit, unless
    Python code that may remember something is in the network (`not_restorable`).
    """

    def __init__(self, owner: OwnerThread, names: Names, dt: float) -> None:
        self._owner, self._names, self._dt = owner, names, dt

    @property
    def _timeline(self) -> Timeline | None:
        return self._owner.timeline

    # ---- what is there ---------------------------------------------------

    @property
    def branch(self) -> str:
        """Name of the branch that goes on; empty while nothing is built."""
        timeline = self._timeline
        return "" if timeline is None else timeline.here.name

    @property
    def branches(self) -> list[BranchInfo]:
        """All branches, in the order in which they were begun."""
        timeline = self._timeline
        if timeline is None:
            return []
        here, steps = timeline.here, self._owner.board.now.n_steps
        return [
            BranchInfo(
                branch.name,
                branch.parent.name if branch.parent is not None else None,
                branch.start * self._dt,
                (steps if branch is here else branch.end) * self._dt,
                branch is here,
            )
            for branch in list(timeline.branches.values())
        ]

    @property
    def events(self) -> list[EventInfo]:
        """Inputs that were moved and changes that were made on all branches, in order."""
        timeline = self._timeline
        if timeline is None:
            return []
        every = [
            (event, b.name) for b in list(timeline.branches.values()) for event in list(b.events)
        ]
        every.sort(key=lambda pair: pair[0].seq)
        return [self._told(event, branch) for event, branch in every]

    def _told(self, event: Event, branch: str) -> EventInfo:
        if event.kind == "input":
            node, value = event.what
            name, role = self._names.get(node), "output"
        elif event.kind == "error":
            name, role, value = event.what["object"], "error", event.what["message"]
        else:
            name, role, value = event.what.name, event.what.role, event.what.after
        return EventInfo(event.step * self._dt, event.kind, name, role, value, branch)

    def marks(self, most: int) -> list[EventInfo]:
        """Give the newest events on the way to where the run stands, and where branches began.

        Of moves of one Node that follow each other within 0.25 s the last counts.

        Parameters
        ----------
        most : int
            How many, at most.
        """
        timeline = self._timeline
        if timeline is None:
            return []
        near = round(0.25 / self._dt)
        found: list[EventInfo] = []
        for branch, until, seq in timeline.here.lineage:
            later: Event | None = None
            for event in reversed(list(branch.events)):
                if len(found) >= most:
                    return found[::-1]
                if event.step > until or event.seq > seq:
                    continue
                if later is None or not _one_move(event, later, near):
                    found.append(self._told(event, branch.name))
                later = event
            if branch.parent is not None:
                start = branch.start * self._dt
                begun = EventInfo(start, "branch", branch.name, "branch", None, branch.name)
                found.append(begun)
        return found[::-1]

    @property
    def kept(self) -> np.ndarray:
        """Times (s) of the states that are kept on the way to where the run stands."""
        timeline = self._timeline
        if timeline is None:
            return np.zeros(0)
        steps = {
            moment.step
            for branch, until, _ in timeline.here.lineage
            for moment in list(branch.moments)
            if moment.step <= until
        }
        return np.array(sorted(steps)) * self._dt

    @property
    def not_restorable(self) -> list[str]:
        """Names of Python code that may remember something, which nobody can put back."""
        sim = self._owner.delivery.sim
        return [] if sim is None else list(sim.not_restorable)

    @property
    def nbytes(self) -> int:
        """Memory that the states take."""
        timeline = self._timeline
        return 0 if timeline is None else timeline.nbytes

    @property
    def budget(self) -> int:
        """Bytes of memory that they may take; where it is full, the oldest are put on disk."""
        return self._owner.budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        if not 0 < nbytes < math.inf:
            raise ValidationError(f"must be a positive number of bytes, got {nbytes!r}", "budget")
        self._owner.budget = int(nbytes)
        self._owner.post(lambda: self._owner.set_budget(int(nbytes)))

    @property
    def nbytes_on_disk(self) -> int:
        """Disk that the older states take."""
        timeline = self._timeline
        return 0 if timeline is None else timeline.nbytes_on_disk

    @property
    def folder(self) -> Path | None:
        """Where the older states are, None while all are in memory; it goes with the session."""
        timeline = self._timeline
        return None if timeline is None else timeline.shelf.folder

    @property
    def disk_budget(self) -> int:
        """Bytes of disk that they may take; where it is full, every other one is dropped."""
        timeline = self._timeline
        return DEFAULT_DISK if timeline is None else timeline.shelf.budget

    @disk_budget.setter
    def disk_budget(self, nbytes: int) -> None:
        if not 0 <= nbytes < math.inf:
            raise ValidationError(f"must be a number of bytes, got {nbytes!r}", "disk_budget")
        self._owner.post(lambda: self._owner.set_disk_budget(int(nbytes)))

    @property
    def summary(self) -> str:
        """How much is kept and where, in words."""
        timeline = self._timeline
        used, budget, disk = self.nbytes / 2**20, self.budget / 2**20, self.nbytes_on_disk / 2**20
        on_disk = f", {disk:.0f} MB on disk" if disk else ""
        problem = f"; {timeline.shelf.problem}" if timeline and timeline.shelf.problem else ""
        return f"{len(self.kept)} states, {used:.1f} of {budget:.0f} MB{on_disk}{problem}"

    def __repr__(self) -> str:
        return f"<History on {self.branch!r}: {len(self.branches)} branches, {self.summary}>"

    # ---- going there -----------------------------------------------------

    def go_on_from(
        self, time: float, name: str | None = None, branch: str | None = None
    ) -> Future[Return]:
        """Stand where the run stood at a time, paused; what comes next is a new branch.

        Parameters
        ----------
        time : float
            Seconds; the nearest step counts, with what was set and changed after it.
        name : str, optional
            Of the new branch.
        branch : str, optional
            On which the time is meant; default: the one that goes on.

        Returns
        -------
        Future of Return
            The branch, where it stands, and whether that is exact.
        """
        if not 0 <= time < math.inf:
            raise ValidationError(f"needs a time in seconds from 0 on, got {time!r}", "time")
        step = round(time / self._dt)
        return self._owner.post(lambda: self._owner.go_back(branch, step, name), after_steps=True)

    def step_back(self, n: int = 1) -> Future[Return]:
        """Stand n steps before where the run stands, as `go_on_from` does."""
        if n < 1:
            raise ValidationError(f"needs a whole number of steps from 1 on, got {n!r}", "n")

        def act() -> Future[Return]:
            return self._owner.go_back(None, self._owner.board.now.n_steps - n, None)

        return self._owner.post(act, after_steps=True)

    def stay(self) -> Future[None]:
        """Give up a way back that takes too long: the run stands where it stood."""
        act = lambda: self._owner.runner.travels.stay()  # noqa: E731
        return self._owner.post(act, wakes=False, underway=True)

    def recall(self, branch: str, specs: list[StreamSpec]) -> Future[bool]:
        """Compute again what plots of lines lack of another branch: those that were added later.

        It is computed while the run rests, and gives way to every command. `beside` has it then.

        Returns
        -------
        Future of bool
            Whether something was lacking, when it is there.
        """
        act = lambda: self._owner.runner.travels.recall(branch, specs)  # noqa: E731
        return self._owner.post(act, wakes=False, underway=True)

    def beside(
        self, branch: str, specs: list[StreamSpec], width: int
    ) -> Future[tuple[list[dict[str, Any]], bytes]]:
        """Give what plots of lines had of a branch when the run left it, packed as in a frame.

        Parameters
        ----------
        branch : str
            Its name.
        specs : list of StreamSpec
            The plots; for those that were not there then, or are no lines, there is nothing.
        width : int
            Pixels, to which it is thinned.
        """

        def act() -> tuple[list[dict[str, Any]], bytes]:
            self._owner.runner.machine.timeline.branch(branch)
            rows = self._owner.delivery.recorder.left.rows(branch)
            return pack_beside(rows, specs, width, self._dt)

        return self._owner.post(act)

    def switch(self, branch: str) -> Future[Return]:
        """Go on at the end of another branch, paused."""
        return self._owner.post(lambda: self._owner.go_back(branch, None, None), after_steps=True)

    def drop(self, branch: str) -> Future[None]:
        """Forget a branch that is not the one that goes on, and that no other began on."""

        def act() -> None:
            self._owner.runner.machine.timeline.drop(branch)

        return self._owner.post(act)


def _one_move(event: Event, later: Event, near: int) -> bool:
    """Whether two events are parts of one move of an input."""
    both = event.kind == later.kind == "input" and event.what[0] is later.what[0]
    return both and later.step - event.step <= near
