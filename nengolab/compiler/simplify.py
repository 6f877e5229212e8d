"""Stage 2, simplify: Nengo's operators over shared signals -> operations over wires.

Resets, copies, slices and passthrough nodes disappear into the wires; what stays is what computes.
Each Nengo operator type has one translator in ``operators/``; one without is a ``BuildError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.node import SimPyFunc
from nengo.builder.operator import Operator
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.node import Node

from nengolab.compiler import own_neurons
from nengolab.compiler.build import Built
from nengolab.compiler.fusing import share_inputs, without_idle
from nengolab.compiler.graph import (
    Call,
    Graph,
    Input,
    Op,
    Param,
    Port,
    Source,
    Wire,
    endless,
)
from nengolab.compiler.operators import TRANSLATORS, learning
from nengolab.compiler.operators.python import is_tied, reads_network, traces, verdict
from nengolab.compiler.signals import elements
from nengolab.exceptions import BuildError
from nengolab.names import Taken

_COMPUTED = ("weights", "encoders", "bias", "gain", "constant")


def simplify(
    built: Built,
    functions: str = "auto",
    demoted: frozenset[Operator] = frozenset(),
    fed: frozenset[Node] = frozenset(),
) -> Graph:
    """Translate a built model.

    Parameters
    ----------
    built : Built
    functions : {"auto", "traced", "callback"}
        How Python functions run; see ``configure_settings``.
    demoted : set of nengo.builder.Operator
        Those whose functions are not to be traced, because what they read keeps changing.
    fed : set of nengo.Node
        Those that are given data: inputs, though their own functions would take their turn among
        others.

    Raises
    ------
    BuildError
        Naming the object and the operator, for an operator that has no kernel.
    """
    return Simplifier(built, functions, demoted, fed).graph()


class Simplifier:
    """What translators work with: sources, wires, names, and the operations found so far.

    Parameters
    ----------
    built : Built
    functions, demoted, fed
        As for ``simplify``.
    """

    def __init__(
        self,
        built: Built,
        functions: str,
        demoted: frozenset[Operator],
        fed: frozenset[Node] = frozenset(),
    ):
        self.built, self.functions, self.demoted, self.fed = built, functions, demoted, fed
        self.clock = Input("clock", 2, False, owner="clock")
        self.model = built.model
        self.signal_names = built.signal_names()
        self.sources: list[Source] = []
        self.number: dict[Source, int] = {}
        self.ops: list[Op] = []
        self.calls: list[Call] = []
        # base signal -> what writes to it: (elements of the base, wire or (signal, elements))
        self.writers: dict[Signal, list[tuple[np.ndarray, Any]]] = {}
        self.wires: dict[Signal, Wire] = {}
        self._resolving: list[Signal] = []
        self.unique = Taken("#").give
        # An array is one parameter, however many operations and probes read it.
        self.params: dict[tuple[Signal, bool], Param] = {}
        self._later: list[Callable[[], None]] = []
        self.updated = {s.base for op in self.model.operators for s in op.updates}
        self.fresh: dict[Port, Port] = {}
        # Parameters of Keras layers by the identity of their variables, which layers may share.
        self.layer_params: dict[int, Param] = {}
        # Base signals that keep what is added to them (weights that learn), of the rules' deltas,
        # and of those that are read.
        self.learned: dict[Signal, Op] = {}
        self.rules: dict[Signal, learning.Rule] = {}
        self.deltas: dict[Signal, Port] = {}
        # What is computed with a signal that is no constant matrix.
        self.products: dict[Signal, list[Port]] = {}
        self.written = {
            s.base for op in self.model.operators for s in (*op.sets, *op.incs, *op.updates)
        }
        self.read_bases = {s.base for op in self.model.operators for s in op.reads}

    # -- the graph -----------------------------------------------------------------------------

    def graph(self) -> Graph:
        self.traces, self.untraced = traces(self)
        self.ordered = self._order_matters()
        self.learned = learning.prepare(self)
        for op in self.model.operators:
            translate = TRANSLATORS.get(type(op))
            if translate is None:
                raise self.no_kernel(op)
            translate(self, op)
        # Wires are resolved once every writer of every signal is known; a rule's delta becomes an
        # operation, with inputs of its own, when something is found to read it.
        probes = {p: self.read_after(self.model.sig[p]["in"]) for p in self.model.probes}
        for fill in self._later:
            fill()
        self.ops, idle = without_idle(self.ops, self.sources, probes)
        self.ops = share_inputs(self.ops)
        for i, op in enumerate(self.ops):
            op.index = i
        self._check_values()
        return Graph(
            self.ops, self.sources, probes, self.read, self.model, self.model.dt, self.calls, idle
        )

    def _check_values(self) -> None:
        """What is no number at the start would be none at the first step, and harder to name."""
        params = [p for op in self.ops for p in op.params.values()]
        for source in [*params, *self.sources]:
            value = getattr(source, "value", None)
            if value is None or np.asarray(value).dtype.kind not in "fc":
                continue
            # A bound on a voltage may be infinite; what is multiplied or added may not.
            bounds = isinstance(source, Param) and source.role not in _COMPUTED
            if np.isnan(value).any() or not (bounds or np.isfinite(value).all()):
                count = int(np.size(value) - np.isfinite(value).sum())
                raise BuildError(
                    f"{source.name}: {count} of {np.size(value)} values are NaN or infinite; the "
                    "network was given them, or a solver found them"
                )

    def _order_matters(self) -> bool:
        """Whether some Python code that reads the network may be tied to other code."""
        neurons = any(
            isinstance(op, SimNeurons) and own_neurons.is_tied(op) for op in self.model.operators
        )
        called = [
            op
            for op in self.model.operators
            if isinstance(op, (SimPyFunc, SimProcess)) and op not in self.traces
        ]
        if not neurons and not any(is_tied(op, self.model.dt) for op in called):
            return False
        return neurons or any(
            reads_network(op, self.model.dt) and verdict(op).level != "pure" for op in called
        )

    def no_kernel(self, op: Operator, detail: str = "") -> BuildError:
        """The error for an operator that nothing here can run."""
        what = f" ({detail})" if detail else ""
        return BuildError(
            f"{self.built.name_of(op)}: the operator {type(op).__name__}{what} has no kernel in "
            "nengolab; nengo.Simulator runs it"
        )

    def is_constant(self, signal: Signal) -> bool:
        return signal.base not in self.written

    def add_source(self, source: Source) -> int:
        if source not in self.number:
            self.number[source] = len(self.sources)
            self.sources.append(source)
        return self.number[source]

    def add_op(self, nengo_op: Operator, kernel: str, static: tuple, **parts: Any) -> Op:
        op = Op(
            kernel,
            static,
            inputs=[],
            params=parts.get("params", {}),
            state=parts.get("state", {}),
            name=self.unique(self.built.name_of(nengo_op)),
            owner=self.built.owner(nengo_op),
        )
        self.ops.append(op)
        return op

    def connect(self, op: Op, *signals: Signal) -> None:
        """Wire ``signals`` to the inputs of ``op``, once all writers are known."""
        self.when_known(lambda: op.inputs.extend(self.read(s) for s in signals))

    def when_known(self, fill: Callable[[], None]) -> None:
        """Call ``fill`` once all writers are known."""
        self._later.append(fill)

    def emit(self, op: Op, name: str, signal: Signal, delayed: bool = False) -> None:
        """A new port of ``op`` that writes to ``signal``."""
        port = op.add_port(name, signal.size, delayed)
        wire = Wire.of_source(self.add_source(port), port.size)
        self.writers.setdefault(signal.base, []).append((elements(signal), wire))

    def param(
        self,
        signal: Signal,
        fallback: str,
        value: np.ndarray | None = None,
        owner: Any = None,
    ) -> Param:
        """The parameter that a constant signal holds (as ``value``, where that is not its own).

        ``fallback`` and ``owner`` are the name and the owner of one that is no signal of the model.
        """
        found = (signal, value is None)
        if found not in self.params:
            named, key = self.signal_names.get(signal, (None, None))
            name = f"{self.built.names.get(named)}.{key}" if named is not None else fallback
            role = key if named is not None else fallback.rsplit(".", 1)[-1]
            value = np.asarray(signal.initial_value) if value is None else value
            owner = owner if named is None else named
            self.params[found] = Param(self.unique(name), value, owner, role)
        return self.params[found]

    def name_of_signal(self, signal: Signal) -> str:
        owner, _ = self.signal_names.get(signal, (None, None))
        return self.built.names.get(owner) if owner is not None else str(signal.name)

    # -- wires ---------------------------------------------------------------------------------

    def read(self, signal: Signal) -> Wire:
        """The wire of a signal or a view of one."""
        return self.base_wire(signal.base).take(elements(signal))

    def read_after(self, signal: Signal) -> Wire:
        """The wire of a signal as a probe sees it: after the step's updates.

        It differs from ``read`` only for a signal that is itself updated at the end of a step.
        """
        if signal.base in self.rules:
            return learning.fresh_delta(self, signal.base).take(elements(signal))
        wire = self.read(signal)
        if signal.base not in self.updated:
            return wire
        fresh = {}
        for number in wire.numbers:
            port = self.sources[number]
            if port not in self.fresh:
                self.fresh[port] = Port(port.op, port.name + "+", port.size)
            fresh[number] = self.add_source(self.fresh[port])
        src = np.array([fresh[n] for n in wire.src], dtype=np.int64)
        return Wire(wire.size, wire.pos, src, wire.idx)

    def base_wire(self, base: Signal) -> Wire:
        if base in self._resolving:
            cycle = self._resolving[self._resolving.index(base) :]
            raise endless([self.name_of_signal(s) for s in cycle])
        if base not in self.wires:
            self._resolving.append(base)
            self.wires[base] = self._base_wire(base)
            self._resolving.pop()
        return self.wires[base]

    def _base_wire(self, base: Signal) -> Wire:
        if base in self.learned:
            return learning.weights_wire(self, base)
        if base in self.rules:
            return learning.delayed_delta(self, base)
        if base not in self.written:
            return self.constant_wire(base)
        return self.sum_of_writers(base)

    def sum_of_writers(self, base: Signal) -> Wire:
        """The wire of all that is set in or added to a signal within a step."""
        parts = []
        for where, what in self.writers.get(base, ()):
            wire = what if isinstance(what, Wire) else self.base_wire(what[0]).take(what[1])
            parts.append(wire.place(where, base.size))
        return Wire.summed(base.size, parts)

    def constant_wire(self, base: Signal) -> Wire:
        _, key = self.signal_names.get(base, (None, None))
        # Biases of zero are still biases: they are trained and edited.
        zero = key != "bias" and not np.any(base.initial_value)
        if zero and not self._is_node_output(base):
            return Wire.empty(base.size)
        if self._is_node_output(base):
            node = self.signal_names[base][0]
            source: Source = Input(
                self.built.names.get(node),
                base.size,
                True,
                np.ravel(base.initial_value),
                None,
                node,
            )
        else:
            source = self.param(base, f"{base.name}.constant")
        return Wire.of_source(self.add_source(source), base.size)

    def _is_node_output(self, signal: Signal) -> bool:
        owner, key = self.signal_names.get(signal, (None, None))
        return isinstance(owner, Node) and key == "out"
