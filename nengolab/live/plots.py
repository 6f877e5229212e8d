"""What a listener wants to see: lines, a raster, or firing rates of a probe."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nengo.exceptions import ValidationError

from .probes import LiveProbe

_numbers = itertools.count(1)


def _new_id() -> str:
    return f"plot-{next(_numbers)}"


def _all() -> slice:
    return slice(None)


def _span(part: slice, size: int) -> tuple[int, int, int]:
    """Turn a slice into plain numbers, for use as a key."""
    return part.indices(size)


def _check_probe(plot: Any) -> None:
    if not isinstance(plot.probe, LiveProbe):
        raise ValidationError(
            f"got {plot.probe!r}; Session.add_probe, of an object or of a nengo.Probe, "
            "gives what a plot takes",
            "probe",
            plot,
        )


def _check_seconds(plot: Any, name: str) -> None:
    value = getattr(plot, name)
    if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
        raise ValidationError(f"must be a positive time in seconds, got {value!r}", name, plot)


@dataclass(frozen=True, eq=False)
class Lines:
    """Values over time, one line for each dimension.

    Parameters
    ----------
    probe : LiveProbe
        From `Session.add_probe`.
    window : float
        Seconds that the plot shows.
    dims : slice
        Which dimensions of the probe.
    """

    probe: LiveProbe
    window: float = 4.0
    dims: slice = field(default_factory=_all)
    id: str = field(default_factory=_new_id)
    kind: ClassVar[str] = "lines"

    def __post_init__(self) -> None:
        _check_probe(self)
        _check_seconds(self, "window")

    @property
    def track(self) -> tuple:
        """What the recorder must keep for this plot."""
        return ("values", self.probe.id, _span(self.dims, self.probe.size))


@dataclass(frozen=True, eq=False)
class Raster:
    """Spikes, one row for each neuron.

    Parameters
    ----------
    probe : LiveProbe
        Of the output of spiking neurons, without synapse.
    window : float
        Seconds that the plot shows.
    neurons : slice
        Which neurons. Frames give the neuron's own index, not the row.

    Raises
    ------
    ValidationError
        When the probe does not see spikes.
    """

    probe: LiveProbe
    window: float = 4.0
    neurons: slice = field(default_factory=_all)
    id: str = field(default_factory=_new_id)
    kind: ClassVar[str] = "raster"

    def __post_init__(self) -> None:
        _check_probe(self)
        _check_seconds(self, "window")
        if self.probe.kind == "rates":
            raise ValidationError(
                f"rate neurons do not spike: {self.probe.owner_name!r} has neurons of type "
                f"{self.probe.neuron_type}; plot their Rates",
                "probe",
                self,
            )
        if self.probe.kind != "spikes":
            raise ValidationError(_no_spikes(self.probe), "probe", self)

    @property
    def track(self) -> tuple:
        """What the recorder must keep for this plot."""
        return ("spikes", self.probe.id, _span(self.neurons, self.probe.size))


@dataclass(frozen=True, eq=False)
class Rates:
    r"""Firing rates in Hz.

    Of spiking neurons an exponential window over the spikes,
    :math:`r_n = e^{-dt/\tau} r_{n-1} + (1 - e^{-dt/\tau}) s_n / dt` with :math:`s_n` the
    spikes of step n. Of rate neurons their output itself, which is a rate already.

    Parameters
    ----------
    probe : LiveProbe
        Of the output of neurons, without synapse.
    window : float
        Seconds that the plot shows.
    tau : float
        Time constant of the exponential window in seconds.
    neurons : slice
        Which neurons.
    per : {"population", "neuron"}
        One line with the mean over the neurons, or a line for each.

    Raises
    ------
    ValidationError
        When the probe is not of neurons' output.
    """

    probe: LiveProbe
    window: float = 4.0
    tau: float = 0.05
    neurons: slice = field(default_factory=_all)
    per: str = "population"
    id: str = field(default_factory=_new_id)
    kind: ClassVar[str] = "rates"

    def __post_init__(self) -> None:
        _check_probe(self)
        _check_seconds(self, "window")
        _check_seconds(self, "tau")
        if self.per not in ("population", "neuron"):
            raise ValidationError(
                f'must be "population" or "neuron", got {self.per!r}', "per", self
            )
        if self.probe.kind not in ("spikes", "rates"):
            raise ValidationError(_no_spikes(self.probe), "probe", self)

    @property
    def track(self) -> tuple:
        """What the recorder must keep for this plot."""
        span = _span(self.neurons, self.probe.size)
        return ("rates", self.probe.id, span, self.tau, self.per)


PlotSpec = Lines | Raster | Rates


def _no_spikes(probe: LiveProbe) -> str:
    return (
        f"{probe.label!r} does not see the output of neurons as it is; "
        "add_probe(ensemble.neurons) without synapse or sample_every does"
    )
