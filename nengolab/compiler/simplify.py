"""Stage 2, simplify: Nengo's operators over shared signals -> operations over wires.

Resets, copies, slices and passthrough nodes disappear into the wires; what stays is what computes.
Each Nengo operator type has one translator here; an operator without one is a ``BuildError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from nengo.builder import operator as nengo_ops
from nengo.builder.neurons import SimNeurons
from nengo.builder.node import SimPyFunc
from nengo.builder.operator import Operator
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal
from nengo.node import Node

from nengolab.compiler import independence
from nengolab.compiler.build import Built
from nengolab.compiler.graph import Call, Graph, Input, Op, Param, Port, Source, Wire
from nengolab.exceptions import BuildError
from nengolab.kernels.neurons import neuron_kernel
from nengolab.kernels.synapses import linear_filter


def simplify(built: Built) -> Graph:
    """Translate a built model.

    Raises
    ------
    BuildError
        Naming the object and the operator, for an operator that has no kernel.
    """
    return _Simplifier(built).graph()


class _Simplifier:
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
        self.taken_names: dict[str, int] = {}
        self._later: list[Callable[[], None]] = []
        self.updated = {s.base for op in self.model.operators for s in op.updates}
        self.fresh: dict[Port, Port] = {}
        self.written = {
            s.base for op in self.model.operators for s in (*op.sets, *op.incs, *op.updates)
        }

    # -- the graph -----------------------------------------------------------------------------

    def graph(self) -> Graph:
        self.ordered = self._order_matters()
        for op in self.model.operators:
            translate = _TRANSLATORS.get(type(op))
            if translate is None:
                raise _no_kernel(self.built, op)
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
        for op in self.model.operators:
            reads_network = (
                op.x is not None
                if isinstance(op, SimPyFunc)
                else isinstance(op, SimProcess)
                and op.input is not None
                and linear_filter(op.process, self.model.dt, 1) is None
            )
            if reads_network and _verdict(op).level == "tied":
                return True
        return False

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
        if base not in self.wires:
            parts = []
            for where, what in self.writers.get(base, ()):
                wire = what if isinstance(what, Wire) else self.base_wire(what[0]).take(what[1])
                parts.append(wire.place(where, base.size))
            if base not in self.written:
                parts.append(self.constant_wire(base))
            self.wires[base] = Wire.summed(base.size, parts)
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


def elements(signal: Signal) -> np.ndarray:
    """Flat places in its base that a signal or view occupies, in its own order."""
    at = np.full(signal.shape, signal.elemoffset, dtype=np.int64)
    for axis, (n, stride) in enumerate(zip(signal.shape, signal.elemstrides, strict=True)):
        shape = [1] * signal.ndim
        shape[axis] = n
        at = at + (np.arange(n) * stride).reshape(shape)
    return at.ravel()


def _no_kernel(built: Built, op: Operator, detail: str = "") -> BuildError:
    what = f" ({detail})" if detail else ""
    return BuildError(
        f"{built.name_of(op)}: the operator {type(op).__name__}{what} has no kernel in nengolab; "
        "nengo.Simulator runs it"
    )


# -- one translator per operator type ----------------------------------------------------------


def _nothing(s: _Simplifier, op: Operator) -> None:
    """Probes only mark what is read; resets to zero are implied."""


def _time(s: _Simplifier, op: nengo_ops.TimeUpdate) -> None:
    for signal, name in ((op.time, "time"), (op.step, "step")):
        number = s.add_source(Input(name, 1, False, owner=name))
        s.writers.setdefault(signal.base, []).append((elements(signal), Wire.of_source(number, 1)))


def _reset(s: _Simplifier, op: nengo_ops.Reset) -> None:
    if np.any(op.value):
        value = np.broadcast_to(np.asarray(op.value, float), op.dst.shape).ravel()
        param = Param(s.unique(f"{s.built.name_of(op)}.reset"), value, None, "constant")
        wire = Wire.of_source(s.add_source(param), op.dst.size)
        s.writers.setdefault(op.dst.base, []).append((elements(op.dst), wire))


def _copy(s: _Simplifier, op: nengo_ops.Copy) -> None:
    src = _sliced(elements(op.src), op.src.shape, op.src_slice)
    dst = _sliced(elements(op.dst), op.dst.shape, op.dst_slice)
    if src.size == 1 and dst.size > 1:
        src = np.repeat(src, dst.size)
    s.writers.setdefault(op.dst.base, []).append((dst, (op.src.base, src)))


def _sliced(flat: np.ndarray, shape: tuple, sl: Any) -> np.ndarray:
    return flat if sl is None else np.atleast_1d(flat.reshape(shape)[sl]).ravel()


def _dot(s: _Simplifier, op: nengo_ops.DotInc) -> None:
    _require_constant(s, op, op.A)
    if op.A.ndim != 2 or op.X.ndim != 1:
        raise _no_kernel(s.built, op, f"shapes {op.A.shape} and {op.X.shape}")
    weights = s.param(op.A, f"{s.built.name_of(op)}.weights")
    new = s.add_op(op, "dot", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _elementwise(s: _Simplifier, op: nengo_ops.ElementwiseInc) -> None:
    _require_constant(s, op, op.A)
    if op.A.ndim > 1 or op.X.ndim > 1 or op.Y.size != max(op.A.size, op.X.size):
        raise _no_kernel(s.built, op, f"shapes {op.A.shape} and {op.X.shape}")
    weights = s.param(op.A, f"{s.built.name_of(op)}.gain")
    new = s.add_op(op, "scale", (), params={"weights": weights})
    s.connect(new, op.X)
    s.emit(new, "out", op.Y)


def _require_constant(s: _Simplifier, op: Operator, signal: Signal) -> None:
    if not s.is_constant(signal):
        raise _no_kernel(s.built, op, f"{signal.name} changes while the network runs")


def _neurons(s: _Simplifier, op: SimNeurons) -> None:
    kernel = neuron_kernel(op.neurons)
    if kernel is None:
        raise _no_kernel(s.built, op, f"neuron type {type(op.neurons).__name__}")
    name = s.built.name_of(op)
    state = {key: np.asarray(sig.initial_value) for key, sig in op.state.items()}
    params = {
        key: Param(s.unique(f"{name}.neurons.{key}"), np.asarray(float(value)), op.neurons, key)
        for key, value in kernel.constants(op.neurons).items()
    }
    new = s.add_op(op, kernel.name, (), params=params, state=state)
    s.connect(new, op.J)
    s.emit(new, "out", op.output)
    for key, signal in op.state.items():
        s.emit(new, key, signal)


def _process(s: _Simplifier, op: SimProcess) -> None:
    delayed = op.mode == "update"
    if op.input is not None:
        filt = linear_filter(op.process, s.model.dt, op.input.size)
        if filt is not None:
            name = s.built.name_of(op)
            params = {
                k: Param(s.unique(f"{name}.synapse.{k}"), v, op.process, k)
                for k, v in filt.constants.items()
            }
            static = (filt.order, filt.advanced, delayed)
            new = s.add_op(op, filt.kernel, static, params=params, state=filt.state)
            s.connect(new, op.input)
            s.emit(new, "out", op.output, delayed)
            return
    call = _call(s, op, None, op.process, True, op.input, op.output)
    _add_call(s, op, call, op.input, op.output, delayed)


def _pyfunc(s: _Simplifier, op: SimPyFunc) -> None:
    call = _call(s, op, op.fn, None, op.t is not None, op.x, op.output)
    _add_call(s, op, call, op.x, op.output, False)


def _verdict(op: SimPyFunc | SimProcess) -> independence.Verdict:
    if isinstance(op, SimProcess):
        return independence.of_process(op.process)
    return independence.of(op.fn)


def _call(s, op, fn, process, takes_t, x, output) -> Call:
    return Call(
        fn,
        process,
        takes_t,
        x is not None,
        x.size if x is not None else 0,
        output.size if output is not None else 0,
        _verdict(op),
        s.unique(f"{s.built.name_of(op)}()"),
        s.built.owner(op),
        op=op,
    )


def _add_call(s, op, call: Call, x: Signal | None, output: Signal | None, delayed: bool) -> None:
    s.calls.append(call)
    if x is None and not delayed and (call.verdict.level == "pure" or not s.ordered):
        # Needs nothing from the network and is tied to nothing inside it: it runs ahead.
        number = s.add_source(Input(call.name, call.size_out, False, None, call, call.owner))
        if output is not None:
            s.writers.setdefault(output.base, []).append(
                (elements(output), Wire.of_source(number, output.size))
            )
        return
    state = {"y": np.zeros(call.size_out)} if delayed else {}
    new = s.add_op(op, "call", (call.name, delayed), state=state)
    new.call = call
    call.stepped = True
    if x is not None:
        s.connect(new, x)
    if output is not None:
        s.emit(new, "out", output, delayed)


_TRANSLATORS: dict[type, Callable[[_Simplifier, Any], None]] = {
    nengo_ops.TimeUpdate: _time,
    nengo_ops.Reset: _reset,
    nengo_ops.Copy: _copy,
    nengo_ops.DotInc: _dot,
    nengo_ops.ElementwiseInc: _elementwise,
    SimNeurons: _neurons,
    SimProcess: _process,
    SimPyFunc: _pyfunc,
    SimProbe: _nothing,
}
