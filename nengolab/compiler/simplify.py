"""Stage 2, simplify: Nengo's operators over shared signals -> operations over wires.

Resets, copies, slices and passthrough nodes disappear into the wires; what stays is what computes.
Each Nengo operator type has one translator in ``operators/``; one without is a ``BuildError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from nengo.builder.node import SimPyFunc
from nengo.builder.operator import Operator
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.node import Node

from nengolab.compiler.build import Built
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
from nengolab.compiler.operators import TRANSLATORS
from nengolab.compiler.operators.python import reads_network, verdict
from nengolab.compiler.signals import elements
from nengolab.exceptions import BuildError


def simplify(built: Built) -> Graph:
    """Translate a built model.

    Raises
    ------
    BuildError
        Naming the object and the operator, for an operator that has no kernel.
    """
    return Simplifier(built).graph()


class Simplifier:
    """What translators work with: sources, wires, names, and the operations found so far.

    Parameters
    ----------
    built : Built
    """

    def __init__(self, built: Built):
        self.built = built
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
        self.taken_names: dict[str, int] = {}
        self._later: list[Callable[[], None]] = []
        self.updated = {s.base for op in self.model.operators for s in op.updates}
        self.fresh: dict[Port, Port] = {}
        self.written = {
            s.base for op in self.model.operators for s in (*op.sets, *op.incs, *op.updates)
        }
        self.read_bases = {s.base for op in self.model.operators for s in op.reads}

    # -- the graph -----------------------------------------------------------------------------

    def graph(self) -> Graph:
        self.ordered = self._order_matters()
        for op in self.model.operators:
            translate = TRANSLATORS.get(type(op))
            if translate is None:
                raise self.no_kernel(op)
            translate(self, op)
        # Inputs are resolved once every writer of every signal is known.
        for fill in self._later:
            fill()
        for i, op in enumerate(self.ops):
            op.index = i
        probes = {p: self.read_after(self.model.sig[p]["in"]) for p in self.model.probes}
        return Graph(
            self.ops, self.sources, probes, self.read, self.model, self.model.dt, self.calls
        )

    def _order_matters(self) -> bool:
        """Whether some Python code both reads the network and may be tied to other code."""
        return any(
            isinstance(op, (SimPyFunc, SimProcess))
            and reads_network(op, self.model.dt)
            and verdict(op).level == "tied"
            for op in self.model.operators
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

    def unique(self, name: str) -> str:
        n = self.taken_names.get(name, 0)
        self.taken_names[name] = n + 1
        return name if n == 0 else f"{name}#{n}"

    def connect(self, op: Op, *signals: Signal) -> None:
        """Wire ``signals`` to the inputs of ``op``, once all writers are known."""
        self._later.append(lambda: op.inputs.extend(self.read(s) for s in signals))

    def emit(self, op: Op, name: str, signal: Signal, delayed: bool = False) -> None:
        """A new port of ``op`` that writes to ``signal``."""
        port = op.add_port(name, signal.size, delayed)
        wire = Wire.of_source(self.add_source(port), port.size)
        self.writers.setdefault(signal.base, []).append((elements(signal), wire))

    def param(self, signal: Signal, fallback: str) -> Param:
        """The parameter that a constant signal holds."""
        owner, key = self.signal_names.get(signal, (None, None))
        name = f"{self.built.names.get(owner)}.{key}" if owner is not None else fallback
        role = key if owner is not None else fallback.rsplit(".", 1)[-1]
        return Param(self.unique(name), np.asarray(signal.initial_value), owner, role)

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
        wire = self.read(signal)
        if signal.base not in self.updated:
            return wire
        fresh = {}
        for number in np.unique(wire.src):
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
            parts = []
            for where, what in self.writers.get(base, ()):
                wire = what if isinstance(what, Wire) else self.base_wire(what[0]).take(what[1])
                parts.append(wire.place(where, base.size))
            if base not in self.written:
                parts.append(self.constant_wire(base))
            self.wires[base] = Wire.summed(base.size, parts)
            self._resolving.pop()
        return self.wires[base]

    def constant_wire(self, base: Signal) -> Wire:
        if not np.any(base.initial_value) and not self._is_node_output(base):
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
