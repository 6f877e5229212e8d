"""A network and its twins of other neuron types: the same parameters, the same input.

The network is built once and its encoders, gains, biases and decoders are kept, so that twins
differ in nothing but how a neuron turns its current into output.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengolab.checks import seconds, whole
from nengolab.exceptions import UnknownObject, ValidationError
from nengolab.names import Names, listing
from nengolab.neurons import LeakyReLU, SoftLIFRate, SpikingLeakyReLU, with_constants
from nengolab.simulator import Simulator

# By family: the rate, and what spikes at it by its own mechanism.
_FAMILIES: tuple[tuple[tuple[type, ...], type, type | None], ...] = (
    ((nengo.AdaptiveLIF, nengo.AdaptiveLIFRate), nengo.AdaptiveLIFRate, nengo.AdaptiveLIF),
    ((nengo.LIF, nengo.LIFRate, SoftLIFRate), nengo.LIFRate, nengo.LIF),
    ((LeakyReLU, SpikingLeakyReLU), LeakyReLU, SpikingLeakyReLU),
    (
        (nengo.RectifiedLinear, nengo.SpikingRectifiedLinear),
        nengo.RectifiedLinear,
        nengo.SpikingRectifiedLinear,
    ),
    ((nengo.Sigmoid,), nengo.Sigmoid, None),
)
_MADE_OF_RATES = {
    "regular": nengo.RegularSpiking,
    "poisson": nengo.PoissonSpiking,
    "stochastic": nengo.StochasticSpiking,
}
KINDS = ("rate", "spiking", "soft", *_MADE_OF_RATES)


def twin_type(neuron_type: nengo.neurons.NeuronType, kind: str) -> nengo.neurons.NeuronType | None:
    """Give the neuron type of a kind that has the constants of another one.

    Parameters
    ----------
    neuron_type : nengo.neurons.NeuronType
    kind : {"rate", "spiking", "soft", "regular", "poisson", "stochastic"}
        Its rate; spikes by its own mechanism (LIF for LIFRate); SoftLIF; and a rate that is made
        into spikes regularly, at random, or at random with the right number.

    Returns
    -------
    nengo.neurons.NeuronType or None
        None where there is no such twin.

    Examples
    --------
    >>> nengolab.inspect.twin_type(nengo.LIF(tau_rc=0.03), "rate")
    LIFRate(tau_rc=0.03)
    """
    if kind not in KINDS:
        raise ValidationError(f"the kinds are {listing(KINDS)}; got {kind!r}", attr="kind")
    if isinstance(neuron_type, nengo.neurons.RatesToSpikesNeuronType):
        neuron_type = neuron_type.base_type
    found = next((f for f in _FAMILIES if isinstance(neuron_type, f[0])), None)
    if found is None:
        return None
    _, rate, spiking = found
    if kind == "rate":
        return with_constants(rate, neuron_type)
    if kind == "spiking":
        return None if spiking is None else with_constants(spiking, neuron_type)
    if kind == "soft":
        return with_constants(SoftLIFRate, neuron_type) if rate is nengo.LIFRate else None
    return _MADE_OF_RATES[kind](with_constants(rate, neuron_type))


def _starting(made: Any, voltage: float | None) -> Any:
    """The same neuron type, with a voltage to start from if it has one."""
    if voltage is None or made is None or "voltage" not in made.state:
        return made
    kept = made.initial_state or {}
    start = {**kept, "voltage": nengo.dists.Choice([voltage])}
    return with_constants(type(made), made, initial_state=start)


@dataclass(frozen=True, eq=False)
class Twin:
    """What one twin did.

    Attributes
    ----------
    kind : str
    types : dict of str to nengo.neurons.NeuronType
        By ensemble.
    dt : float
        Length of a step (s).
    outputs : dict of str to ndarray
        By ensemble, ``(steps, neurons)``: rates in Hz, or 1/dt in the step of a spike.
    probes : dict of str to ndarray
        By probe, ``(samples, size)``.

    Examples
    --------
    >>> spiking = nengolab.inspect.compare(net, 50, kinds=["spiking"]).twins["spiking"]
    >>> spiking.spikes("ensemble").shape, spiking.rates("ensemble", 0.02).shape
    ((50, 20), (50, 20))
    """

    kind: str
    types: dict[str, nengo.neurons.NeuronType]
    dt: float
    outputs: dict[str, np.ndarray] = field(repr=False)
    probes: dict[str, np.ndarray] = field(repr=False)

    def _output(self, ens: str) -> np.ndarray:
        if ens not in self.outputs:
            raise UnknownObject(f"{ens!r}; there are {listing(self.outputs)}", attr="ens")
        return self.outputs[ens]

    def spikes(self, ens: str) -> np.ndarray:
        """Count spikes in each step: ``(steps, neurons)``.

        Raises
        ------
        ValidationError
            For neurons that put out rates.
        """
        output, kind = self._output(ens), self.types[ens]
        if not kind.spiking:
            raise ValidationError(
                f"{ens!r} has {type(kind).__name__} in this twin, which puts out rates", attr="ens"
            )
        return np.rint(output * self.dt / getattr(kind, "amplitude", 1.0)).astype(int)

    def intervals(self, ens: str, neuron: int) -> np.ndarray:
        """Times (s) between the spikes of a neuron, one less than it has steps with a spike."""
        return np.diff(np.flatnonzero(self.spikes(ens)[:, neuron])) * self.dt

    def rates(self, ens: str, window: float = 0.1) -> np.ndarray:
        """Mean output of the last ``window`` seconds, ``(steps, neurons)``: the effective rate.

        At the start of what has been up to then.
        """
        output = self._output(ens)
        steps = max(1, int(np.round(seconds(window, "window", positive=True) / self.dt)))
        sums = np.cumsum(np.vstack([np.zeros((1, output.shape[1])), output]), axis=0)
        ends = np.arange(1, len(output) + 1)
        starts = np.maximum(ends - steps, 0)
        return (sums[ends] - sums[starts]) / (ends - starts)[:, None]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the twins of a network did with one input.

    Attributes
    ----------
    t : ndarray
        ``(steps,)``: time (s).
    twins : dict of str to Twin
        By kind.
    left_out : dict of str to str
        Kinds that cannot be had, and why.

    Examples
    --------
    >>> found = nengolab.inspect.compare(net, 200, kinds=["rate", "spiking"])
    >>> list(found.twins)
    ['rate', 'spiking']
    >>> bool(found.error("spiking")[-1] < 0.2)
    True
    """

    t: np.ndarray
    twins: dict[str, Twin]
    left_out: dict[str, str]

    def error(
        self,
        kind: str,
        probe: str | None = None,
        against: str = "rate",
        synapse: float | nengo.synapses.Synapse | None = None,
    ) -> np.ndarray:
        """Root mean square, over dimensions, of how far a twin is from another one.

        Parameters
        ----------
        kind, against : str
        probe : str, optional
            Default: the first one.
        synapse : float or nengo.synapses.Synapse, optional
            Through which what both put out goes first; seconds make a Lowpass.

        Returns
        -------
        ndarray
            ``(samples,)``.
        """
        own, other = (self._probed(k, probe, synapse) for k in (kind, against))
        return np.sqrt(np.mean((own - other) ** 2, axis=1))

    def error_by_synapse(
        self,
        kind: str,
        taus: Sequence[float],
        probe: str | None = None,
        against: str = "rate",
    ) -> np.ndarray:
        """How the error falls with the time constant (s) of a Lowpass: RMS over the second half."""
        return np.array([self.settled_error(kind, probe, against, tau) for tau in taus])

    def settled_error(
        self,
        kind: str,
        probe: str | None = None,
        against: str = "rate",
        synapse: float | nengo.synapses.Synapse | None = None,
    ) -> float:
        """Root mean square of `error` over the second half: filters start from rest."""
        error = self.error(kind, probe, against, synapse)
        return float(np.sqrt(np.mean(error[len(error) // 2 :] ** 2)))

    def _probed(self, kind: str, probe: str | None, synapse: Any) -> np.ndarray:
        if kind not in self.twins:
            why = f": {self.left_out[kind]}" if kind in self.left_out else ""
            raise UnknownObject(
                f"there is no twin {kind!r}{why}; there are {listing(self.twins)}", attr="kind"
            )
        twin = self.twins[kind]
        name = next(iter(twin.probes), None) if probe is None else probe
        if name not in twin.probes:
            raise UnknownObject(
                f"the network has no probe {name!r}; its probes are {listing(twin.probes)}",
                attr="probe",
            )
        data = twin.probes[name]
        if not np.isfinite(data).all():
            step = int(np.argmin(np.isfinite(data).all(axis=1)))
            raise ValidationError(
                f"probe {name!r} of the {kind} twin holds NaN or infinity from its sample {step} "
                "on: parameters of the network, or the data, hold it",
                attr="probe",
            )
        if synapse is None:
            return data
        synapse = synapse if isinstance(synapse, nengo.synapses.Synapse) else nengo.Lowpass(synapse)
        return synapse.filt(data, dt=twin.dt, y0=0)


def compare(
    net: nengo.Network,
    n_steps: int = 1000,
    data: Any = None,
    kinds: Sequence[str] = KINDS,
    dt: float = 0.001,
    voltage: float | None = None,
) -> Comparison:
    """Run a network and its twins of other neuron types on one input.

    All have the encoders, gains, biases and decoders that the network is built with. Ensembles for
    which there is no neuron type of a kind (Direct mode, a type of one's own) stay as they are.

    Parameters
    ----------
    net : nengo.Network
        It stays as it is. It must be one that can be copied.
    n_steps : int
    data : object, optional
        What Nodes put out, ``(1, n_steps, size)`` each, as for `Simulator.run_steps`.
    kinds : sequence of str
        Of "rate", "spiking", "soft", "regular", "poisson", "stochastic".
    dt : float
        Length of a step (s).
    voltage : float, optional
        With which all neurons that spike start, from 0 to 1 (a spike). Default: as Nengo draws it,
        so that they do not spike all at once.

    Raises
    ------
    ValidationError
        For a network without ensembles, and where no ensemble has a twin of any of the kinds.
        What is compared must be finite: `Comparison.error` names the probe that is not.

    Examples
    --------
    >>> found = nengolab.inspect.compare(net, 100, kinds=["rate", "spiking"])
    >>> found.twins["rate"].types["ensemble"], found.twins["spiking"].types["ensemble"]
    (LIFRate(), LIF())
    """
    check_network(net)
    kinds, voltage = checked_kinds(kinds), checked_voltage(voltage)
    dt = seconds(dt, "dt", positive=True)
    n_steps, names = whole(n_steps, "n_steps", 1), Names(net)
    if isinstance(data, Mapping):
        data = {k if isinstance(k, str) else names.get(k): v for k, v in data.items()}
    kept = frozen(net, dt)
    twins: dict[str, Twin] = {}
    left_out: dict[str, str] = {}
    for kind in kinds:
        changed = changed_types(kept, kind, voltage)
        if not any(changed):
            left_out[kind] = why_none(kept)
            continue
        twins[kind] = _run(kept, kind, changed, n_steps, data, dt)
    if not twins:
        raise ValidationError(
            f"{net.label or 'the network'!r} has no twin of the kinds {listing(left_out)}: "
            f"{why_none(kept)}. nengo.LIF has all kinds",
            attr="kinds",
        )
    return Comparison(np.arange(1, n_steps + 1) * dt, twins, left_out)


def check_network(net: Any) -> None:
    """Refuse what no twins are made of."""
    if not isinstance(net, nengo.Network):
        own = ": give its .network" if isinstance(net, nengo.Simulator | Simulator) else ""
        raise ValidationError(
            f"twins are made of a nengo.Network, got {type(net).__name__}{own}", attr="net"
        )
    if not net.all_ensembles:
        raise ValidationError("the network has no ensembles to compare", attr="net")


def checked_kinds(kinds: Sequence[str]) -> list[str]:
    """The kinds of twins that are asked for, each once; an error for what is no list of them."""
    if isinstance(kinds, str):
        raise ValidationError(f"takes a list of kinds, [{kinds!r}]; got {kinds!r}", attr="kinds")
    found = list(dict.fromkeys(kinds))
    if not found:
        raise ValidationError("name the kinds of twins, at least one", attr="kinds")
    return found


def checked_voltage(voltage: Any) -> float | None:
    """The voltage that neurons are to start with; an error for what is none."""
    if voltage is None:
        return None
    number = isinstance(voltage, int | float | np.number) and not isinstance(voltage, bool)
    if not number or not 0 <= float(voltage) <= 1:
        raise ValidationError(
            f"must be a number from 0 to 1 (a spike), or None; got {voltage!r}", attr="voltage"
        )
    return float(voltage)


def frozen(net: nengo.Network, dt: float = 0.001, progress_bar: Any = False) -> nengo.Network:
    """A copy of a network that holds the parameters with which it is built."""
    check_network(net)
    kept = copied(net)
    with Simulator(kept, dt=dt, progress_bar=progress_bar) as sim:
        sim.freeze_params(kept)
    return kept


def changed_types(
    net: nengo.Network, kind: str, voltage: float | None
) -> list[nengo.neurons.NeuronType | None]:
    """The neuron types of a kind of twin, by ensemble; None where one stays as it is."""
    return [_starting(twin_type(ens.neuron_type, kind), voltage) for ens in net.all_ensembles]


def why_none(net: nengo.Network) -> str:
    """Why a network has no twin of a kind."""
    types = {type(ens.neuron_type).__name__ for ens in net.all_ensembles}
    return f"there is no such type for {listing(sorted(types))}"


def copied(net: nengo.Network, add_to_container: bool = False) -> nengo.Network:
    """A copy of a network."""
    with warnings.catch_warnings():  # Nengo warns of each passthrough Node that it copies
        warnings.filterwarnings("ignore", "'Node.size_out' is being overwritten")
        return net.copy(add_to_container=add_to_container)


def _run(
    kept: nengo.Network,
    kind: str,
    types: Sequence[nengo.neurons.NeuronType | None],
    n_steps: int,
    data: Any,
    dt: float,
) -> Twin:
    twin = copied(kept)
    for ens, new in zip(twin.all_ensembles, types, strict=True):
        if new is not None:
            ens.neuron_type = new
    names: Callable[[Any], str] = Names(twin).get
    with Simulator(twin, dt=dt, progress_bar=False) as sim:
        there = [e for e in twin.all_ensembles if not isinstance(e.neuron_type, nengo.Direct)]
        taps = {names(ens): sim.add_tap(ens.neurons) for ens in there}
        sim.prepare(whole=False)
        seen = sim.advance(n_steps, data)
        return Twin(
            kind,
            {names(ens): ens.neuron_type for ens in there},
            dt,
            {name: np.asarray(seen[tap][0], float) for name, tap in taps.items()},
            {names(p): np.asarray(seen[p][0], float) for p in twin.all_probes},
        )
