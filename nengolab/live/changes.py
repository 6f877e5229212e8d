"""Changes that were made while a network runs: done, undone, done again, listed, kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from nengo.exceptions import SimulationError

from .inputs import InputEdit, Value

# Things that can be undone, at most.
MOST_DEEDS = 500


@dataclass(frozen=True, repr=False)
class Change:
    """How something differs from what was built.

    Attributes
    ----------
    obj : object
        The Nengo object.
    name : str
        What it is called.
    role : str
        What of it: ``"synapse"``, ``"weights"``, ``"tau_rc"``, ``"lesion"``, ``"cut"``,
        ``"learning"``...
    before, after : object
        As built, and as it is now.
    step : int
        After which step it was changed last.
    """

    obj: Any
    name: str
    role: str
    before: Any
    after: Any
    step: int

    def __str__(self) -> str:
        return f"{self.name}: {self.role} {_said(self.before)} -> {_said(self.after)}"

    def __repr__(self) -> str:
        return f"<Change {self}>"  # not all entries of arrays


@dataclass(frozen=True)
class Deed:
    """What could be undone or done again: its name, and when (monotonic, s) it was done."""

    name: str
    when: float


@dataclass(eq=False)
class _Done:
    """One thing to undo: the edits of one gesture."""

    edits: list[Any]
    gesture: str | None
    when: float = field(default_factory=time.monotonic)

    @property
    def deed(self) -> Deed:
        edit = self.edits[-1]
        what = str(edit) if isinstance(edit, InputEdit) else f"{edit.role} of {edit.name}"
        return Deed(what, self.when)


class Changes:
    """Makes changes and takes them back; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    note : callable
        Hears of each edit that counts, and after which step it began to.
    drive : callable
        Lets a Node put something out.
    """

    def __init__(
        self,
        sim: Any,
        note: Callable[[Any, int], None],
        drive: Callable[[Any, Value], Future[None]],
    ) -> None:
        self._sim, self._note, self._drive = sim, note, drive
        self._done: list[_Done] = []
        self._undone: list[_Done] = []
        self._waiting: list[tuple[Any, Future[int], Future[Any]]] = []
        # By object and role: how it was built, how it is, since when.
        self.standing: dict[tuple[Any, str], Change] = {}

    def make(self, what: str, *arguments: Any, gesture: str | None = None) -> Future[Any]:
        """Make a change; the result is its `Edit`, when it counts."""
        edit = self._sim.edit(what, *arguments)
        return self._do(edit, gesture)

    def drive(self, edit: InputEdit, gesture: str | None = None) -> Future[Any]:
        """Let a Node put something out; as `make`."""
        return self._do(edit, gesture)

    def _do(self, edit: Any, gesture: str | None) -> Future[Any]:
        result = self._apply(edit)
        self._undone = []
        last = self._done[-1] if self._done else None
        if gesture is None or last is None or last.gesture != gesture:
            self._done = [*self._done[-MOST_DEEDS:], _Done([edit], gesture)]
            return result
        last.when = time.monotonic()
        first = last.edits[-1]
        if isinstance(edit, InputEdit) and isinstance(first, InputEdit) and edit.node is first.node:
            # Only where it began, and where it ended, counts of a hand's way.
            last.edits[-1] = replace(edit, before=first.before)
        else:
            last.edits.append(edit)
        return result

    @property
    def undoes(self) -> Deed | None:
        """What `undo` would take back."""
        done = self._done
        return done[-1].deed if done else None

    @property
    def redoes(self) -> Deed | None:
        """What `redo` would make again."""
        undone = self._undone
        return undone[-1].deed if undone else None

    @property
    def deeds(self) -> tuple[list[Any], list[Any]]:
        """What can be undone and made again, to be put back as it is."""
        return self._done, self._undone

    @deeds.setter
    def deeds(self, deeds: tuple[list[Any], list[Any]]) -> None:
        self._done, self._undone = deeds

    def undo(self) -> Future[Any]:
        """Take the last change back."""
        if not self._done:
            raise SimulationError("there is no change to undo")
        last = self._done.pop()
        last.when = time.monotonic()
        self._undone.append(last)
        results = [self._apply(edit.back) for edit in reversed(last.edits)]
        return results[-1]

    def redo(self) -> Future[Any]:
        """Make the change again that was taken back last."""
        if not self._undone:
            raise SimulationError("no change was undone that could be made again")
        last = self._undone.pop()
        last.when = time.monotonic()
        self._done.append(last)
        results = [self._apply(edit) for edit in last.edits]
        return results[-1]

    def _apply(self, edit: Any) -> Future[Any]:
        if isinstance(edit, InputEdit):
            return _giving(edit, self._drive(edit.node, edit.after))
        counts, result = self._sim.apply(edit), Future[Any]()
        self._waiting.append((edit, counts, result))
        self.settle()
        return result

    def settle(self) -> bool:
        """Tell of the changes that count by now; whether some are still being compiled."""
        while self._waiting and self._waiting[0][1].done():
            edit, counts, result = self._waiting.pop(0)
            error = counts.exception()
            if error is not None:
                self._done = [d for d in self._done if edit not in d.edits]
                result.set_exception(error)
                continue
            step = counts.result()
            self._count(edit, step)
            self._note(edit, step)
            result.set_result(edit)
        return bool(self._waiting)

    def _count(self, edit: Any, step: int) -> None:
        key = (edit.obj, edit.role)
        first = self.standing.get(key)
        before = edit.before if first is None else first.before
        if same(before, edit.after):
            self.standing.pop(key, None)
        else:
            self.standing[key] = Change(edit.obj, edit.name, edit.role, before, edit.after, step)

    def finish(self) -> None:
        """Wait for what is still being compiled."""
        if self.settle():
            self._sim.prepare(whole=False)
            self.settle()

    def drop(self) -> None:
        """Take all changes back, but what a learning rule has changed since."""
        self.finish()
        for change in list(self.standing.values()):
            obj, role, before = change.obj, change.role, change.before
            if role == "lesion":
                edit = self._sim.edit("lesion", obj, before)
            elif role in ("cut", "learning"):
                edit = self._sim.edit("cut" if role == "cut" else "learn", obj, before)
            else:
                edit = self._sim.edit("set", obj, role, before, None, None)
            if not edit.state:
                self._apply(edit)
        self.finish()
        self.recount({})

    def keep(self) -> None:
        """Write all changes to the network's objects: they count as built from here."""
        self.finish()
        self._sim.keep(list(self.standing))
        self.recount({})

    def again(self, edit: Any) -> None:
        """Make a change that was made at this step of a run which is computed again."""
        if not self._sim.apply(edit).done():
            self._sim.prepare(whole=False)  # it counted from here, so it has to now
        self._count(edit, self._sim.n_steps)

    def recount(self, standing: Mapping[tuple[Any, str], Change]) -> None:
        """The run stands elsewhere, and so does what was changed; none of it is to be undone."""
        self.standing = dict(standing)
        self._done, self._undone = [], []


def same(one: Any, other: Any) -> bool:
    """Whether two values that a person sees are the same."""
    return bool(np.all(one == other)) and np.shape(one) == np.shape(other)


def _giving(edit: InputEdit, done: Future[None]) -> Future[Any]:
    """The edit as a result, when it counts."""
    result: Future[Any] = Future()

    def give(done: Future[None]) -> None:
        if (error := done.exception()) is not None:
            result.set_exception(error)
        else:
            result.set_result(edit)

    done.add_done_callback(give)
    return result


def _said(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(cast('list[int]', value))} neurons"
    array = np.asarray(value)
    if array.dtype.kind == "f" and array.ndim:
        return f"array {array.shape}, mean {array.mean():.4g}"
    return str(value)
