"""The past of a session: what is kept of it, and going on from there."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .machine import Return
from .owner import OwnerThread
from .timeline import Timeline


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
    kind : {"input", "change"}
    name : str
        The object's.
    role : str
        What of it; "output" of an input.
    value : object
        What it was set to; None for an input that was given back.
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

    States are kept at intervals, within `budget` bytes; in between, the run is computed again. What
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
        found: list[EventInfo] = []
        for event, branch in sorted(every, key=lambda pair: pair[0].seq):
            if event.kind == "input":
                node, value = event.what
                name, role = self._names.get(node), "output"
            else:
                name, role, value = event.what.name, event.what.role, event.what.after
            found.append(EventInfo(event.step * self._dt, event.kind, name, role, value, branch))
        return found

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
        """Bytes that they may take; where it is full, every other one is dropped."""
        return self._owner.budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        if not 0 < nbytes < math.inf:
            raise ValidationError(f"must be a positive number of bytes, got {nbytes!r}", "budget")
        self._owner.budget = int(nbytes)
        self._owner.post(lambda: self._owner.set_budget(int(nbytes)))

    def __repr__(self) -> str:
        return (
            f"<History on {self.branch!r}: {len(self.branches)} branches, {len(self.kept)} states, "
            f"{self.nbytes / 2**20:.1f} of {self.budget / 2**20:.0f} MB>"
        )

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

        def act() -> Return:
            return self._owner.go_back(None, self._owner.board.now.n_steps - n, None)

        return self._owner.post(act, after_steps=True)

    def switch(self, branch: str) -> Future[Return]:
        """Go on at the end of another branch, paused."""
        return self._owner.post(lambda: self._owner.go_back(branch, None, None), after_steps=True)

    def drop(self, branch: str) -> Future[None]:
        """Forget a branch that is not the one that goes on, and that no other began on."""

        def act() -> None:
            self._owner.runner.machine.timeline.drop(branch)

        return self._owner.post(act)
