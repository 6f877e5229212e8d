"""Firing rates and synapses that keep a converted network accurate."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengolab.checks import table_library, whole
from nengolab.converting.verifying import as_fed, as_list
from nengolab.exceptions import ValidationError
from nengolab.layers.keras_weights import ConverterConnection
from nengolab.simulator import Simulator

# Relative to Keras's accuracy: what a setting must keep to be the best one by its spikes.
KEEPS = 0.98
# Latency: when the accuracy is there, relative to that at the end.
ARRIVED = 0.95
_BATCH = 100


@dataclass(frozen=True)
class Tried:
    """One setting, and what came of it.

    Attributes
    ----------
    rate : float
        Firing rate (Hz) of each layer's most active neurons, or the one scale that was tried.
    synapse : float
        Time constant (s); 0 is none.
    scales : dict of str to float
        ``scale_firing_rates`` by layer.
    accuracy : float
        Of the mean output over all steps.
    by_step : ndarray, ``(steps,)``
        Accuracy of the mean output up to each step.
    latency : float
        Time (s) from which the accuracy is at least 95 % of what it is at the end.
    first_correct : float
        Mean time (s) until an item's mean output is right; of those that are ever right.
    spikes : float
        For each item, in all steps and neurons.

    Examples
    --------
    >>> from nengolab.converting import Tried
    >>> setting = Tried(100, 0.005, {"dense": 50.0}, 0.9, np.full(60, 0.9), 0.001, 0.001, 700.0)
    >>> setting.options
    {'scale_firing_rates': {'dense': 50.0}, 'synapse': 0.005}
    """

    rate: float
    synapse: float
    scales: dict[str, float] = field(repr=False)
    accuracy: float
    by_step: np.ndarray = field(repr=False)
    latency: float
    first_correct: float
    spikes: float

    @property
    def options(self) -> dict[str, Any]:
        """What to give `Converter` for this setting."""
        return {"scale_firing_rates": dict(self.scales), "synapse": self.synapse or None}


@dataclass(frozen=True, eq=False)
class Tuned:
    """Settings that were tried.

    Attributes
    ----------
    keras_accuracy : float
        That of the Keras model on the same items.
    dt : float
        Step (s).
    tried : list of Tried

    Examples
    --------
    >>> from nengolab.converting import Tried, Tuned
    >>> rest = (np.full(60, 0.9), 0.001, 0.001)
    >>> some = [Tried(50, 0, {}, 0.89, *rest, 300.0), Tried(200, 0, {}, 0.9, *rest, 900.0)]
    >>> Tuned(0.9, 0.001, some).best.rate
    50
    """

    keras_accuracy: float
    dt: float
    tried: list[Tried]

    @property
    def best(self) -> Tried:
        """The setting with the fewest spikes of those that keep 98 % of Keras's accuracy.

        Where none does, the most accurate one.
        """
        kept = [t for t in self.tried if t.accuracy >= KEEPS * self.keras_accuracy]
        if kept:
            return min(kept, key=lambda t: t.spikes)
        return max(self.tried, key=lambda t: t.accuracy)

    def __str__(self) -> str:
        head = f"{'rate':>8}{'synapse':>9}{'accuracy':>10}{'latency ms':>12}{'spikes':>12}"
        lines = [
            f"{t.rate:>8g}{t.synapse:>9g}{t.accuracy:>10.3f}{1000 * t.latency:>12.0f}"
            f"{t.spikes:>12,.0f}" + ("  <- best" if t is self.best else "")
            for t in self.tried
        ]
        return "\n".join([f"Keras: accuracy {self.keras_accuracy:.3f}", head, *lines])

    __repr__ = __str__

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each setting.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        pandas = table_library("to_pandas")
        columns = ("rate", "synapse", "accuracy", "latency", "first_correct", "spikes")
        return pandas.DataFrame([{c: getattr(t, c) for c in columns} for t in self.tried])

    def picture(self) -> Any:
        """A Bokeh picture: accuracy against spikes, and against time.

        ``bokeh.io.show(found.picture())`` shows it.
        """
        from nengolab.converting.picture import picture

        return picture(self)


def tune(
    converter: Any,
    data: Any,
    labels: Any,
    rates: Any,
    synapses: Any,
    n_steps: int,
    balance: bool,
    percentile: float,
    dt: float,
) -> Tuned:
    """See `Converter.tune`."""
    n_steps = whole(n_steps, "n_steps", 1)
    x, labels = checked(converter, data, labels)
    rates, synapses = _positive(rates, "scales", above=True), _positive(synapses, "synapses")
    scales = _balances(converter, x, percentile) if balance else None
    found = Tuned(keras_accuracy(converter, x, labels), dt, [])
    converter.tuned = found  # by now, so that nothing is lost where it is stopped
    for rate, tau in itertools.product(rates, synapses):
        own = {name: find(rate) for name, find in scales.items()} if scales is not None else rate
        changed = converter.again(scale_firing_rates=own, synapse=tau or None)
        named = own if isinstance(own, dict) else {row.layer.name: rate for row in _own(changed)}
        found.tried.append(run_setting(changed, x, labels, rate, tau, named, n_steps, dt))
    return found


def keras_accuracy(converter: Any, x: np.ndarray, labels: np.ndarray) -> float:
    """That of the Keras model as it is now."""
    found = np.asarray(converter.model.predict(x, verbose=0))
    return float((found.reshape(len(x), -1).argmax(axis=1) == labels).mean())


def checked(
    converter: Any, data: Any, labels: Any, spikes: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Items and labels for a network whose accuracy is looked at."""
    name, options = converter.model.name, converter.options
    if options.temporal_model or len(converter.net.all_probes) != 1:
        raise ValidationError(
            f"{name!r} must have one output, and no axis of time, to be judged by its accuracy",
            attr="tune",
        )
    given = as_list(converter, data)
    if len(given) != 1:
        raise ValidationError(f"{name!r} has {len(given)} inputs; one is taken", attr="data")
    labels = np.ravel(labels)
    if labels.shape != (len(given[0]),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValidationError(
            f"must be whole numbers, one for each of the {len(given[0])} items, got shape "
            f"{labels.shape} of {labels.dtype}",
            attr="labels",
        )
    if spikes and not any(e.neuron_type.spiking for e in converter.net.all_ensembles):
        raise ValidationError(
            f"nothing in the network of {name!r} spikes; convert with neurons that do, for "
            "example swap_activations={'relu': nengo.SpikingRectifiedLinear()}",
            attr="tune",
        )
    return given[0], labels


def _positive(given: Any, attr: str, above: bool = False) -> list[float]:
    found = list(np.ravel(given).tolist())
    if not found or any(not np.isfinite(v) or v < 0 or (above and v == 0) for v in found):
        least = "above 0" if above else "from 0 up"
        raise ValidationError(f"must be numbers {least}, got {given!r}", attr=attr)
    return found


def _own(converter: Any) -> list[Any]:
    """The rows of layers with spiking neurons."""
    return [
        row
        for row in converter.rows
        if any(ensemble.neuron_type.spiking for ensemble in row.ensembles)
    ]


def _balances(converter: Any, x: np.ndarray, percentile: float) -> dict[str, Any]:
    """For each layer that spikes, a function from a rate (Hz) to the layer's scale."""
    plain = converter.again(swap_activations={}, scale_firing_rates=None, synapse=None)
    rows = {row.name: row for row in plain.rows}
    own = _own(converter)
    activities = _activities(plain, [rows[row.name] for row in own], x, percentile)
    most: dict[str, float] = {}
    types: dict[str, Any] = {}
    for row in own:
        name = row.layer.name
        most[name] = max(most.get(name, 0.0), activities[row.name])
        types[name] = row.ensembles[0].neuron_type
    return {name: _Scale(types[name], value) for name, value in most.items() if value > 0}


def _activities(plain: Any, rows: list[Any], x: np.ndarray, percentile: float) -> dict[str, float]:
    """The activity in Keras that so many percent of a layer's active neurons stay below."""
    net = plain.net
    with net:
        probes = {
            row.name: nengo.Probe(plain.layers[row.layer, int(row.name.rpartition(".")[2])])
            for row in rows
        }
    with Simulator(net, minibatch_size=min(_BATCH, len(x)), progress_bar=False, seed=0) as sim:
        found = sim.predict(as_fed(plain, x), verbose=0)
    most = {}
    for name, probe in probes.items():
        active = np.abs(found[probe])
        active = active[active > 0]
        most[name] = float(np.percentile(active, percentile)) if active.size else 0.0
    return most


@dataclass(frozen=True)
class _Scale:
    """The scale at which neurons of a type fire at a rate for a given activity."""

    neuron_type: Any
    activity: float

    def __call__(self, rate: float) -> float:
        neurons = self.neuron_type
        low, high = 1e-6, 1e9  # their rates rise with the scale
        for _ in range(100):
            middle = np.sqrt(low * high)
            fired = neurons.rates([self.activity], gain=[middle], bias=[0.0])
            if np.ravel(fired)[0] / getattr(neurons, "amplitude", 1) < rate:
                low = middle
            else:
                high = middle
        return float(np.sqrt(low * high))


def run_setting(
    converter: Any,
    x: np.ndarray,
    labels: np.ndarray,
    rate: float,
    tau: float,
    scales: dict[str, float],
    n_steps: int,
    dt: float,
) -> Tried:
    """Show items to a converted network, which gets probes of its spikes by it."""
    net = converter.net
    (output,) = net.all_probes
    with net:
        counts = [_counted(ensemble) for ensemble in net.all_ensembles]
    batch = min(_BATCH, len(x))
    right, spikes = [], 0.0
    with Simulator(net, dt=dt, minibatch_size=batch, progress_bar=False, seed=0) as sim:
        for begin in range(0, len(x), batch):
            part = slice(begin, begin + batch)
            found = sim.predict(as_fed(converter, x[part], n_steps), verbose=0)
            seen = np.cumsum(found[output], axis=1)
            right.append(seen.argmax(axis=2) == labels[part, None])
            spikes += dt * sum(float(found[p].sum()) for p in counts)
    return _told(np.concatenate(right), rate, tau, scales, spikes / len(x), dt)


def _counted(ensemble: nengo.Ensemble) -> nengo.Probe:
    """A probe of the sum of an ensemble's spikes (Hz); nothing for rates."""
    node = nengo.Node(size_in=1, label=f"{ensemble.label}.count")
    amplitude = getattr(ensemble.neuron_type, "amplitude", 1)
    each = (1 / amplitude) if ensemble.neuron_type.spiking else 0.0
    ConverterConnection(
        ensemble.neurons, node, transform=np.full((1, ensemble.n_neurons), each), synapse=None
    )
    return nengo.Probe(node)


def _told(
    right: np.ndarray, rate: float, tau: float, scales: dict[str, float], spikes: float, dt: float
) -> Tried:
    by_step = right.mean(axis=0)
    early = np.flatnonzero(by_step < ARRIVED * by_step[-1])
    latency = dt * (early[-1] + 2 if early.size else 1)
    ever = right.any(axis=1)
    first = float(dt * (right[ever].argmax(axis=1).mean() + 1)) if ever.any() else float("nan")
    return Tried(rate, tau, scales, float(by_step[-1]), by_step, float(latency), first, spikes)
