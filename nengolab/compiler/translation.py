"""What translators of Nengo's operators work with and write to; it knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.builder.operator import Operator
from nengo.builder.signal import Signal
from nengo.node import Node

from nengolab.compiler.build import Built
from nengolab.compiler.graph import (
    Call,
    Input,
    Op,
    Param,
    Port,
    Source,
    Wire,
    endless,
)
from nengolab.compiler.signals import elements
from nengolab.compiler.tracing import Trace
from nengolab.exceptions import BuildError
from nengolab.layers.drawing import WORDS
from nengolab.names import Taken


@dataclass(eq=False)
class Rule:
    """What a rule adds: ``outer(rows, columns) - decay[:, None] * weights``.

    Attributes
    ----------
    op : nengo.builder.operator.Operator
    delta : nengo.builder.signal.Signal
    rows, columns : Port or Signal
    decay : Port or None
    weights : Signal or None
        What decays.
    """

    op: Operator
    delta: Signal
    rows: Port | Signal
    columns: Port | Signal
    decay: Port | None = None
    weights: Signal | None = None

    @property
    def parts(self) -> list[Port | Signal]:
        return [self.rows, self.columns] + ([] if self.decay is None else [self.decay])


class Translation:
    """What translators work with: sources, wires, names, and the operations found so far.

    The driver is `nengolab.compiler.simplify.simplify`.

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
        self.draws = Input("draws", WORDS, False, owner="draws")
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
        self.later: list[Callable[[], None]] = []
        self.updated = {s.base for op in self.model.operators for s in op.updates}
        self.fresh: dict[Port, Port] = {}
        # Parameters of Keras layers by the identity of their variables, which layers may share.
        self.layer_params: dict[int, Param] = {}
        # Base signals that keep what is added to them (weights that learn), of the rules' deltas,
        # and of those that are read.
        self.learned: dict[Signal, Op] = {}
        self.rules: dict[Signal, Rule] = {}
        self.deltas: dict[Signal, Port] = {}
        # How the wires of these are made: as a step reads them, and as a probe does after it.
        self.made: dict[Signal, Callable[[], Wire]] = {}
        self.made_fresh: dict[Signal, Callable[[], Wire]] = {}
        # What is computed with a signal that is no constant matrix.
        self.products: dict[Signal, list[Port]] = {}
        # What the driver finds before anything is translated: traces of Python functions, why
        # others have none, and whether their order matters.
        self.traces: dict[Operator, Trace] = {}
        self.untraced: dict[Operator, str] = {}
        self.ordered = False
        self.written = {
            s.base for op in self.model.operators for s in (*op.sets, *op.incs, *op.updates)
        }
        self.read_bases = {s.base for op in self.model.operators for s in op.reads}

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
        self.later.append(fill)

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
            name, role = fallback, fallback.rsplit(".", 1)[-1]
            if signal in self.signal_names:
                owner, role = self.signal_names[signal]
                name = f"{self.built.names.get(owner)}.{role}"
            value = np.asarray(signal.initial_value) if value is None else value
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
        if signal.base in self.made_fresh:
            return self.made_fresh[signal.base]().take(elements(signal))
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
        if base in self.made:
            return self.made[base]()
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
