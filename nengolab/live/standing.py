"""What is changed of a running network, for whoever shows it."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nengolab.runtime.recording import Recording

from .changes import Change
from .frames import Arrays
from .specs import Cadence, LookSpec, new_id

if TYPE_CHECKING:
    from .poking import Poking
    from .session import Session


@dataclass(frozen=True, eq=False)
class StandingInput(LookSpec):
    """What a Node puts out instead of its own output, told anew whenever it is something else.

    Parameters
    ----------
    session : Session
        Whose input. It is not kept alive.
    node : nengo.Node
    """

    session: weakref.ref[Session]
    node: Any
    id: str = field(default_factory=new_id)
    rev: int = 0
    # What was told last, so that nothing else gets its place in memory.
    _seen: list[Any] = field(default_factory=list[Any])

    cadence: ClassVar[Cadence] = "on_change"
    period: float = field(default=0.03, init=False)

    def version(self, sim: Any) -> Hashable:
        session = self.session()
        if session is None:
            return 0
        self._seen[:] = [session.inputs.get(self.node)]
        return id(self._seen[0]), session.undoes, session.redoes

    def look(self, sim: Any) -> Arrays:
        """Give the JSON as UTF-8."""
        text = json.dumps(self.told())
        return [("told", np.frombuffer(text.encode(), np.uint8))]

    def told(self) -> dict[str, Any]:
        """Give what stands, for a page."""
        session = self.session()
        if session is None:
            return {"kind": "own", "undoes": "", "redoes": ""}
        undoes, redoes = session.undoes, session.redoes
        value = session.inputs.get(self.node)
        deeds = {
            "undoes": undoes.name if undoes else "",
            "redoes": redoes.name if redoes else "",
        }
        if value is None:
            return {"kind": "own", **deeds}
        if not isinstance(value, Recording):
            return {"kind": "values", "values": value.tolist(), **deeds}
        return {
            "kind": "recording",
            "name": value.name,
            "samples": len(value),
            "seconds": value.duration(session.dt),
            "loop": value.loop,
            "from": (value.start or 0) * session.dt,
            **deeds,
        }


@dataclass(frozen=True, eq=False)
class StandingChanges(LookSpec):
    """What stands changed, told anew whenever it is something else.

    Parameters
    ----------
    session : Session
        Whose changes. It is not kept alive.
    tell : callable
        Makes JSON of the changes; called on the owner thread, it must not keep the session either.
    """

    session: weakref.ref[Poking]
    tell: Callable[[list[Change]], Any]
    id: str = field(default_factory=new_id)
    rev: int = 0

    cadence: ClassVar[Cadence] = "on_change"
    period: float = field(default=0.05, init=False)

    def version(self, sim: Any) -> Hashable:
        return tuple((id(c), c.step) for c in self._changes)

    def look(self, sim: Any) -> Arrays:
        """Give the JSON as UTF-8."""
        text = json.dumps(self.tell(self._changes))
        return [("told", np.frombuffer(text.encode(), np.uint8))]

    @property
    def _changes(self) -> list[Change]:
        session = self.session()
        return [] if session is None else session.changes
