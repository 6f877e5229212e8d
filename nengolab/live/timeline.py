"""What happened in a run, so that it can be gone back to: moments, inputs, changes, branches.

A *moment* is all that a run goes on from: the engine's state, what stands of changes and inputs,
and the filters of what is plotted. Moments are kept at intervals, in a budget of bytes: where that
is full, the oldest go to disk; where the disk's budget is full too, every other one is dropped and
the interval doubled. *Events* are what people did, with the
step after which they did it. A branch holds what is its own; before it began, its parent's counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nengo.exceptions import ValidationError

from .inputs import Standing
from .shelf import Shelf, in_memory, on_disk

DEFAULT_BUDGET = 256 * 2**20
INTERVAL = 0.5
# A moment takes time, so at most this part of a run goes into them.
SHARE = 0.03
GENERATOR_BYTES = 2600
MOST_MOMENTS = 2000
FIRST = "main"
NEVER = 2**62


@dataclass(frozen=True, eq=False)
class Moment:
    """All that a run goes on from.

    Attributes
    ----------
    step : int
        Steps done.
    state : Snapshot
        The engine's.
    standing : Standing
        What was changed by then, for the engine.
    changes : Mapping
        The same, for a person.
    inputs : Mapping
        What Nodes put out instead of their own output.
    filters : Mapping
        Of what is plotted, by what has them.
    formulas : frozenset
        By which formulas the engine computed; see `Simulator.formulas`.
    seq : int
        Events up to this number are in it.
    """

    step: int
    state: Any
    standing: Any
    changes: Mapping[Any, Any]
    inputs: Standing
    filters: Mapping[Any, Any]
    formulas: frozenset[Any]
    seq: int

    @cached_property
    def nbytes(self) -> int:
        """Memory that it takes beside what was changed, which moments share."""
        state = in_memory(self.state)
        total = sum(array.nbytes for array in state.arrays.values())
        for states in state.processes.values():
            for process in states:
                # Where its generator started, and where it is.
                total += 2 * GENERATOR_BYTES + sum(a.nbytes for a in process.arrays.values())
        return total


@dataclass(frozen=True, eq=False)
class Event:
    """Something that was done after a step.

    Attributes
    ----------
    step : int
    kind : {"input", "change", "error"}
    what : object
        Of an input the Node and what it puts out (None: its own output), of a change its `Edit`,
        of an error that stopped the run its report.
    seq : int
        Its number among all events.
    """

    step: int
    kind: str
    what: Any
    seq: int


@dataclass(eq=False)
class Branch:
    """One way that a run took.

    Attributes
    ----------
    name : str
    parent : Branch or None
    start : int
        The step at which it left its parent.
    end : int
        The last step that was reached on it.
    seq : int
        Events of its parent up to this number count for it.
    """

    name: str
    parent: Branch | None = None
    start: int = 0
    end: int = 0
    seq: int = 0
    moments: list[Moment] = field(default_factory=list[Moment])
    events: list[Event] = field(default_factory=list[Event])

    @property
    def lineage(self) -> list[tuple[Branch, int, int]]:
        """This branch and those before it, and up to which step and event each counts."""
        found: list[tuple[Branch, int, int]] = [(self, self.end, NEVER)]
        while (branch := found[-1][0]).parent is not None:
            _, until, seq = found[-1]
            found.append((branch.parent, min(branch.start, until), min(branch.seq, seq)))
        return found

    def last_moment(self, step: int) -> Moment | None:
        """Give the last moment at or before a step, on this branch or before it."""
        for branch, until, seq in self.lineage:
            reached = min(step, until)
            known = [m for m in branch.moments if m.step <= reached and m.seq <= seq]
            if known:
                return max(known, key=lambda moment: moment.step)
        return None

    def events_after(self, moment: Moment, step: int) -> list[Event]:
        """Give what was done after a moment up to a step, and at that step, in order."""
        found: list[Event] = []
        for branch, until, seq in reversed(self.lineage):
            found += [
                event
                for event in branch.events
                if moment.seq < event.seq <= seq and moment.step <= event.step <= min(step, until)
            ]
        # One that had to wait for a compile is told of later than it counted.
        return sorted(found, key=lambda event: (event.step, event.seq))


class Timeline:
    """Moments and events of all branches; used by the owner thread only.

    Parameters
    ----------
    dt : float
        Length of a step (s).
    take : callable
        Makes a `Moment` of now, with the number of the last event that is in it.
    budget : int
        Bytes that moments may take.
    """

    def __init__(self, dt: float, take: Callable[[int], Moment], budget: int) -> None:
        self._dt, self._take = dt, take
        self.budget, self.shelf, self._seq = budget, Shelf(), 0
        self.begin(0)

    def begin(self, step: int) -> None:
        """Forget everything: a run starts at a step."""
        self.here = Branch(FIRST, start=step, end=step)
        self.branches = {FIRST: self.here}
        self._interval = max(1, round(INTERVAL / self._dt))
        self._not_before = 0.0
        self._nbytes = self._disk = self._n_moments = 0

    # ---- as the run goes -------------------------------------------------

    def reached(self, step: int) -> None:
        """The run has come to a step: keep a moment of it when one is due."""
        here = self.here
        here.end = max(here.end, step)
        last = here.moments[-1].step if here.moments else None
        now = time.perf_counter()
        if last is None or (step - last >= self._interval and now >= self._not_before):
            self.keep()
            self._not_before = now + (time.perf_counter() - now) / SHARE

    def now(self) -> Moment:
        """Give a moment of now, which is not kept."""
        return self._take(self._seq)

    def keep(self) -> Moment:
        """Keep a moment of now, and stay within the budget."""
        moment = self.now()
        moments = self.here.moments
        # What was done since, at the same step, is in the new one.
        while moments and moments[-1].step >= moment.step:
            moments.pop()
        moments.append(moment)
        self.here.end = max(self.here.end, moment.step)
        self.stay_within()
        return moment

    def note(self, step: int, kind: str, what: Any) -> None:
        """Something was done after a step."""
        self._seq += 1
        self.here.events.append(Event(step, kind, what, self._seq))

    def stay_within(self) -> None:
        """Put moments on disk and drop some, until the budgets hold, as far as they can."""
        self._count()
        if self._nbytes > self.budget:
            self._put_on_disk(self._nbytes - self.budget)
            self._count()
        while (
            self._nbytes > self.budget
            or self._disk > self.shelf.budget
            or self._n_moments > MOST_MOMENTS
        ):
            if not self._thin():
                break
            self._count()

    def _put_on_disk(self, nbytes: int) -> None:
        """The oldest first; where a branch ends stays in memory: it is gone back to most."""
        for branch in self.branches.values():
            for i, moment in enumerate(branch.moments[:-1]):
                if nbytes <= 0 or self.shelf.problem:
                    return
                if not on_disk(moment.state):
                    shelved = replace(moment, state=self.shelf.put(moment.state))
                    branch.moments[i] = shelved
                    nbytes -= moment.nbytes - shelved.nbytes

    def _count(self) -> None:
        moments = [moment for branch in self.branches.values() for moment in branch.moments]
        changed = {id(a): a.nbytes for m in moments for a in m.standing.values.values()}
        self._n_moments = len(moments)
        self._nbytes = sum(m.nbytes for m in moments) + sum(changed.values())
        self._disk = sum(on_disk(m.state) for m in moments)

    def _thin(self) -> bool:
        """Drop every other moment but the first and the last of each branch."""
        dropped = False
        for branch in self.branches.values():
            if len(branch.moments) > 2:
                last = branch.moments[-1]
                branch.moments = [*branch.moments[:-1:2], last]
                dropped = True
        if dropped:
            self._interval *= 2
        return dropped

    @property
    def nbytes(self) -> int:
        """Memory that moments take."""
        return self._nbytes

    @property
    def nbytes_on_disk(self) -> int:
        """Disk that moments take."""
        return self._disk

    @property
    def interval(self) -> float:
        """Simulated seconds between two moments, at least."""
        return self._interval * self._dt

    # ---- branches --------------------------------------------------------

    def branch(self, name: str) -> Branch:
        """Find a branch by its name."""
        if name not in self.branches:
            raise ValidationError(
                f"there is no branch {name!r}; there is {', '.join(map(repr, self.branches))}",
                "branch",
            )
        return self.branches[name]

    def new_name(self, name: str | None) -> str:
        """Check the name of a new branch, or make one."""
        if name is None:
            number = len(self.branches)
            while f"branch {number}" in self.branches:
                number += 1
            return f"branch {number}"
        if not name.strip():
            raise ValidationError(f"a branch needs a name, got {name!r}", "name")
        if name in self.branches:
            raise ValidationError(f"there is a branch {name!r} already", "name")
        return name

    def fork(self, name: str, step: int) -> None:
        """Go on from a step of this branch on a new one."""
        self.here = self.branches[name] = Branch(name, self.here, step, step, self._seq)

    def drop(self, name: str) -> None:
        """Forget a branch that is not run and that no other begins on."""
        branch = self.branch(name)
        if branch is self.here:
            raise ValidationError(f"the branch {name!r} is the one that runs", "branch")
        others = [other.name for other in self.branches.values() if other.parent is branch]
        if others:
            raise ValidationError(
                f"{', '.join(map(repr, others))} begin on the branch {name!r}; drop them first",
                "branch",
            )
        del self.branches[name]
        self._count()
