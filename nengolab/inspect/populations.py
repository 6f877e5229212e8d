"""The numbers that make an ensemble what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.inspect.source import Source, When


@dataclass(frozen=True, eq=False)
class Population:
    """The neurons of an ensemble.

    Attributes
    ----------
    name : str
    neuron_type : nengo.neurons.NeuronType
    radius : float
    encoders : ndarray
        ``(neurons, dimensions)``, of length 1 as built: what a neuron prefers.
    scaled_encoders : ndarray
        ``(neurons, dimensions)``: encoders times gain over radius; the current is these times the
        represented value plus bias.
    gain, bias : ndarray
        ``(neurons,)``.
    max_rates, intercepts : ndarray or None
        ``(neurons,)``: the rate at the radius along the encoder, and where along it a neuron
        begins to fire (in radii). None where the neuron type does not say; NaN for a neuron
        that never fires.
    eval_points : ndarray
        ``(points, dimensions)``: where decoders are solved for.

    Examples
    --------
    >>> neurons = nengolab.inspect.population(sim, ensemble)
    >>> neurons.currents(np.array([[0.5], [-0.5]])).shape
    (2, 20)
    """

    name: str
    neuron_type: nengo.neurons.NeuronType
    radius: float
    encoders: np.ndarray
    scaled_encoders: np.ndarray
    gain: np.ndarray
    bias: np.ndarray
    max_rates: np.ndarray | None
    intercepts: np.ndarray | None
    eval_points: np.ndarray

    units: ClassVar[dict[str, str]] = {
        "max_rates": "Hz",
        "intercepts": "radii along the encoder",
        "eval_points": "represented value",
        "bias": "current",
    }

    @property
    def n_neurons(self) -> int:
        """Count of neurons."""
        return len(self.gain)

    @property
    def dimensions(self) -> int:
        """Count of represented dimensions."""
        return self.encoders.shape[1]

    def only(self, neurons: Any) -> Population:
        """Some of the neurons: an index or mask that NumPy understands, of one axis."""

        def some(array: np.ndarray | None) -> Any:
            return None if array is None else np.asarray(array)[neurons]

        of_each = ("encoders", "scaled_encoders", "gain", "bias", "max_rates", "intercepts")
        return replace(self, **{name: some(getattr(self, name)) for name in of_each})

    def currents(self, points: np.ndarray) -> np.ndarray:
        """Input currents ``(points, neurons)`` where the ensemble is given these values."""
        with np.errstate(invalid="ignore"):  # of infinite encoders it is NaN at 0
            return points @ self.scaled_encoders.T + self.bias

    def rates(self, points: np.ndarray) -> np.ndarray:
        """Firing rates (Hz) ``(points, neurons)`` where the ensemble is given these values."""
        # Not by encoders: training may have given a neuron without gain a current, too.
        return rates_at(self.neuron_type, self.currents(points))

    def along_encoders(self, given: np.ndarray) -> np.ndarray:
        """Firing rates (Hz) ``(points, neurons)`` for what each is given, in radii."""
        rates = self.neuron_type.rates(given, self.gain, self.bias)
        return np.where(np.isnan(given * self.gain + self.bias), np.nan, rates)

    def check_finite(self) -> None:
        """Raise where encoders, gains or biases are no numbers.

        Raises
        ------
        ValidationError
            Says of which neurons, and how to look at the others.
        """
        good = np.isfinite(self.scaled_encoders).all(axis=1)
        good &= np.isfinite(self.gain) & np.isfinite(self.bias)
        if not good.all():
            bad = np.flatnonzero(~good)
            which = ", ".join(map(str, bad[:10])) + (", ..." if len(bad) > 10 else "")
            raise ValidationError(
                f"{self.name!r}: the encoders, gains or biases of {len(bad)} of {len(good)} "
                f"neurons are NaN or infinite ({which}). population(source, {self.name!r}) has "
                'them, and its only(...) the others to look at; when="built" is before training',
                attr="ens",
            )


def rates_at(neuron_type: nengo.neurons.NeuronType, currents: np.ndarray) -> np.ndarray:
    """Firing rates (Hz) at currents ``(points, neurons)``; NaN at those that are NaN."""
    n_neurons = currents.shape[-1]
    rates = neuron_type.rates(currents, np.ones(n_neurons), np.zeros(n_neurons))
    # Nengo's LIF has a rate of 0 there: as if the neuron were silent.
    return np.where(np.isnan(currents), np.nan, rates)


def population(
    source: Any, ens: nengo.Ensemble | str, when: When = "now", item: int | None = None
) -> Population:
    """Read what makes an ensemble what it is: encoders, gains, biases, intercepts, rates.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator or nengolab.Simulator
        Of a network nothing is run, and only this ensemble is built. Where the network has no
        seed, its numbers are those of one build of many.
    ens : nengo.Ensemble or str
    when : {"now", "built"}
        After training, learning and setting, or before.
    item : int, optional
        Of the batch, where encoders are learned online.

    Raises
    ------
    UnknownObject
        For what is not in the network.
    ValidationError
        For what is no ensemble, and for one in Direct mode, which has no neurons.

    Examples
    --------
    >>> neurons = nengolab.inspect.population(net, "ensemble")
    >>> neurons.encoders.shape, neurons.max_rates.shape
    ((20, 1), (20,))
    """
    read = Source(source, item)
    found: nengo.Ensemble = read.find(ens, nengo.Ensemble, "ensemble")
    name = read.names.get(found)
    if isinstance(found.neuron_type, nengo.Direct):
        raise ValidationError(
            f"{name!r} is in Direct mode: it has no neurons to look at. Give it another neuron "
            "type, for example nengo.LIF()",
            attr="ens",
        )
    with read.settled():
        built, neuron_type = read.ensemble(found, when), read.neuron_type(found, when)
    return Population(
        name,
        neuron_type,
        float(found.radius),
        np.asarray(built.encoders),
        np.asarray(built.scaled_encoders),
        np.asarray(built.gain),
        np.asarray(built.bias),
        built.max_rates,
        built.intercepts,
        np.asarray(built.eval_points),
    )
