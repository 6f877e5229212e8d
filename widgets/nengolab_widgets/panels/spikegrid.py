"""The spike grid: a cell for each neuron, that lights up with a spike and fades."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import PanelSpec
from nengolab.live.samples import Spikes
from nengolab_widgets.panel import Panel, Setting, ensemble_of, is_spiking, times_of


class Payload(TypedDict):
    """What the page draws: so many cells, and how long (s) one takes to fade."""

    neurons: int
    fade: float


class SpikeGrid(Panel):
    """All neurons at one instant, in rows of a square."""

    name = "spikegrid"
    label = "spike grid"
    settings = (Setting("fade", "fading", 0.02, unit="s", least=0.001, most=10.0, redraws=True),)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons that spike."""
        return is_spiking(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 40.0

    def spec(self) -> Spikes:
        return Spikes(
            self.place.probe(ensemble_of(self.obj).neurons),
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        return f"spikes of {ensemble_of(self.obj).n_neurons} neurons, as a grid"

    def layout(self) -> Payload:
        return {"neurons": ensemble_of(self.obj).n_neurons, "fade": self.values["fade"]}

    def drawing(self, spec: PanelSpec) -> list[str]:
        return [
            f"t = {times_of(spec.probes[0])}[:, None]",
            "last = np.where(sim.data[probe0] > 0, t, -np.inf).max(axis=0)",
            f"light = np.exp((last - t[-1]) / {self.values['fade']:g})",
            "columns = int(np.ceil(np.sqrt(2 * len(light))))",
            "cells = np.full((-(-len(light) // columns), columns), np.nan)",
            "cells.flat[: len(light)] = light",
            'plt.imshow(cells, cmap="Blues", vmin=0, vmax=1)',
            'plt.axis("off")',
        ]
