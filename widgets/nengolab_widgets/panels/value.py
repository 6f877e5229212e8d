"""The value plot: what an ensemble represents, or a node or connection gives out."""

from __future__ import annotations

import math
from typing import Any, TypedDict

from nengolab.live import LinesSpec, StreamSpec
from nengolab.live.heat import Heat
from nengolab.live.samples import Chosen
from nengolab_widgets.chosen import HINT, numbered, read_chosen, size_of
from nengolab_widgets.narrowing import is_list_or_tuple
from nengolab_widgets.panel import RANGE, OverTime, Panel, Setting
from nengolab_widgets.values import FILTER, has_value, likely_range, usual_filter, with_filter

# So many lines can be told apart; more are an image at first.
MOST_LINES = 8


class Payload(TypedDict):
    """What the page draws: one line, or row of an image, for each name."""

    axis: str
    lines: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None
    image: bool
    per_row: int
    rows: str | None


def _likely(value: Any) -> tuple[float, float] | None:
    """Check where the range starts; None: by the object."""
    if value is None:
        return None
    pair = [float(v) for v in value] if is_list_or_tuple(value) else []
    if len(pair) != 2 or not -math.inf < pair[0] < pair[1] < math.inf:
        raise ValueError("two numbers, the lower first")
    return pair[0], pair[1]


class Value(Panel):
    """One line for each dimension, or one row of an image.

    ``likely`` is where its range starts, two numbers, before it follows the data.
    """

    name = "value"
    label = "value"
    settings = (
        FILTER,
        Setting("show", "show", "lines", "choice", choices=("lines", "image")),
        Setting("dims", "dimensions", "", "text", hint=HINT),
        RANGE,
        Setting("likely", "likely", None, "kept", check=_likely, redraws=True),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        return has_value(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 0.0

    def defaults(self) -> dict[str, Any]:
        many = size_of(self.obj) > MOST_LINES
        return {
            "synapse": usual_filter(self.obj, self.place.network),
            "show": "image" if many else "lines",
        }

    def spec(self) -> StreamSpec:
        probe = self.place.probe(self.obj, None, self.values["synapse"])
        self._dims = read_chosen(self.values["dims"], probe.size, "dims")
        common: OverTime = {
            "window": self.place.window,
            "id": self.identity.id,
            "rev": self.identity.rev,
        }
        some = len(self._dims) < probe.size
        if self.values["show"] == "image":
            self._spec = Heat(probe, chosen=self._dims if some else None, **common)
        else:
            self._spec = Chosen(probe, self._dims, **common) if some else LinesSpec(probe, **common)
        return self._spec

    @property
    def what(self) -> str:
        return with_filter("value", self.values["synapse"])

    def layout(self) -> Payload:
        image = isinstance(self._spec, Heat)
        return {
            "axis": "dimension" if image else "value",
            "lines": numbered("dimension", self._dims),
            "likely": self.values["likely"] or likely_range(self.obj),
            "range": self.values["range"],
            "image": image,
            "per_row": self._spec.per_row if isinstance(self._spec, Heat) else 1,
            "rows": None,
        }
