"""A value as numbers."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live.samples import Samples
from nengolab_widgets.chosen import HINT, numbered, read_chosen, size_of
from nengolab_widgets.panel import Panel, Setting
from nengolab_widgets.values import FILTER, has_value, usual_filter, with_filter

MOST = 64
FIRST_SHOWN = 8


class Payload(TypedDict):
    """What the page writes: a number for each name, with so many decimals."""

    names: list[str]
    decimals: int


class Text(Panel):
    """The newest value of each dimension, four times a second."""

    name = "text"
    label = "numbers"
    settings = (
        Setting("dims", "dimensions", "", "text", hint=HINT),
        Setting("decimals", "decimals", 3.0, least=0, most=9, redraws=True),
        FILTER,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        return has_value(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 50.0

    def defaults(self) -> dict[str, Any]:
        many = size_of(self.obj) > MOST
        return {
            "synapse": usual_filter(self.obj, self.place.network),
            "dims": f"0:{FIRST_SHOWN}" if many else "",
        }

    def spec(self) -> Samples:
        probe = self.place.probe(self.obj, None, self.values["synapse"])
        self._dims = read_chosen(self.values["dims"], probe.size, "dims", MOST)
        return Samples(
            tuple((probe, i) for i in self._dims),
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        return with_filter("value, as numbers", self.values["synapse"])

    def layout(self) -> Payload:
        return {
            "names": numbered("dimension", self._dims),
            "decimals": int(self.values["decimals"]),
        }
