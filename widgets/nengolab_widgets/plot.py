"""What a plot shows: the contract that every kind of plot keeps, and the parts they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import nengo
from nengo.ensemble import Neurons

from nengolab.live import LiveProbe, PlotSpec

# Gets (obj, attr, synapse) and gives a probe; the same one for plots that look at the same thing.
ProbeSource = Callable[[Any, str | None, Any], LiveProbe]


@dataclass(frozen=True)
class Shown:
    """A plot on the screen.

    Attributes
    ----------
    spec : PlotSpec
        What the session sends for it.
    layout : dict
        What the browser needs to draw its axes, legend and title; JSON-able.
    """

    spec: PlotSpec
    layout: dict[str, Any]


class PlotKind(ABC):
    """One way to look at an object.

    Attributes
    ----------
    name : str
        What a person writes in ``plots=[(obj, name)]``.
    label : str
        What the menu says.
    """

    name: ClassVar[str]
    label: ClassVar[str]

    @abstractmethod
    def suits(self, obj: Any) -> bool:
        """Whether an object can be looked at so."""

    @abstractmethod
    def show(self, obj: Any, title: str, window: float, probe_for: ProbeSource) -> Shown:
        """Make the plot.

        Parameters
        ----------
        obj : Nengo object that `suits`
            What to look at.
        title : str
            Its name.
        window : float
            Seconds shown.
        probe_for : callable
            Where the probe comes from.
        """


def ensemble_of(obj: Any) -> nengo.Ensemble | None:
    """Give the ensemble that an ensemble or its neurons stand for."""
    if isinstance(obj, Neurons):
        return obj.ensemble
    return obj if isinstance(obj, nengo.Ensemble) else None


def has_neurons(obj: Any) -> bool:
    """Whether there are neurons to look at; ensembles in Direct mode have none."""
    ensemble = ensemble_of(obj)
    return ensemble is not None and not isinstance(ensemble.neuron_type, nengo.Direct)


def is_spiking(obj: Any) -> bool:
    """Whether the neurons of an ensemble spike."""
    return has_neurons(obj) and bool(ensemble_of(obj).neuron_type.spiking)


def layout_of(
    spec: PlotSpec,
    title: str,
    what: str,
    axis: str,
    lines: list[str] | None = None,
    value_range: tuple[float, float] = (-1.0, 1.0),
    rows: tuple[int, int] = (0, 0),
) -> dict[str, Any]:
    """Describe a plot for the browser; `messages.ts` says what each entry means."""
    return {
        "id": spec.id,
        "kind": spec.kind,
        "title": title,
        "what": what,
        "axis": axis,
        "lines": lines or [],
        "range": list(value_range),
        "rows": list(rows),
    }
