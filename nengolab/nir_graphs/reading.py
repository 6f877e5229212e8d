"""``from_nir``: a NIR graph as a Nengo network."""

from __future__ import annotations

import math
from typing import Any

import nengo
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from nengolab.checks import seconds
from nengolab.exceptions import ValidationError
from nengolab.layers.keras_weights import Ones
from nengolab.neurons import IntegrateAndFire
from nengolab.nir_graphs.graphs import Flat, axes, flat, opened, pads, refuse

# What they put out at a step does not depend on what comes in at that step.
_HOLDING = ("LI", "CubaLI", "CubaLIF", "I", "Delay")
_SPIKING = ("LIF", "IF", "CubaLIF")
_LONGEST_DELAY = 100  # steps


def from_nir(graph: Any, dt: float | None = None) -> nengo.Network:
    """A Nengo network that computes a NIR graph, written by whatever tool.

    Parameters
    ----------
    graph : nir.NIRGraph, nir.NIRNode, str or Path
        Or the file in which it is.
    dt : float, optional
        Step (s) that it is to be run with. Default: that in the graph's metadata (`to_nir` writes
        it), else 0.001.

    Returns
    -------
    nengo.Network
        ``net.inputs`` has Nodes by the name of an Input, ``net.outputs`` probes by that of an
        Output, ``net.made`` what puts out each node's values. Arrays are flat, in NIR's order.

    Raises
    ------
    ImportError
        Without the package ``nir``.
    ValidationError
        Naming a node that is not supported or does not fit, and for files that cannot be read.

    Notes
    -----
    Affine, AvgPool2d, Conv1d, Conv2d, CubaLI, CubaLIF, Delay, Flatten, I, IF, Input, LI, LIF,
    Linear, Output, Scale, SumPool2d, and graphs inside with one input and output. A spike is 1 in
    its step. Neurons start from 0, or from the metadata ``initial_voltage``. LI, CubaLI, I and the
    current of CubaLIF put out at a step what they held at the end of the step before, which lets
    loops be; in a loop without any, what spiking neurons put out comes a step later.

    Examples
    --------
    >>> import nir
    >>> graph = nir.NIRGraph.from_list(
    ...     nir.Linear(np.array([[3.0], [2.0]])),
    ...     nir.LIF(*np.array([[0.02, 0.02], [1, 1], [0, 0], [1, 1], [0, 0]])),
    ... )
    >>> net = nengolab.from_nir(graph)
    >>> with nengolab.Simulator(net) as sim:
    ...     spikes = sim.predict({net.inputs["input"]: np.ones((1, 20, 1))})[net.outputs["output"]]
    >>> spikes.sum(axis=1)
    array([[2., 1.]], dtype=float32)
    """
    found = flat(opened(graph))
    given = found.metadata.get("dt") if dt is None else dt
    return _Building(found, seconds(0.001 if given is None else given, "dt", True)).network()


class _Building:
    def __init__(self, graph: Flat, dt: float):
        self._graph, self._dt = graph, dt
        self._out: dict[str, Any] = {}  # by node: what puts out its values
        self._into: dict[str, Any] = {}  # and what takes what comes in
        self._late = _late_edges(graph)

    def network(self) -> nengo.Network:
        graph = self._graph
        with nengo.Network(label="NIR") as net:
            for name, node in graph.nodes.items():
                with nengo.Network(label=name):
                    getattr(self, f"_{type(node).__name__.lower()}")(name, node)
            for a, b in graph.edges:
                synapse = nengo.Lowpass(0) if (a, b) in self._late else None
                nengo.Connection(self._out[a], self._into[b], synapse=synapse)
            outputs = {
                name: nengo.Probe(self._out[name], label=name)
                for name, node in graph.nodes.items()
                if type(node).__name__ == "Output" and not self._goes_on(name)
            }
        net.inputs = {
            name: self._out[name]
            for name, node in graph.nodes.items()
            if type(node).__name__ == "Input" and not graph.before(name)
        }
        net.outputs, net.made = outputs, self._out
        return net

    def _goes_on(self, name: str) -> bool:
        return any(a == name for a, _ in self._graph.edges)

    # -- ends ----------------------------------------------------------------------------------

    def _size(self, name: str) -> int:
        return math.prod(self._graph.shapes[name])

    def _passing(self, name: str, node: Any = None) -> None:
        """A Node that passes on the sum of what comes in."""
        self._out[name] = self._into[name] = nengo.Node(size_in=self._size(name), label=name)

    _output = _flatten = _passing

    def _input(self, name: str, node: Any) -> None:
        if self._graph.before(name):  # of a graph inside
            self._passing(name)
        else:
            self._out[name] = nengo.Node(np.zeros(self._size(name)), label=name)

    # -- weights -------------------------------------------------------------------------------

    def _weighted(self, name: str, size_in: int, transform: Any, bias: Any = None) -> None:
        self._into[name] = nengo.Node(size_in=size_in, label="in")
        self._out[name] = nengo.Node(size_in=self._size(name), label=name)
        nengo.Connection(self._into[name], self._out[name], transform=transform, synapse=None)
        if bias is not None:
            _constant(bias, self._out[name])

    def _linear(self, name: str, node: Any) -> None:
        weight = np.asarray(node.weight, float)
        if weight.ndim != 2:
            raise refuse(name, f"its weights have {weight.ndim} axes; 2 are supported")
        bias = None
        if hasattr(node, "bias"):
            bias = np.broadcast_to(np.asarray(node.bias, float), (len(weight),))
        self._weighted(name, weight.shape[1], weight, bias)

    _affine = _linear

    def _scale(self, name: str, node: Any) -> None:
        self._weighted(name, self._size(name), self._each(name, node.scale))

    def _conv1d(self, name: str, node: Any) -> None:
        self._convolution(name, node, 1)

    def _conv2d(self, name: str, node: Any) -> None:
        self._convolution(name, node, 2)

    def _convolution(self, name: str, node: Any, dims: int) -> None:
        kernel = np.asarray(node.weight, float)
        size = kernel.shape[2:]
        padding = pads(node, dims, size)
        kernel = _spread(kernel, axes(node.dilation, dims))
        bias = np.broadcast_to(np.asarray(node.bias, float), (len(kernel),))
        self._image(name, kernel, axes(node.stride, dims), padding, int(node.groups), bias)

    def _avgpool2d(self, name: str, node: Any) -> None:
        self._pool(name, node, mean=True)

    def _sumpool2d(self, name: str, node: Any) -> None:
        self._pool(name, node, mean=False)

    def _pool(self, name: str, node: Any, mean: bool) -> None:
        size, channels = axes(node.kernel_size, 2), self._graph.shapes[name][0]
        value = 1 / math.prod(size) if mean else 1.0
        kernel = np.full((channels, 1, *size), value)
        padding = [(n, n) for n in axes(node.padding, 2)]
        self._image(name, kernel, axes(node.stride, 2), padding, channels, None)

    def _image(
        self, name: str, kernel: Any, strides: Any, padding: Any, groups: int, bias: Any
    ) -> None:
        given, out = self._graph.shape_in(name), self._graph.shapes[name]
        into = nengo.Node(size_in=math.prod(given), label="in")
        self._into[name], self._out[name] = into, nengo.Node(size_in=math.prod(out), label=name)
        if any(a or b for a, b in padding):
            into, given = _padded(into, given, padding)
        transform = nengo.Convolution(
            out[0],
            given,
            kernel.shape[2:],
            strides,
            "valid",
            channels_last=False,
            init=np.moveaxis(kernel, (0, 1), (-1, -2)),
            groups=groups,
        )
        nengo.Connection(into, self._out[name], transform=transform, synapse=None)
        if bias is not None:
            each = np.repeat(bias, math.prod(out[1:]))
            _constant(each, self._out[name])

    # -- what has time constants ---------------------------------------------------------------

    def _each(self, name: str, value: Any) -> np.ndarray:
        """A parameter, one number for each element."""
        shape = self._graph.shapes[name]
        try:
            found = np.broadcast_to(np.asarray(value, float), shape).ravel()
        except ValueError:
            raise refuse(
                name, f"it has a parameter of shape {np.shape(value)}, and values of {shape}"
            ) from None
        if not np.isfinite(found).all():
            raise refuse(name, "it has parameters that are no finite numbers")
        return found

    def _li(self, name: str, node: Any) -> None:
        self._into[name], self._out[name] = self._leaking(name, node.tau, node.r, node.v_leak, name)

    def _leaking(self, name: str, tau: Any, r: Any, leak: Any, label: str) -> tuple[Any, Any]:
        """``tau dv/dt = v_leak - v + r I``: what takes I and what puts out v."""
        r, leak, size = self._each(name, r), self._each(name, leak), self._size(name)
        into = before = nengo.Node(size_in=size, label="in")
        if not np.all(r == 1):
            before = nengo.Node(size_in=size, label="driven")
            nengo.Connection(into, before, transform=r, synapse=None)
        if np.any(leak):
            _constant(leak, before)
        out = nengo.Node(size_in=size, label=label)
        for value, at in self._by_tau(name, tau):
            nengo.Connection(before[at], out[at], synapse=nengo.Lowpass(value))
        return into, out

    def _by_tau(self, name: str, tau: Any) -> list[tuple[float, Any]]:
        """Which elements have which time constant."""
        taus = self._each(name, tau)
        if np.any(taus <= 0):
            raise refuse(name, f"it has a time constant of {taus.min():g} s")
        values = np.unique(taus)
        if len(values) == 1:
            return [(float(values[0]), slice(None))]
        return [(float(v), np.flatnonzero(taus == v).tolist()) for v in values]

    def _i(self, name: str, node: Any) -> None:
        self._passing(name)
        into = nengo.Node(size_in=self._size(name), label="in")
        self._into[name] = into
        nengo.Connection(
            into,
            self._out[name],
            transform=self._each(name, node.r),
            synapse=nengo.LinearFilter([1], [1, 0]),
        )

    def _cubali(self, name: str, node: Any) -> None:
        ones = np.ones(self._size(name)).reshape(self._graph.shapes[name])
        self._into[name], current = self._leaking(
            name, node.tau_syn, node.w_in, 0 * ones, "current"
        )
        into, self._out[name] = self._leaking(name, node.tau_mem, node.r, node.v_leak, name)
        nengo.Connection(current, into, synapse=None)

    def _delay(self, name: str, node: Any) -> None:
        steps = self._each(name, node.delay) / self._dt
        whole = np.round(steps).astype(int)
        if np.any(np.abs(steps - whole) > 1e-6) or np.any(whole < 1):
            raise refuse(
                name, f"it delays by {steps.min():g} to {steps.max():g} steps of {self._dt:g} s"
            )
        if whole.max() > _LONGEST_DELAY:
            raise refuse(name, f"it delays by more than {_LONGEST_DELAY} steps")
        self._passing(name)
        self._into[name] = nengo.Node(size_in=self._size(name), label="in")
        for n in np.unique(whole):
            at = np.flatnonzero(whole == n).tolist()
            shift = nengo.LinearFilter([1], [1, *[0] * int(n)], analog=False)
            synapse = nengo.Lowpass(0) if n == 1 else shift
            nengo.Connection(self._into[name][at], self._out[name][at], synapse=synapse)

    # -- neurons -------------------------------------------------------------------------------

    def _lif(self, name: str, node: Any) -> None:
        self._spiking(name, node, self._by_tau(name, node.tau), node.v_leak)

    def _if(self, name: str, node: Any) -> None:
        self._spiking(name, node, [(math.inf, slice(None))], None)

    def _cubalif(self, name: str, node: Any) -> None:
        self._spiking(name, node, self._by_tau(name, node.tau_mem), node.v_leak)
        neurons = self._into[name]
        zeros = np.zeros(self._graph.shapes[name])
        self._into[name], current = self._leaking(name, node.tau_syn, node.w_in, zeros, "current")
        nengo.Connection(current, neurons, synapse=None)

    def _spiking(self, name: str, node: Any, groups: list[tuple[float, Any]], leak: Any) -> None:
        """Neurons of voltages ``u = (v - v_reset)/(v_threshold - v_reset)``: Nengo's start from 0.

        ``tau du/dt = (v_leak - v_reset + r I)/(v_threshold - v_reset) - u``.
        """
        reset = self._each(name, 0.0 if node.v_reset is None else node.v_reset)
        span = self._each(name, node.v_threshold) - reset
        if np.any(span <= 0):
            raise refuse(name, "its threshold is not above the voltage to which it is reset")
        gain = self._each(name, node.r) / span
        bias = 0 * span if leak is None else (self._each(name, leak) - reset) / span
        at_start = self._each(name, (node.metadata or {}).get("initial_voltage", 0.0))
        start = (at_start - reset) / span
        made = []
        for tau, at in groups:
            initial = {"voltage": start[at]} if np.any(start[at]) else _AT_REST
            if math.isinf(tau):
                kind: Any = IntegrateAndFire(self._dt, initial)
            else:
                kind = nengo.LIF(tau, 0, -np.inf, self._dt, initial)
            n = len(start[at])
            ens = nengo.Ensemble(
                n, 1, neuron_type=kind, gain=gain[at], bias=bias[at], encoders=np.ones((n, 1))
            )
            ens.label = name
            made.append((ens.neurons, at))
        if len(made) == 1:
            self._into[name] = self._out[name] = made[0][0]
            return
        self._into[name] = nengo.Node(size_in=len(gain), label="in")
        self._out[name] = nengo.Node(size_in=len(gain), label=name)
        for neurons, at in made:
            nengo.Connection(self._into[name][at], neurons, synapse=None)
            nengo.Connection(neurons, self._out[name][at], synapse=None)


_AT_REST = {"voltage": nengo.dists.Choice([0])}


def _constant(values: np.ndarray, post: Any) -> None:
    if np.any(values):
        ones = Ones(len(values), "ones")
        nengo.Connection(ones, post, transform=np.array(values, float), synapse=None)


def _spread(kernel: np.ndarray, dilation: tuple[int, ...]) -> np.ndarray:
    """A kernel ``(filters, channels, *size)`` with zeros between its places."""
    size = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation, strict=True)]
    found = np.zeros((*kernel.shape[:2], *size))
    found[(slice(None), slice(None), *(slice(None, None, d) for d in dilation))] = kernel
    return found


def _padded(into: Any, shape: tuple[int, ...], padding: Any) -> tuple[Any, tuple[int, ...]]:
    wide = (shape[0], *(n + a + b for n, (a, b) in zip(shape[1:], padding, strict=True)))
    numbers = np.arange(math.prod(wide)).reshape(wide)
    inside = (slice(None), *(slice(a, a + n) for n, (a, _) in zip(shape[1:], padding, strict=True)))
    node = nengo.Node(size_in=math.prod(wide), label="padded")
    nengo.Connection(into, node[numbers[inside].ravel().tolist()], synapse=None)
    return node, wide


def _late_edges(graph: Flat) -> set[tuple[str, str]]:
    """Edges out of spiking neurons in loops in which nothing holds: they take a step."""
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    numbers = {name: i for i, name in enumerate(graph.nodes)}
    direct = [(a, b) for a, b in graph.edges if kinds[b] not in _HOLDING]
    n = len(numbers)
    late: set[tuple[str, str]] = set()
    for within in (direct, None):
        edges = within if within is not None else [e for e in direct if e not in late]
        matrix = csr_matrix(
            (
                np.ones(len(edges)),
                tuple(zip(*((numbers[a], numbers[b]) for a, b in edges), strict=False)) or ([], []),
            ),
            shape=(n, n),
        )
        labels = connected_components(matrix, connection="strong")[1]
        looped = [(a, b) for a, b in edges if labels[numbers[a]] == labels[numbers[b]]]
        if within is None:
            if looped:
                raise ValidationError(
                    f"the NIR graph has a loop through {looped[0][0]!r} and {looped[0][1]!r} in "
                    "which nothing takes time; an LI, a Delay or spiking neurons do",
                    attr="graph",
                )
        else:
            late = {(a, b) for a, b in looped if kinds[a] in _SPIKING}
    return late
