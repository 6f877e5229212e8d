"""How far a network and its NIR graph are apart, by running both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab.exporting.bundle import fed
from nengolab.exporting.parts import OUTPUT, Circuit
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

    Examples
    --------
    >>> from nengolab.nir_graphs import OutputFidelity
    >>> OutputFidelity("probe", True, 0.1, 0.98, 400, 380).of_graph
    380
    """

    name: str
    spikes: bool
    error: float
    correlation: float
    of_network: float
    of_graph: float


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
    # The nodes of a graph are in the order of the layers that have one.
    ends = [layer for layer in circuit.layers if layer.kind != "sum"]
    named = {layer.name: node for layer, node in zip(ends, graph.nodes, strict=False)}
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
    if spikes:
        assert source.neurons is not None
        y = y * circuit.dt / source.neurons["amplitude"]
        of_network, of_graph = float(y.sum()), float(x.sum())
        y, x = _smooth(y, circuit.dt), _smooth(x, circuit.dt)
    else:
        of_network, of_graph = float(y.mean()), float(x.mean())
    size = float(np.sqrt(np.mean(y**2)))
    off = float(np.sqrt(np.mean((x - y) ** 2)))
    varies = np.ptp(x) > 0 and np.ptp(y) > 0
    same = float(np.corrcoef(x.ravel(), y.ravel())[0, 1]) if varies else float("nan")
    error = off / size if size else (0.0 if off == 0 else float("inf"))
    return OutputFidelity(name, spikes, error, same, of_network, of_graph)


def _smooth(x: np.ndarray, dt: float, tau: float = 0.02) -> np.ndarray:
    kept, found = np.exp(-dt / tau), np.empty_like(x)
    state = np.zeros_like(x[:, 0])
    for i in range(x.shape[1]):
        state = kept * state + (1 - kept) * x[:, i]
        found[:, i] = state
    return found
