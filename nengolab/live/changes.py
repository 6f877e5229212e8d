"""Changes that were made while a network runs: done, undone, done again, listed, kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from nengo.exceptions import SimulationError


@dataclass(frozen=True)
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


@dataclass(eq=False)
class _Done:
    """One thing to undo: the edits of one gesture."""

    edits: list[Any]
    gesture: str | None


class Changes:
    """Makes changes and takes them back; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    note : callable
        Hears of each edit that counts, and after which step it began to.
    """

    def __init__(self, sim: Any, note: Callable[[Any, int], None]) -> None:
        self._sim, self._note = sim, note
        self._done: list[_Done] = []
        self._undone: list[_Done] = []
        self._waiting: list[tuple[Any, Future[int], Future[Any]]] = []
        # By object and role: how it was built, how it is, since when.
        self.standing: dict[tuple[Any, str], Change] = {}

    def make(self, what: str, *arguments: Any, gesture: str | None = None) -> Future[Any]:
        """Make a change; the result is its `Edit`, when it counts."""
        edit = self._sim.edit(what, *arguments)
        result = self._apply(edit)
        self._undone = []
        last = self._done[-1] if self._done else None
        if gesture is not None and last is not None and last.gesture == gesture:
            last.edits.append(edit)
        else:
            self._done.append(_Done([edit], gesture))
        return result

    def undo(self) -> Future[Any]:
        """Take the last change back."""
        if not self._done:
            raise SimulationError("there is no change to undo")
        last = self._done.pop()
        self._undone.append(last)
        results = [self._apply(edit.back) for edit in reversed(last.edits)]
        return results[-1]

    def redo(self) -> Future[Any]:
        """Make the change again that was taken back last."""
        if not self._undone:
            raise SimulationError("no change was undone that could be made again")
        last = self._undone.pop()
        self._done.append(last)
        results = [self._apply(edit) for edit in last.edits]
        return results[-1]

    def _apply(self, edit: Any) -> Future[Any]:
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
            self._sim.prepare()
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
            self._sim.prepare()  # it counted from here, so it has to now
        self._count(edit, self._sim.n_steps)

    def recount(self, standing: Mapping[tuple[Any, str], Change]) -> None:
        """The run stands elsewhere, and so does what was changed; none of it is to be undone."""
        self.standing = dict(standing)
        self._done, self._undone = [], []


def same(one: Any, other: Any) -> bool:
    """Whether two values that a person sees are the same."""
    return bool(np.all(one == other)) and np.shape(one) == np.shape(other)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(cast('list[int]', value))} neurons"
    array = np.asarray(value)
    if array.dtype.kind == "f" and array.ndim:
        return f"array {array.shape}, mean {array.mean():.4g}"
    return str(value)
