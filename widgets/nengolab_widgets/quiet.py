"""What a panel asks of the session that shows no data of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from nengolab.live import LookSpec
from nengolab.live.specs import Cadence


@dataclass(frozen=True, eq=False)
class Nothing(LookSpec):
    """No data."""

    id: str
    rev: int = 0

    cadence: ClassVar[Cadence] = "once"

    def look(self, sim: Any) -> list[Any]:
        """Give none."""
        return []
