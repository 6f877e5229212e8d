"""The value plot: what an ensemble represents, or a node or connection gives out."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.live import Lines

from .plot import PlotKind, ProbeSource, Shown, is_spiking, layout_of

# Decoded spikes are pulses; seen through a synapse of this length (s) they become a value.
SYNAPSE = 0.03


class ValuePlot(PlotKind):
    """One line for each dimension."""

    name = "value"
    label = "value"

    def suits(self, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        if isinstance(obj, Neurons):
            return False
        if isinstance(obj, nengo.Node):
            return obj.size_out > 0
        return isinstance(obj, nengo.Ensemble | nengo.Connection | nengo.Probe)

    def show(self, obj: Any, title: str, window: float, probe_for: ProbeSource) -> Shown:
        """Make the plot; decoded spikes are filtered, and its heading says so."""
        synapse = SYNAPSE if _decodes_spikes(obj) else None
        probe = probe_for(obj, None, synapse)
        spec = Lines(probe, window=window)
        what = "value" if synapse is None else f"value, {round(synapse * 1000)} ms filter"
        lines = [f"dimension {i}" for i in range(probe.size)]
        if probe.size > 4:
            lines = [str(i) for i in range(probe.size)]
        return Shown(spec, layout_of(spec, title, what, "value", lines, _first_range(obj)))


def _decodes_spikes(obj: Any) -> bool:
    source = obj.pre_obj if isinstance(obj, nengo.Connection) else obj
    return isinstance(source, nengo.Ensemble) and is_spiking(source)


def _first_range(obj: Any) -> tuple[float, float]:
    """Choose a range to start from; the browser widens it when values leave it."""
    reach = 1.0
    if isinstance(obj, nengo.Ensemble):
        reach = float(obj.radius)
    elif isinstance(obj, nengo.Node) and isinstance(obj.output, np.ndarray):
        reach = max(reach, float(np.abs(obj.output).max()))
    return -1.2 * reach, 1.2 * reach
