"""The spike raster: one row for each neuron."""

from __future__ import annotations

from typing import Any, TypedDict

from nengo.ensemble import Neurons

from nengolab.live import RasterSpec
from nengolab_widgets.panel import Panel, ensemble_of, is_spiking


class Payload(TypedDict):
    """What the page draws: rows from the first neuron to one past the last, of an ensemble."""

    ensemble: str
    first: int
    end: int


class Raster(Panel):
    """A tick for each spike."""

    name = "raster"
    label = "spike raster"

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons that spike."""
        return is_spiking(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -1.0 if isinstance(obj, Neurons) else 10.0

    def spec(self) -> RasterSpec:
        return RasterSpec(
            self.place.probe(ensemble_of(self.obj).neurons),
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        return "spikes"

    def layout(self) -> Payload:
        return {"ensemble": self.title, "first": 0, "end": ensemble_of(self.obj).n_neurons}
