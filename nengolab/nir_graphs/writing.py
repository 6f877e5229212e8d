"""``to_nir``: a network as a NIR graph."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np

from nengolab._version import __version__
from nengolab.exceptions import ValidationError
from nengolab.exporting.describing import describe, simulated
from nengolab.exporting.matrices import whole_matrix
from nengolab.exporting.merging import gained, plain
from nengolab.exporting.parts import INPUT, NEURONS, OUTPUT, Circuit, Layer, Link
from nengolab.names import Taken
from nengolab.nir_graphs.fidelity import measured
from nengolab.nir_graphs.layouts import Layout, elementwise, fits, layouts
from nengolab.nir_graphs.library import nir_library
from nengolab.nir_graphs.naming import given, layer_names

# NIR's Linear is a whole matrix; a larger one than this (elements) is refused.
LARGEST = 2**24


def to_nir(
    sim: Any,
    strict: bool = True,
    approximate: bool | None = None,
    inputs: Any = None,
    n_steps: int = 200,
) -> Any:
    """A network as a NIR graph, for other tools and hardware.

    What maps exactly: ``nengo.LIF`` with ``tau_ref=0`` and ``min_voltage=-inf`` (LIF),
    `nengolab.neurons.IntegrateAndFire` (IF), weights (Linear, Affine, Scale, Conv1d, Conv2d),
    average pooling (AvgPool2d), ``Lowpass`` (LI), one step (Delay). The rest is refused by name.

    Parameters
    ----------
    sim : nengolab.Simulator or nengo.Network
        Weights as they are now.
    strict : bool
        Whether to refuse what does not map exactly.
    approximate : bool, optional
        The opposite: the nearest is written instead (LIF without its refractory time and lowest
        voltage; IF, which starts from 0, for ``SpikingRectifiedLinear``, which subtracts; two LI
        for an ``Alpha``), both are run, and what came of it is returned too. Default: ``not
        strict``.
    inputs : dict, optional
        What both are run with: ``(items, steps, size)`` by Node or its name. Default: random
        numbers from -1 to 1, held for ``n_steps``.
    n_steps : int

    Returns
    -------
    nir.NIRGraph, or (nir.NIRGraph, Fidelity) with ``approximate``
        ``nir.write(path, graph)`` writes it.

    Raises
    ------
    ImportError
        Without the package ``nir``.
    ValidationError
        Naming what cannot be written, and why.

    Notes
    -----
    NIR's equations are in continuous time. Between two steps Nengo solves them exactly for an input
    that is held: ``v += (J - v) (1 - exp(-dt/tau))``, a spike where ``v > 1``, then ``v = 0``. An
    LI puts out at a step what it held at the end of the one before. A spike is 1 in the step in
    which it falls, so weights behind neurons have their ``amplitude / dt`` in them, and an Output
    of neurons has 1 for a spike. The gain is ``r``, the bias ``v_leak``. Voltages at the start,
    which NIR does not have, are kept as metadata (``initial_voltage``). Images have channels first
    in NIR; metadata ``order`` of an Input or Output has Nengo's index of each element.

    Examples
    --------
    >>> exact = nengo.LIF(tau_ref=0, min_voltage=-np.inf)
    >>> with nengo.Network() as net:
    ...     stimulus = nengo.Node([0.5], label="in")
    ...     ensemble = nengo.Ensemble(20, 1, neuron_type=exact, label="hidden")
    ...     _ = nengo.Connection(stimulus, ensemble, synapse=0.01)
    ...     probe = nengo.Probe(ensemble.neurons)
    >>> [type(node).__name__ for node in nengolab.to_nir(net).nodes.values()]
    ['Input', 'LIF', 'Output', 'Linear', 'LI']
    """
    nir = nir_library()
    near = (not strict) if approximate is None else bool(approximate)
    sim, own = simulated(sim)
    try:
        circuit = plain(describe(sim))
        writer = _Writer(nir, circuit, near)
        graph = writer.graph()
        if not near:
            return graph
        return graph, measured(sim, circuit, graph, writer.notes, inputs, n_steps)
    finally:
        if own:
            sim.close()


class _Writer:
    def __init__(self, nir: Any, circuit: Circuit, near: bool):
        self._nir, self._near = nir, near
        self.notes: dict[str, str] = {}
        self._taken = Taken()
        self._nodes: dict[str, Any] = {}
        self._own: dict[str, str] = {}  # of layers, the names of their nodes
        self._chains: dict[str, list[str]] = {}  # of links
        self._circuit = _with_one_gain(circuit)
        self._layouts = layouts(self._circuit)

    def graph(self) -> Any:
        self._own = layer_names(self._circuit, self._taken)
        for name, own in self._own.items():
            self._nodes[own] = self._node(self._circuit.layer(name))
        carriers, behind = self._carriers()
        for link in self._circuit.links:
            chain = self._chain(link, carriers.get(link.name))
            if link.name in behind:
                chain.append(self._added(link, behind[link.name]))
            self._chains[link.name] = chain
        edges: list[tuple[str, str]] = []
        for link in self._circuit.links:
            chain = self._chains[link.name]
            edges += itertools.pairwise(chain)
            if chain:
                edges += [(one, chain[0]) for one in self._providers(link.source)]
        for layer in self._circuit.layers:
            if layer.kind in (NEURONS, OUTPUT):
                edges += [(one, self._own[layer.name]) for one in self._arriving(layer.name)]
        double = next((e for i, e in enumerate(edges) if e in edges[:i]), None)
        if double is not None:
            raise self._refuse(
                double[1], f"it has two connections from {double[0]!r} that NIR does not tell apart"
            )
        metadata = {"dt": self._circuit.dt, "written_by": f"nengolab {__version__}"}
        return self._nir.NIRGraph(self._nodes, edges, metadata, type_check=False)

    def _add(self, name: str, node: Any) -> str:
        own = given(self._taken, name)
        self._nodes[own] = node
        return own

    def _refuse(self, name: str, why: str) -> ValidationError:
        return ValidationError(f"{name!r} cannot be written as NIR: {why}", attr="sim")

    def _nearly(self, name: str, why: str) -> None:
        """Note what is not exact, or refuse it."""
        if not self._near:
            raise self._refuse(name, f"{why}. approximate=True writes the nearest, and measures")
        self.notes[name] = why

    # -- edges ---------------------------------------------------------------------------------

    def _arriving(self, name: str) -> list[str]:
        found: list[str] = []
        for link in self._circuit.into(name):
            chain = self._chains[link.name]
            found += chain[-1:] if chain else self._providers(link.source)
        return found

    def _providers(self, name: str) -> list[str]:
        """The nodes whose sum a layer is."""
        own = self._own.get(name)
        return self._arriving(name) if own is None else [own]

    # -- layers --------------------------------------------------------------------------------

    def _node(self, layer: Layer) -> Any:
        layout = self._layouts[layer.name]
        if layer.kind in (INPUT, OUTPUT):
            kind = self._nir.Input if layer.kind == INPUT else self._nir.Output
            node = kind(np.array(layout.shape))
            if layout.last:
                node.metadata["order"] = layout.order
            return node
        assert layer.neurons is not None
        assert layer.gain is not None
        assert layer.bias is not None
        node = self._neurons(layer, layout)
        if layer.voltage is not None and np.any(layer.voltage):
            node.metadata["initial_voltage"] = _laid(layer.voltage, layout)
        return node

    def _neurons(self, layer: Layer, layout: Layout) -> Any:
        n, nir = layer.neurons, self._nir
        assert n is not None
        assert layer.gain is not None
        assert layer.bias is not None
        ones = np.ones(layout.shape)
        r = _laid(layer.gain, layout)
        if n["type"] == "LIF":
            if n["tau_ref"]:
                self._nearly(
                    layer.name,
                    f"its neurons rest for tau_ref={n['tau_ref']:g} s after a spike, and those of "
                    "NIR do not",
                )
            if not math.isinf(n["min_voltage"]):
                self._nearly(
                    f"{layer.name} (min_voltage)" if layer.name in self.notes else layer.name,
                    f"its voltages stay above min_voltage={n['min_voltage']:g}, and those of NIR "
                    "have no bound; min_voltage=-np.inf has none either",
                )
            return nir.LIF(n["tau_rc"] * ones, r, _laid(layer.bias, layout), ones, 0 * ones)
        if n["type"] == "SpikingRectifiedLinear":
            self._nearly(
                layer.name,
                "SpikingRectifiedLinear neurons keep what lies above the threshold, may spike more "
                "than once in a step and ignore negative input, and NIR's IF starts from 0",
            )
        elif n["type"] != "IntegrateAndFire":
            raise self._refuse(
                layer.name, f"NIR has no neurons like {n['type']}; it has LIF and IF, which spike"
            )
        return nir.IF(r, ones, 0 * ones)

    # -- links ---------------------------------------------------------------------------------

    def _carriers(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Which links carry the biases of layers that have no place for one, and those biases.

        The first have them in their weights, the second in a node of their own at their end.
        """
        found: dict[str, np.ndarray] = {}
        behind: dict[str, np.ndarray] = {}
        for layer in self._circuit.layers:
            if layer.bias is None or not np.any(layer.bias) or layer.kind == INPUT:
                continue
            bias = layer.bias
            if layer.neurons is not None:
                if layer.neurons["type"] == "LIF":
                    continue
                assert layer.gain is not None
                if self._circuit.into(layer.name) and self._circuit.into(layer.name)[0].gain:
                    with np.errstate(divide="ignore"):
                        bias = bias / layer.gain
            whole = [k for k in self._circuit.into(layer.name) if k.target_at is None]
            link = next((k for k in whole if k.filter is None and self._carries(k, bias)), None)
            if link is not None:
                found[link.name] = bias
            elif whole and np.isfinite(bias).all():
                behind[whole[0].name] = bias
            else:
                raise self._refuse(
                    layer.name,
                    "it has a bias, and nothing leads to all of it to which NIR could give it",
                )
        return found, behind

    def _added(self, link: Link, bias: np.ndarray) -> str:
        """A node behind weights and synapse that adds a bias and does nothing else."""
        layout, name = self._layouts[link.target], f"{link.name}_bias"
        laid, dims = _laid(bias, layout), len(layout.shape) - 1
        if dims in (1, 2):
            by_channel = laid.reshape(layout.shape[0], -1)
            if np.all(by_channel == by_channel[:, :1]):
                n, places = layout.shape[0], layout.shape[1:]
                kernel, own = np.ones((n, 1, *(1,) * dims)), by_channel[:, 0].copy()
                if dims == 1:
                    return self._add(name, self._nir.Conv1d(places[0], kernel, 1, 0, 1, n, own))
                ones, none = (1, 1), (0, 0)
                return self._add(name, self._nir.Conv2d(places, kernel, ones, none, ones, n, own))
        if dims or bias.size**2 > LARGEST:
            raise self._refuse(
                link.target,
                "it has a bias behind a synapse, one for each of its places; for an image NIR has "
                "one for each channel, and for a vector a matrix of its size",
            )
        return self._add(name, self._nir.Affine(np.eye(bias.size), laid))

    def _carries(self, link: Link, bias: np.ndarray) -> bool:
        if not np.isfinite(bias).all() or elementwise(link) or link.weights.pooling is not None:
            return False
        if link.weights.kind == "convolution" and fits(link, self._layouts):
            by_channel = bias[self._layouts[link.target].order].reshape(
                self._layouts[link.target].shape[0], -1
            )
            return bool(np.all(by_channel == by_channel[:, :1]))
        return True

    def _chain(self, link: Link, bias: np.ndarray | None) -> list[str]:
        """Nodes for weights and synapse, in order."""
        source = self._circuit.layer(link.source)
        factor = 1.0
        spikes_out = source.spikes and self._circuit.layer(link.target).kind == OUTPUT
        if source.neurons is not None and not (
            spikes_out and elementwise(link) and link.filter is None
        ):
            factor = source.neurons.get("amplitude", 1.0) / self._circuit.dt
        chain = self._weights(link, factor, bias)
        if link.filter is not None:
            chain += self._filter(link)
        return chain

    def _weights(self, link: Link, factor: float, bias: np.ndarray | None) -> list[str]:
        nir, weights, name = self._nir, link.weights, link.name
        source, target = self._layouts[link.source], self._layouts[link.target]
        if elementwise(link) and source == target:
            if weights.kind == "identity" and factor == 1.0:
                return []
            scale = np.broadcast_to(weights.array * factor, (weights.shape[0],))
            return [self._add(name, nir.Scale(_laid(scale, target)))]
        if fits(link, self._layouts):
            return self._image(link, factor, bias)
        if len(target.shape) > 1:
            raise self._refuse(
                name,
                f"it leads to {link.target!r}, an image of shape {target.shape}, from a vector; "
                "NIR can flatten an image and not the reverse",
            )
        n_out, n_in = (self._circuit.layer(n).size for n in (link.target, link.source))
        if n_out * n_in > LARGEST:
            raise self._refuse(
                name, f"it would be a matrix of {n_out} x {n_in}, which is not written"
            )
        whole = whole_matrix(link, n_out, n_in).toarray() * factor
        whole = whole[target.order][:, source.order]
        chain = []
        if len(source.shape) > 1:
            flat = nir.Flatten({"input": np.array(source.shape)}, 0, -1)
            chain.append(self._add(f"{name}_flat", flat))
        node = nir.Linear(whole) if bias is None else nir.Affine(whole, bias[target.order])
        return [*chain, self._add(name, node)]

    def _image(self, link: Link, factor: float, bias: np.ndarray | None) -> list[str]:
        """A convolution or a pool."""
        nir, weights, name = self._nir, link.weights, link.name
        how, target = weights.convolving, self._layouts[link.target]
        assert how is not None
        if weights.pooling is not None:
            if len(weights.pooling) != 2:
                raise self._refuse(name, "NIR has pools in two dimensions only")
            pads = np.array([0, 0])
            pool = nir.AvgPool2d(np.array(weights.pooling), np.array(how.strides), pads)
            chain = [self._add(name, pool)]
            if factor != 1.0:
                chain.append(self._add(f"{name}_scale", nir.Scale(np.full(target.shape, factor))))
            return chain
        dims = len(how.strides)
        if dims > 2:
            raise self._refuse(name, "NIR has convolutions in one and two dimensions only")
        if any(a != b for a, b in how.padding):
            raise self._refuse(
                name,
                f"it pads {how.padding}, and NIR pads as much before as after; "
                'padding="valid", or an odd kernel with strides of 1, does',
            )
        kernel = np.moveaxis(weights.array * factor, (-1, -2), (0, 1))
        own = np.zeros(len(kernel))
        if bias is not None:
            own = bias[target.order].reshape(target.shape)[(slice(None), *(0,) * dims)]
        places = self._layouts[link.source].shape[1:]
        pads = tuple(a for a, _ in how.padding)
        if dims == 1:
            sizes = (places[0], kernel, how.strides[0], pads[0], 1)
            return [self._add(name, nir.Conv1d(*sizes, how.groups, own))]
        node = nir.Conv2d(places, kernel, how.strides, pads, (1, 1), how.groups, own)
        return [self._add(name, node)]

    def _filter(self, link: Link) -> list[str]:
        filter_, nir = link.filter, self._nir
        assert filter_ is not None
        shape, name = self._layouts[link.target].shape, f"{link.name}_synapse"
        if link.target_at is None and elementwise(link):
            shape = self._layouts[link.source].shape
        ones = np.ones(shape)
        if filter_.kind == "Lowpass" and len(filter_.B) == 1 and filter_.A[0, 0] == 0:
            return [self._add(name, nir.Delay(self._circuit.dt * ones))]
        tau = filter_.tau
        if filter_.kind == "Alpha":
            self._nearly(
                link.name,
                "its synapse is an Alpha, and NIR has filters of one time constant; two of them in "
                "a row take a step longer",
            )
        elif filter_.kind != "Lowpass":
            raise self._refuse(
                link.name, f"its synapse is a {filter_.kind}; NIR has those of one time constant"
            )
        assert tau is not None
        count = 2 if filter_.kind == "Alpha" else 1
        return [self._add(name, nir.LI(tau * ones, ones, 0 * ones)) for _ in range(count)]


def _laid(values: np.ndarray, layout: Layout) -> np.ndarray:
    return np.asarray(values)[layout.order].reshape(layout.shape)


def _with_one_gain(circuit: Circuit) -> Circuit:
    """All links to neurons with the gain behind them, or with it in their weights.

    NIR has one resistance for all that comes in.
    """
    found = circuit.copy()
    for layer in circuit.of_kind(NEURONS):
        assert layer.gain is not None
        into = found.into(layer.name)
        if into and all(link.gain for link in into) and np.all(layer.gain != 0):
            continue
        new = {id(link): gained(found, link) for link in into}
        found.links = [new.get(id(link), link) for link in found.links]
        found.with_layer(replace(layer, gain=np.ones(layer.size)))
    return found
