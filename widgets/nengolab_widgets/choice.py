"""Which plots and which inputs a Lab starts with, and what its menu offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nengo
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .lines import ValuePlot
from .plot import PlotKind, ensemble_of
from .raster import RasterPlot
from .rates import RatesPlot

KINDS: dict[str, PlotKind] = {kind.name: kind for kind in (ValuePlot(), RasterPlot(), RatesPlot())}

# What fits on a screen in two columns.
MAX_DEFAULT = 4

Choice = tuple[Any, str]


def kinds_of(obj: Any) -> list[PlotKind]:
    """Give the kinds of plot that an object can be seen in, the likeliest first."""
    kinds = [kind for kind in KINDS.values() if kind.suits(obj)]
    if isinstance(obj, Neurons):
        kinds.sort(key=lambda kind: kind.name != "raster")
    return kinds


def default_choices(network: nengo.Network) -> list[Choice]:
    """Choose value, raster and rates of the first ensemble, and values of the next ones."""
    ensembles = network.all_ensembles
    if not ensembles:
        return [(node, "value") for node in network.all_nodes if node.size_out > 0][:MAX_DEFAULT]
    choices = [(ensembles[0], kind.name) for kind in kinds_of(ensembles[0])]
    choices += [(ensemble, "value") for ensemble in ensembles[1:]]
    return choices[:MAX_DEFAULT]


def read_choices(plots: Iterable[Any], names: Names) -> list[Choice]:
    """Understand what a person wrote in ``plots=[...]``.

    Raises
    ------
    ValidationError
        Names what cannot be plotted, and what would work.
    """
    if isinstance(plots, tuple) and len(plots) == 2 and isinstance(plots[1], str):
        plots = [plots]
    if not isinstance(plots, Iterable) or isinstance(plots, str | nengo.base.NengoObject):
        plots = [plots]
    return [_read_choice(plot, names) for plot in plots]


def _read_choice(plot: Any, names: Names) -> Choice:
    obj, name = plot if isinstance(plot, tuple) and len(plot) == 2 else (plot, None)
    kinds = kinds_of(obj)
    if not kinds:
        raise ValidationError(
            f"{obj!r} cannot be plotted; give ensembles, their neurons, nodes, connections or "
            'probes, or pairs such as (ensemble, "raster")',
            "plots",
        )
    if name is None:
        return obj, kinds[0].name
    if name not in {kind.name for kind in kinds}:
        possible = ", ".join(repr(kind.name) for kind in kinds)
        raise ValidationError(
            f"{names.get(obj)!r} has no plot {name!r}; it can be shown as {possible}", "plots", obj
        )
    return obj, name


class Menu:
    """What "+ add a plot" offers.

    Parameters
    ----------
    network : nengo.Network
        Its ensembles, then its nodes.
    """

    def __init__(self, network: nengo.Network, names: Names) -> None:
        objects = [*network.all_ensembles, *(n for n in network.all_nodes if n.size_out > 0)]
        self._objects = {f"object-{i}": obj for i, obj in enumerate(objects)}
        self._names = names

    def layout(self) -> list[dict[str, Any]]:
        """Give the entries for the browser."""
        return [
            {
                "object": key,
                "label": self._names.get(obj),
                "kinds": [{"name": kind.name, "label": kind.label} for kind in kinds_of(obj)],
            }
            for key, obj in self._objects.items()
        ]

    def find(self, key: str) -> Any:
        """Find the object behind an entry; KeyError when there is none."""
        return self._objects[key]


def title_of(obj: Any, names: Names) -> str:
    """Name an object for a plot's heading: neurons go by the name of their ensemble."""
    ensemble = ensemble_of(obj)
    return names.get(obj if ensemble is None else ensemble)
