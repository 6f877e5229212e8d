"""The value plot: what an ensemble represents, or a node or connection gives out."""

from __future__ import annotations

from typing import Any, TypedDict

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.live import Lines
from nengolab_widgets.panel import RANGE, Panel, Setting, is_spiking

# Decoded spikes are pulses; seen through a synapse of this length (s) they become a value.
SYNAPSE = 0.03


class Payload(TypedDict):
    """What the page draws: one line for each name, from the range that is likely."""

    axis: str
    lines: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None


class Value(Panel):
    """One line for each dimension."""

    name = "value"
    label = "value"
    settings = (
        Setting("synapse", "filter", None, unit="s", least=0.0, most=100.0, optional=True),
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        base = obj.obj if isinstance(obj, ObjView) else obj
        if isinstance(base, nengo.Node):
            return base.size_out > 0
        return isinstance(base, nengo.Ensemble | nengo.Connection | nengo.Probe)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 0.0

    def defaults(self) -> dict[str, Any]:
        return {"synapse": SYNAPSE if _decodes_spikes(self.obj) else None}

    def spec(self) -> Lines:
        self._probe = self.place.probe(self.obj, None, self.values["synapse"])
        return Lines(
            self._probe,
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        synapse = self.values["synapse"]
        return "value" if synapse is None else f"value, {synapse * 1000:g} ms filter"

    def layout(self) -> Payload:
        size = self._probe.size
        lines = [str(i) if size > 4 else f"dimension {i}" for i in range(size)]
        return {
            "axis": "value",
            "lines": lines,
            "likely": _likely_range(self.obj),
            "range": self.values["range"],
        }


def _decodes_spikes(obj: Any) -> bool:
    source = obj.pre_obj if isinstance(obj, nengo.Connection) else obj
    source = source.obj if isinstance(source, ObjView) else source
    return isinstance(source, nengo.Ensemble) and is_spiking(source)


def _likely_range(obj: Any) -> tuple[float, float]:
    """Choose a range to start from; the page widens it when values leave it."""
    reach = 1.0
    if isinstance(obj, nengo.Ensemble):
        reach = float(obj.radius)
    elif isinstance(obj, nengo.Node) and isinstance(obj.output, np.ndarray):
        reach = max(reach, float(np.abs(obj.output).max()))
    return -1.2 * reach, 1.2 * reach
