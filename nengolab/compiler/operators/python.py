"""Python in the network: Nodes' and connections' functions, and processes; synapses among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.node import SimPyFunc
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal

from nengolab.compiler import independence, own_neurons
from nengolab.compiler.graph import Call, Input, Op, Param, Wire
from nengolab.compiler.signals import elements
from nengolab.compiler.tracing import Trace, Untraceable, trace
from nengolab.compiler.tracing.expressions import split
from nengolab.exceptions import BuildError
from nengolab.kernels.synapses import linear_filter

if TYPE_CHECKING:
    from nengolab.compiler.translation import Translation


def verdict(op: SimPyFunc | SimProcess) -> independence.Verdict:
    """Whether what the operator runs is tied to other Python code."""
    if isinstance(op, SimProcess):
        return independence.of_process(op.process)
    return independence.of(op.fn)


def reads_network(op: SimPyFunc | SimProcess, dt: float) -> bool:
    """Whether Python code gets values from inside the network."""
    if isinstance(op, SimPyFunc):
        return op.x is not None
    return op.input is not None and linear_filter(op.process, dt, 1) is None


def is_tied(op: SimPyFunc | SimProcess, dt: float) -> bool:
    """Whether Python code may share objects with other Python code."""
    if isinstance(op, SimProcess) and op.input is not None:
        if linear_filter(op.process, dt, op.input.size) is not None:
            return False
    return verdict(op).level == "tied"


def traces(s: Translation) -> tuple[dict[Any, Trace], dict[Any, str]]:
    """The operators' functions that can be traced, and why others cannot.

    A function that reads variables is traced only where no tied Python code runs in the network:
    such code could change a variable between two steps. Between two tiles it is checked.
    """
    found: dict[Any, Trace] = {}
    why: dict[Any, str] = {}
    functions = [op for op in s.model.operators if isinstance(op, SimPyFunc)]
    for op in functions:
        try:
            found[op] = _trace(s, op)
        except Untraceable as reason:
            why[op] = str(reason)
    python = [op for op in s.model.operators if isinstance(op, (SimPyFunc, SimProcess))]
    own = [op for op in s.model.operators if isinstance(op, SimNeurons) and own_neurons.is_tied(op)]
    tied = next((op for op in python if op not in found and is_tied(op, s.model.dt)), None)
    tied = tied or next(iter(own), None)
    if tied is not None:
        for op in [op for op in found if verdict(op).level != "pure"]:
            del found[op]
            why[op] = (
                f"it {independence.of(op.fn, arrays=True).why}, which "
                f"{s.built.name_of(tied)} might change"
            )
    if s.functions == "traced" and why:
        op, reason = next(iter(why.items()))
        raise BuildError(
            f"{s.built.name_of(op)}: its function {getattr(op.fn, '__name__', op.fn)} cannot be "
            f"traced: {reason}; the setting python_functions='auto' lets it be called back"
        )
    return found, why


def _trace(s: Translation, op: SimPyFunc) -> Trace:
    if s.functions == "callback":
        raise Untraceable("the setting python_functions is 'callback'")
    if op in s.demoted:
        raise Untraceable("what it reads changes between runs")
    size_in = None if op.x is None else op.x.size
    if op.x is not None and op.x.ndim != 1:
        raise Untraceable("its input is no vector")
    return trace(op.fn, op.t is not None, size_in, 0 if op.output is None else op.output.size)


def _process(s: Translation, op: SimProcess) -> None:
    delayed = op.mode == "update"
    if op.input is not None:
        filt = linear_filter(op.process, s.model.dt, op.input.size)
        if filt is not None:
            name = s.built.name_of(op)
            params = {
                k: Param(s.unique(f"{name}.synapse.{k}"), v, s.built.owner(op), f"synapse.{k}")
                for k, v in filt.constants.items()
            }
            static = (filt.order, filt.advanced, delayed)
            new = s.add_op(op, filt.kernel, static, params=params, state=filt.state)
            new.synapse = op.process
            s.connect(new, op.input)
            s.emit(new, "out", op.output, delayed)
            return
    # Nengo gives every process an output; what one computes that nobody reads is nobody's concern.
    output = op.output if op.output.base in s.read_bases else None
    call = _call(s, op, None, op.process, True, op.input, output)
    _add_call(s, op, call, op.input, output, delayed)


def _pyfunc(s: Translation, op: SimPyFunc) -> None:
    call = _call(s, op, op.fn, None, op.t is not None, op.x, op.output)
    call.trace, call.untraced = s.traces.get(op), s.untraced.get(op, "")
    if call.trace is not None and op.x is not None:
        _add_traced(s, op, call, call.trace)
    else:
        _add_call(s, op, call, op.x, op.output, False)


def _add_traced(s: Translation, op: SimPyFunc, call: Call, traced: Trace) -> None:
    s.calls.append(call)
    params = {}
    if traced.constants.size:
        name = s.unique(f"{s.built.name_of(op)}.constants")
        params["constants"] = Param(name, split(traced.constants), call.owner, "constants")
    new: Op = s.add_op(op, "traced", (traced.code, call.size_out), params=params)
    new.traced = call
    s.connect(new, op.x)
    if traced.uses_time:
        clock = Wire.of_source(s.add_source(s.clock), s.clock.size)
        s.when_known(lambda: new.inputs.append(clock))
    s.emit(new, "out", op.output)


def _call(s, op, fn, process, takes_t, x, output) -> Call:
    return Call(
        fn,
        process,
        takes_t,
        x is not None,
        x.size if x is not None else 0,
        output.size if output is not None else 0,
        verdict(op),
        s.unique(f"{s.built.name_of(op)}()"),
        s.built.owner(op),
        op=op,
    )


def _add_call(s, op, call: Call, x: Signal | None, output: Signal | None, delayed: bool) -> None:
    s.calls.append(call)
    ahead = call.verdict.level == "pure" or call.trace is not None or not s.ordered
    ahead |= call.owner in s.fed
    if x is None and not delayed and ahead:
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


TRANSLATORS = {SimProcess: _process, SimPyFunc: _pyfunc}
