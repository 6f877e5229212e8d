"""What is changed of a running network, for whoever shows it."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .changes import Change
from .frames import Arrays
from .specs import Cadence, LookSpec, new_id

if TYPE_CHECKING:
    from .poking import Poking


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
    period: ClassVar[float] = 0.05

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
