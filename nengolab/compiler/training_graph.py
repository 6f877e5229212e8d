"""Between simplify and schedule, for training: what spikes is replaced.

A spike has no useful derivative. By default each spiking population is trained by its rate
equation, which has no state, so that time is one more axis of the batch::

    lif                        lif_rate, or soft_lif_rate with ``sigma = lif_smoothing``
    adaptive_lif               the same of ``J - n``, ``n`` being the adaptation at the start
    spiking_rectified_linear, integrate_and_fire
                               rectified_linear
    spiking_leaky_relu         leaky_relu
    regular_spiking, stochastic_spiking, poisson_spiking
                               what their ``base_type`` gives, times their amplitude

That the adaptation is held is what Nengo means by an adaptive population's rates: decoders are
solved for them, and training starts from where they are right. A population that is trained with
surrogate gradients instead keeps its own step (``kernels/spike_gradient.py``).

Izhikevich's neurons have no rate equation in closed form: the rate is one over the time that the
two coupled equations take from reset to threshold. They always keep their step.

The graph that runs is not touched. Parameters are shared by both, so that what is trained is what
runs; the few that only training needs (``sigma``, a held ``adaptation``) are added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nengolab.compiler.graph import Graph, Input, Op, Param, Port, Source, Wire
from nengolab.exceptions import BuildError, ValidationError
from nengolab.surrogates import ATan, Surrogate

SurrogateOf = Callable[[Any], Surrogate | None]

# Spiking kernels that are their base type's rates times the amplitude.
_OF_RATES = ("regular_spiking", "stochastic_spiking", "poisson_spiking")
_LIF_RATE = ("tau_rc", "tau_ref", "amplitude")


@dataclass(frozen=True)
class _Rate:
    """A kernel by which another is trained, and its parameters by the other's names."""

    kernel: str
    params: dict[str, str]

    @classmethod
    def same(cls, kernel: str, *names: str) -> _Rate:
        return cls(kernel, {name: name for name in names})


_RATES = {
    "lif": _Rate.same("lif_rate", *_LIF_RATE),
    "adaptive_lif": _Rate.same("lif_rate", *_LIF_RATE),
    "spiking_rectified_linear": _Rate.same("rectified_linear", "amplitude"),
    "integrate_and_fire": _Rate.same("rectified_linear", "amplitude"),
    "spiking_leaky_relu": _Rate.same("leaky_relu", "negative_slope", "amplitude"),
    **{kernel: _Rate("scale", {"weights": "amplitude"}) for kernel in _OF_RATES},
}
_ONLY_SURROGATE = ("izhikevich",)
_SMOOTHED = {"lif_rate": "soft_lif_rate", "adaptive_lif_rate": "adaptive_soft_lif_rate"}


def training_graph(
    graph: Graph, surrogate_of: SurrogateOf, lif_smoothing: float | None = None
) -> tuple[Graph, dict[Any, str]]:
    """The graph that training differentiates.

    Parameters
    ----------
    graph : Graph
        The graph that runs; it is left as it is.
    surrogate_of : callable
        Given the owner of a spiking operation, its surrogate, or None to train it by its rates.
    lif_smoothing : float, optional
        ``sigma`` of `SoftLIFRate`, by which LIF rates are then trained.

    Returns
    -------
    training : Graph
        With operations, ports and sources of its own, and the same parameters. Sources have the
        numbers that they have in ``graph``. No signal can be looked up in it.
    unread : dict of nengo.Probe to str
        The probes that it lacks, because what they read does not exist in training, and why.

    Raises
    ------
    ValidationError
        For a smoothing that is not a positive number.
    BuildError
        If anything but a probe reads what does not exist in training.
    """
    if lif_smoothing is not None and not (math.isfinite(lif_smoothing) and lif_smoothing > 0):
        raise ValidationError(
            f"got {lif_smoothing!r}; it is the width of the smooth threshold as a current: give a "
            "positive number, or None for the exact rate of LIF neurons",
            attr="lif_smoothing",
        )
    return _Rewrite(graph, surrogate_of, lif_smoothing).result()


def undifferentiable(graph: Graph) -> list[tuple[str, str]]:
    """Operations through which no gradient passes: ``(name, reason)`` of each.

    These are Python functions and neuron types that are called back and are given something that
    the network computed. Functions that were traced are not among them.
    """
    found = []
    for op in graph.ops:
        if op.call is None or not graph.ports_read(op):
            continue
        if op.call.neurons is not None:
            kind = type(op.call.neurons).__name__
            reason = f"the neuron type {kind} has a step of its own in NumPy, which is called back"
        else:
            reason = f"its Python function is called back: {op.call.untraced or 'it is not traced'}"
        found.append((op.name, reason))
    return found


class _Rewrite:
    """One rewriting of a graph."""

    def __init__(self, graph: Graph, surrogate_of: SurrogateOf, smoothing: float | None):
        self.graph, self.surrogate_of, self.smoothing = graph, surrogate_of, smoothing
        self.ports: dict[Port, Port] = {}
        self.gone: set[Port] = set()
        self.added: list[Source] = []
        self.ops = {op: self._copy(op) for op in graph.ops}

    def result(self) -> tuple[Graph, dict[Any, str]]:
        graph = self.graph
        sources = [self._source(s) for s in graph.sources] + self.added
        missing = {n: s for n, s in enumerate(graph.sources) if s in self.gone}
        for op in graph.ops:
            for number in self._missing_in(op.inputs, missing):
                port = missing[number]
                raise BuildError(
                    f"{op.name} reads {port.name!r} of {port.op.name}, which does not exist in "
                    "training by rates: train that population with a surrogate gradient"
                )
        probes, unread = {}, {}
        for probe, wire in graph.probes.items():
            lacking = self._missing_in([wire], missing)
            if not lacking:
                probes[probe] = wire
                continue
            port = missing[lacking[0]]
            unread[probe] = (
                f"{port.op.name} is trained by its rates, which have no {port.name!r}; with a "
                "surrogate gradient it would have one"
            )
        new = Graph(
            list(self.ops.values()),
            sources,
            probes,
            _no_lookup,
            graph.model,
            graph.dt,
            graph.calls,
            graph.idle,
        )
        return new, unread

    @staticmethod
    def _missing_in(wires: list[Wire], missing: dict[int, Port]) -> list[int]:
        return [int(n) for wire in wires for n in wire.numbers if int(n) in missing]

    def _source(self, source: Source) -> Source:
        if not isinstance(source, Port):
            return source
        if source in self.gone or source.op not in self.ops:  # the latter is of an idle one
            # Its number must stay taken. Nothing reads it.
            return Input(f"{source.op.name}.{source.name}", source.size, held=True)
        if source not in self.ports:  # a second view of a port, which only probes read
            op = self.ops[source.op]
            self.ports[source] = Port(op, source.name, source.size, source.delayed)
        return self.ports[source]

    def _copy(self, op: Op) -> Op:
        """The operation by which ``op`` is trained."""
        new = replace(
            op,
            inputs=list(op.inputs),
            params=dict(op.params),
            state=dict(op.state),
            drawn=dict(op.drawn),
            ports={},
        )
        if op.kernel in _RATES or op.kernel in _ONLY_SURROGATE:
            surrogate = self.surrogate_of(op.owner)
            if surrogate is None and op.kernel in _ONLY_SURROGATE:
                surrogate = ATan()
            if surrogate is None:
                self._by_rate(new)
            else:
                new.kernel = f"surrogate_{op.kernel}"
                new.static = (type(surrogate).__name__, surrogate, op.static)
        self._smooth(new)
        for name, port in op.ports.items():
            if name == "out" or new.kernel == op.kernel or new.state:
                self.ports[port] = new.add_port(name, port.size, port.delayed)
            else:
                self.gone.add(port)
        return new

    def _by_rate(self, op: Op) -> None:
        """Make ``op``, a copy, the rate of what it was."""
        if op.kernel == "adaptive_lif":
            self._hold_adaptation(op)
        rate = _RATES[op.kernel]
        op.params = {name: op.params[old] for name, old in rate.params.items()}
        op.kernel, op.static, op.state, op.drawn = rate.kernel, (), {}, {}

    def _smooth(self, op: Op) -> None:
        """Give a LIF rate the smooth threshold that was asked for."""
        if self.smoothing is None or op.kernel not in _SMOOTHED:
            return
        op.kernel = _SMOOTHED[op.kernel]
        op.params["sigma"] = self._param(op, "sigma", np.asarray(float(self.smoothing)))

    def _hold_adaptation(self, op: Op) -> None:
        """Subtract the adaptation at the start from the current."""
        n = op.state["adaptation"]
        if not np.any(n):
            return
        held = self._param(op, "adaptation", -np.asarray(n, float))
        self.added.append(held)
        number = len(self.graph.sources) + len(self.added) - 1
        constant = Wire.of_source(number, held.size)
        op.inputs = [Wire.summed(constant.size, [op.inputs[0], constant])]

    @staticmethod
    def _param(op: Op, role: str, value: np.ndarray) -> Param:
        """A parameter that only training needs, named beside the population's others."""
        beside = op.params["tau_rc"]
        head, _, tail = beside.name.rpartition(".")
        return Param(f"{head}.{role}{tail.removeprefix('tau_rc')}", value, beside.owner, role)


def _no_lookup(signal: Any) -> Wire:
    raise BuildError(f"{signal}: signals are looked up in the graph that runs")
