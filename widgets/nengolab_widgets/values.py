"""What the kinds that show an object's value have in common."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.live.samples import Samples

from .chosen import read_chosen
from .narrowing import is_array
from .panel import Panel, Setting, is_spiking

# Decoded spikes are pulses; seen through a synapse of this length (s) they become a value.
SYNAPSE = 0.03
FILTER = Setting("synapse", "filter", None, unit="s", least=0.0, most=100.0, optional=True)


def has_value(obj: Any) -> bool:
    """Whether an object has an output with dimensions."""
    base = obj.obj if isinstance(obj, ObjView) else obj
    if isinstance(base, nengo.Node):
        return base.size_out > 0
    return isinstance(base, nengo.Ensemble | nengo.Connection | nengo.Probe)


def usual_filter(obj: Any, network: nengo.Network) -> float | None:
    """Choose the filter through which an object of a network is seen at first."""
    source = obj.pre_obj if isinstance(obj, nengo.Connection) else obj
    source = source.obj if isinstance(source, ObjView) else source
    if isinstance(source, nengo.Ensemble):
        return SYNAPSE if is_spiking(source) else None
    return SYNAPSE if _passes_spikes(source, network) else None


def _passes_spikes(obj: Any, network: nengo.Network) -> bool:
    """Whether it is a node that only passes on, and spikes reach it; also through other such."""
    if not _passes(obj):
        return False
    sources: dict[Any, list[Any]] = {}
    for connection in network.all_connections:
        sources.setdefault(connection.post_obj, []).append(connection.pre_obj)
    seen, waiting = {obj}, [obj]
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if is_spiking(source):
                return True
            if _passes(source) and source not in seen:
                seen.add(source)
                waiting.append(source)
    return False


def _passes(obj: Any) -> bool:
    return isinstance(obj, nengo.Node) and obj.output is None and obj.size_in > 0


def with_filter(what: str, synapse: float | None) -> str:
    """Say what is shown, with its filter."""
    return what if synapse is None else f"{what}, {synapse * 1000:g} ms filter"


def likely_range(obj: Any) -> tuple[float, float]:
    """Choose a range to start from; the page widens it when values leave it."""
    reach = 1.0
    base = obj.obj if isinstance(obj, ObjView) else obj
    if isinstance(base, nengo.Ensemble):
        reach = float(base.radius)
    elif isinstance(base, nengo.Node) and is_array(base.output):
        reach = max(reach, float(np.abs(base.output).max()))
    return -1.2 * reach, 1.2 * reach


def samples_of_span(panel: Panel, most: int) -> tuple[tuple[int, ...], Samples]:
    """Ask for every sample of the last ``span`` seconds, of the dimensions a person chose.

    Raises
    ------
    ValidationError
        Where ``dims`` names none, or more than ``most``.
    """
    probe = panel.place.probe(panel.obj, None, panel.values["synapse"])
    dims = read_chosen(panel.values["dims"], probe.size, "dims", most)
    spec = Samples(
        tuple((probe, i) for i in dims),
        window=max(panel.place.window, panel.values["span"]),
        whole=True,
        id=panel.identity.id,
        rev=panel.identity.rev,
    )
    return dims, spec
