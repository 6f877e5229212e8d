"""How far a network and its NIR graph are apart, by running both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.exporting.bundle import fed
from nengolab.exporting.describing import describe, simulated
from nengolab.exporting.merging import plain
from nengolab.exporting.parts import OUTPUT, Circuit
from nengolab.names import listing
from nengolab.nir_graphs.graphs import opened
from nengolab.nir_graphs.naming import layer_names
from nengolab.nir_graphs.reading import from_nir
from nengolab.settings import configure_settings, get_setting
from nengolab.simulator import Simulator


@dataclass(frozen=True)
class OutputFidelity:
    """One output, of the network and of the graph.

    Attributes
    ----------
    name : str
    spikes : bool
        Whether it is of neurons.
    error : float
        Root of the mean square difference, relative to that of the network's output. Of spikes, of
        what a lowpass filter of 20 ms makes of them.
    correlation : float
        Of the same; NaN where one is constant.
    of_network, of_graph : float
        How many spikes; of other outputs, their mean.
    differing : int
        How many values differ by more than a rounding (``1e-9`` of the largest); of spikes, at all.

    Examples
    --------
    >>> from nengolab.nir_graphs import OutputFidelity
    >>> OutputFidelity("probe", True, 0.1, 0.98, 400, 380, 60).of_graph
    380
    """

    name: str
    spikes: bool
    error: float
    correlation: float
    of_network: float
    of_graph: float
    differing: int


@dataclass(frozen=True)
class Fidelity:
    """What an approximate NIR graph leaves out, and what came of it.

    Attributes
    ----------
    approximated : dict of str to str
        What is not exact, by the name of the object.
    outputs : list of OutputFidelity

    Examples
    --------
    >>> from nengolab.nir_graphs import Fidelity
    >>> Fidelity({}, []).exact
    True
    """

    approximated: dict[str, str]
    outputs: list[OutputFidelity]

    @property
    def exact(self) -> bool:
        """Whether all of it maps exactly."""
        return not self.approximated

    def __str__(self) -> str:
        lines = [f"{name}: {why}" for name, why in self.approximated.items()]
        head = f"{'output':<30}{'error':>8}{'correlation':>13}{'network':>12}{'NIR':>12}"
        rows = [
            f"{o.name[:29]:<30}{o.error:>8.3f}{o.correlation:>13.3f}{o.of_network:>12,.4g}"
            f"{o.of_graph:>12,.4g}"
            for o in self.outputs
        ]
        return "\n".join([*lines, head, *rows] if rows else lines)

    __repr__ = __str__


def compare(sim: Any, graph: Any, inputs: Any = None, n_steps: int = 200) -> Fidelity:
    """Run a network and the graph that `to_nir` made of it, and compare what comes out.

    Parameters
    ----------
    sim : nengolab.Simulator or nengo.Network
    graph : nir.NIRGraph, str or Path
        The graph, or the file that it was written to.
    inputs : dict, optional
        ``(items, steps, size)`` by Node or its name. Default: random numbers from -1 to 1, held for
        ``n_steps``.
    n_steps : int

    Returns
    -------
    Fidelity
        Its ``approximated`` is empty: what the graph leaves out is what `to_nir` says.

    Raises
    ------
    ImportError
        Without the package ``nir``.
    ValidationError
        For a graph that cannot be built, or that was made of another network.

    Examples
    --------
    >>> import nir
    >>> exact = nengo.LIF(tau_ref=0, min_voltage=-np.inf)
    >>> with nengo.Network(seed=0) as net:
    ...     stimulus = nengo.Node([0.5], label="in")
    ...     ensemble = nengo.Ensemble(20, 1, neuron_type=exact, label="hidden")
    ...     _ = nengo.Connection(stimulus, ensemble, synapse=0.01)
    ...     probe = nengo.Probe(ensemble.neurons, label="spikes")
    >>> nir.write(folder / "network.nir", nengolab.to_nir(net))
    >>> (found,) = nengolab.nir_graphs.compare(net, folder / "network.nir").outputs
    >>> found.of_network > 0, found.differing
    (True, 0)
    """
    graph = opened(graph)
    sim, own = simulated(sim)
    try:
        circuit = plain(describe(sim))
        return measured(sim, circuit, graph, {}, inputs, whole(n_steps, "n_steps", 1))
    finally:
        if own:
            sim.close()


def measured(
    sim: Any, circuit: Circuit, graph: Any, notes: dict[str, str], inputs: Any, n_steps: int
) -> Fidelity:
    """Run a network and its graph with the same inputs, and compare what comes out."""
    if not circuit.of_kind(OUTPUT):
        return Fidelity(notes, [])
    given, n_steps = fed(sim, circuit, inputs, n_steps)
    net = from_nir(graph)
    with net:
        configure_settings(dtype=get_setting(sim.network, "dtype"))
    named = layer_names(circuit)
    if missing := [name for name in named.values() if name not in graph.nodes]:
        raise ValidationError(
            f"lacks {listing(missing)}, which the graph of {circuit.name!r} has; it was made of "
            "another network",
            attr="graph",
        )
    fed_graph = {}
    for name, x in given.items():
        order = graph.nodes[named[name]].metadata.get("order")
        fed_graph[net.inputs[named[name]]] = x if order is None else x[..., order]
    theirs = sim.predict(given, n_steps=n_steps)
    with Simulator(
        net, dt=circuit.dt, progress_bar=False, minibatch_size=sim.minibatch_size
    ) as own:
        ours = own.predict(fed_graph, n_steps=n_steps)
    outputs = []
    for probe, y in theirs.items():
        name = sim.name_of(probe)
        if name not in named:
            continue
        x = ours[net.outputs[named[name]]]
        order = graph.nodes[named[name]].metadata.get("order")
        y = y if order is None else y[..., order]
        outputs.append(_compared(circuit, name, np.asarray(y, float), np.asarray(x, float)))
    return Fidelity(notes, outputs)


def _compared(circuit: Circuit, name: str, y: np.ndarray, x: np.ndarray) -> OutputFidelity:
    link = circuit.into(name)[0]
    source = circuit.layer(link.source)
    spikes = source.spikes and link.filter is None and link.weights.kind == "identity"
    bound = 1e-9 * max(float(np.abs(y).max(initial=0)), 1.0)
    if spikes:
        assert source.neurons is not None
        y = y * circuit.dt / source.neurons["amplitude"]
        of_network, of_graph = float(y.sum()), float(x.sum())
        differing = int(np.count_nonzero(np.round(y) != np.round(x)))
        y, x = _smooth(y, circuit.dt), _smooth(x, circuit.dt)
    else:
        of_network, of_graph = float(y.mean()), float(x.mean())
        differing = int((np.abs(x - y) > bound).sum())
    size = float(np.sqrt(np.mean(y**2)))
    off = float(np.sqrt(np.mean((x - y) ** 2)))
    varies = np.ptp(x) > 0 and np.ptp(y) > 0
    same = float(np.corrcoef(x.ravel(), y.ravel())[0, 1]) if varies else float("nan")
    error = off / size if size else (0.0 if off == 0 else float("inf"))
    return OutputFidelity(name, spikes, error, same, of_network, of_graph, differing)


def _smooth(x: np.ndarray, dt: float, tau: float = 0.02) -> np.ndarray:
    kept, found = np.exp(-dt / tau), np.empty_like(x)
    state = np.zeros_like(x[:, 0])
    for i in range(x.shape[1]):
        state = kept * state + (1 - kept) * x[:, i]
        found[:, i] = state
    return found
