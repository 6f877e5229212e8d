"""How many operations a network takes, and about how much energy that is on several devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab.checks import table_library, whole
from nengolab.exceptions import ValidationError
from nengolab.exporting.bundle import fed
from nengolab.exporting.describing import describe, simulated
from nengolab.exporting.manifest import resolved
from nengolab.exporting.merging import fan_out, plain
from nengolab.exporting.parts import NEURONS, OUTPUT, Circuit
from nengolab.exporting.reference import floats
from nengolab.names import listing


@dataclass(frozen=True)
class Device:
    """What operations cost on a device, as was published.

    Attributes
    ----------
    name : str
    synaptic, update : float
        Energy (J) of a synaptic operation and of the update of a neuron.
    events : bool
        Whether a synaptic operation is done where a value is not 0 only.
    source : str

    Examples
    --------
    >>> from nengolab.exporting import DEVICES
    >>> DEVICES["loihi"].synaptic
    2.36e-11
    """

    name: str
    synaptic: float
    update: float
    events: bool
    source: str


_DEGNAN = (
    "Degnan, Marr and Hasler, Assessing trends in performance per watt for signal processing "
    "applications, IEEE Trans. VLSI Systems 24(1), 2016"
)
_HOEPPNER = (
    "Höppner et al., Dynamic power management for neuromorphic many-core systems, IEEE Trans. "
    "Circuits and Systems I 66(8), 2019"
)
DEVICES = {
    "cpu": Device("Intel i7-4960X", 8.6e-9, 8.6e-9, False, _DEGNAN),
    "gpu": Device("Nvidia GTX Titan Black", 0.3e-9, 0.3e-9, False, _DEGNAN),
    "arm": Device("ARM Cortex-A", 0.9e-9, 0.9e-9, False, _DEGNAN),
    "loihi": Device(
        "Intel Loihi",
        23.6e-12,
        81e-12,
        True,
        "Davies et al., Loihi: a neuromorphic manycore processor with on-chip learning, IEEE "
        "Micro 38(1), 2018, table 2",
    ),
    "spinnaker": Device("SpiNNaker", 13.3e-9, 26e-9, True, _HOEPPNER),
    "spinnaker2": Device("SpiNNaker 2", 450e-12, 2.19e-9, True, _HOEPPNER),
}


@dataclass(frozen=True)
class LayerOperations:
    """What one layer takes, for each item.

    Attributes
    ----------
    name : str
    neurons : int
    spikes : float
        Of its neurons.
    rate : float
        Mean firing rate (Hz).
    updates : float
        Of its neurons.
    events, dense : float
        Synaptic operations that lead to it: of values that are not 0, and of all.

    Examples
    --------
    >>> from nengolab.exporting import LayerOperations
    >>> LayerOperations("hidden", 10, 5.0, 10.0, 500, 40.0, 1000.0).events
    40.0
    """

    name: str
    neurons: int
    spikes: float
    rate: float
    updates: float
    events: float
    dense: float


@dataclass(frozen=True)
class Energy:
    """Operations of a network, and about how much energy they take.

    Attributes
    ----------
    layers : list of LayerOperations
    n_steps : int
        How long an item was shown.

    Examples
    --------
    >>> found = nengolab.exporting.estimate_energy(sim, n_steps=50)
    >>> sorted(found.joules())[:3]
    ['arm', 'cpu', 'gpu']
    """

    layers: list[LayerOperations]
    n_steps: int

    def joules(self, devices: Mapping[str, Device] | None = None) -> dict[str, float]:
        """Energy (J) for an item, by device.

        Parameters
        ----------
        devices : dict of str to Device, optional
            Default: ``nengolab.exporting.DEVICES``.
        """
        updates = sum(layer.updates for layer in self.layers)
        found = {}
        for name, device in (devices or DEVICES).items():
            kind = "events" if device.events else "dense"
            operations = sum(getattr(layer, kind) for layer in self.layers)
            found[name] = operations * device.synaptic + updates * device.update
        return found

    def __str__(self) -> str:
        head = f"{'layer':<24}{'neurons':>9}{'spikes':>12}{'rate Hz':>9}{'events':>14}{'dense':>14}"
        lines = [
            f"{o.name[:23]:<24}{o.neurons:>9,}{o.spikes:>12,.0f}{o.rate:>9.1f}{o.events:>14,.0f}"
            f"{o.dense:>14,.0f}"
            for o in self.layers
        ]
        costs = [f"{DEVICES[name].name:<24}{j:>12.3g} J" for name, j in self.joules().items()]
        return "\n".join([head, *lines, f"for each item, shown for {self.n_steps} steps:", *costs])

    __repr__ = __str__

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each layer.

        Raises
        ------
        ImportError
            Where pandas is not installed.
        """
        return table_library("to_pandas").DataFrame([vars(layer) for layer in self.layers])


def estimate_energy(
    sim: Any, inputs: Mapping[Any, Any] | None = None, n_steps: int = 100
) -> Energy:
    """Count the operations of a network that is run, and what they take on several devices.

    A synaptic operation is a weight that is not 0 times a value: on devices that wait for events,
    of each spike and of each input that is not 0; on others of every value, in every step. Moving
    data, memory and what a device takes at rest are not in it, so it is a lower bound, good for
    comparing networks.

    Parameters
    ----------
    sim : nengolab.Simulator or nengo.Network
        What is run is what `nengolab.export` would write, in NumPy.
    inputs : dict, optional
        ``(items, steps, size)`` by Node or its name. Default: an item of random numbers from -1 to
        1, held for ``n_steps``.
    n_steps : int

    Returns
    -------
    Energy

    Raises
    ------
    ValidationError
        As `nengolab.export` does.

    Examples
    --------
    >>> found = nengolab.exporting.estimate_energy(sim, n_steps=50)
    >>> found.layers[-1].neurons, found.layers[-1].updates
    (20, 1000.0)
    """
    n_steps = whole(n_steps, "n_steps", 1)
    sim, own = simulated(sim)
    try:
        circuit = plain(describe(sim))
        given, n_steps = fed(sim, circuit, inputs, n_steps)
    finally:
        if own:
            sim.close()
    active, spikes = _activity(circuit, given, n_steps)
    layers = []
    for layer in circuit.layers:
        if layer.kind == OUTPUT or not circuit.into(layer.name):
            continue
        links = [link for link in circuit.into(layer.name) if link.weights.kind != "identity"]
        fans = [(link.source, fan_out(circuit, link)) for link in links]
        neurons = layer.size if layer.kind == NEURONS else 0
        fired = spikes.get(layer.name, 0.0)
        layers.append(
            LayerOperations(
                layer.name,
                neurons,
                fired,
                fired / (neurons * n_steps * circuit.dt) if neurons else 0.0,
                float(neurons * n_steps),
                float(sum((active[name] * fan).sum() for name, fan in fans)),
                float(sum(fan.sum() for _, fan in fans) * n_steps),
            )
        )
    if not layers:
        raise ValidationError(
            f"nothing of {listing(o.name for o in circuit.layers)} is computed", attr="network"
        )
    return Energy(layers, n_steps)


def _activity(
    circuit: Circuit, given: dict[str, np.ndarray], n_steps: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Events of each element of each layer, and spikes of layers, means over the items."""
    description, items = resolved(circuit), len(next(iter(given.values())))
    active = {layer.name: np.zeros(layer.size) for layer in circuit.layers}
    spikes: dict[str, float] = {}
    for i in range(items):  # one by one: all that each layer puts out is kept for a run
        one = {name: x[i : i + 1] for name, x in given.items()}
        for name, y in floats.run(description, one, n_steps, everything=True).items():
            layer = circuit.layer(name)
            if layer.spikes:
                assert layer.neurons is not None
                counts = (y[0] * (circuit.dt / layer.neurons["amplitude"])).sum(axis=0)
                spikes[name] = spikes.get(name, 0.0) + float(counts.sum()) / items
            else:
                counts = np.count_nonzero(y[0], axis=0)
            active[name] += counts / items
    return active, spikes
