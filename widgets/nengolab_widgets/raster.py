"""The spike raster: one row for each neuron."""

from __future__ import annotations

from typing import Any

from nengolab.live import Raster

from .plot import PlotKind, ProbeSource, Shown, ensemble_of, is_spiking, layout_of


class RasterPlot(PlotKind):
    """A tick for each spike."""

    name = "raster"
    label = "spike raster"

    def suits(self, obj: Any) -> bool:
        """Whether there are neurons that spike."""
        return is_spiking(obj)

    def show(self, obj: Any, title: str, window: float, probe_for: ProbeSource) -> Shown:
        """Make the plot."""
        ensemble = ensemble_of(obj)
        spec = Raster(probe_for(ensemble.neurons, None, None), window=window)
        rows = (0, ensemble.n_neurons)
        return Shown(spec, layout_of(spec, title, "spikes", "neuron", rows=rows))
