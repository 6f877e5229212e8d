"""What a listener wants to see of a probe: lines, a raster, or firing rates."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from nengo.exceptions import ValidationError

from .probes import LiveProbe
from .specs import StreamSpec, check_probe, check_seconds, new_id
from .tracks import RateTrack, Span, SpikeTrack, Track, ValueTrack


def _all() -> slice:
    return slice(None)


@dataclass(frozen=True, eq=False)
class LinesSpec(StreamSpec):
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
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def _span(self) -> Span:
        return self.dims.indices(self.probe.size)

    @property
    def key(self) -> Hashable:
        return ("values", self.probe.id, self._span)

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * len(range(*self._span))

    def make_track(self, dt: float) -> Track:
        return ValueTrack(self.probe, dt, self._span)


@dataclass(frozen=True, eq=False)
class RasterSpec(StreamSpec):
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
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")
        if self.probe.kind == "rates":
            raise ValidationError(
                f"rate neurons do not spike: {self.probe.owner_name!r} has neurons of type "
                f"{self.probe.neuron_type}; plot their rates",
                "probe",
                self,
            )
        if self.probe.kind != "spikes":
            raise ValidationError(_no_spikes(self.probe), "probe", self)

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def _span(self) -> Span:
        return self.neurons.indices(self.probe.size)

    @property
    def key(self) -> Hashable:
        return ("spikes", self.probe.id, self._span)

    @property
    def bytes_a_step(self) -> float:
        return 0.0

    def make_track(self, dt: float) -> Track:
        return SpikeTrack(self.probe, dt, self._span)


@dataclass(frozen=True, eq=False)
class RatesSpec(StreamSpec):
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
    id: str = field(default_factory=new_id)
    rev: int = 0

    def __post_init__(self) -> None:
        check_probe(self, self.probe)
        check_seconds(self, "window")
        check_seconds(self, "tau")
        if self.per not in ("population", "neuron"):
            raise ValidationError(
                f'must be "population" or "neuron", got {self.per!r}', "per", self
            )
        if self.probe.kind not in ("spikes", "rates"):
            raise ValidationError(_no_spikes(self.probe), "probe", self)

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        return (self.probe,)

    @property
    def _span(self) -> Span:
        return self.neurons.indices(self.probe.size)

    @property
    def key(self) -> Hashable:
        return ("rates", self.probe.id, self._span, self.tau, self.per)

    @property
    def bytes_a_step(self) -> float:
        return 8 + 4 * (1 if self.per == "population" else len(range(*self._span)))

    def make_track(self, dt: float) -> Track:
        return RateTrack(self.probe, dt, self._span, self.tau, self.per)


def _no_spikes(probe: LiveProbe) -> str:
    return (
        f"{probe.label!r} does not see the output of neurons as it is; "
        "add_probe(ensemble.neurons) without synapse or sample_every does"
    )
