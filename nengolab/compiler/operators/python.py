"""Python in the network: Nodes' and connections' functions, and processes; synapses among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.node import SimPyFunc
from nengo.builder.processes import SimProcess
from nengo.builder.signal import Signal

from nengolab.compiler import independence
from nengolab.compiler.graph import Call, Input, Param, Wire
from nengolab.compiler.signals import elements
from nengolab.kernels.synapses import linear_filter

if TYPE_CHECKING:
    from nengolab.compiler.simplify import Simplifier


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


def _process(s: Simplifier, op: SimProcess) -> None:
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
    # Nengo gives every process an output; what one computes that nobody reads is nobody's concern.
    output = op.output if op.output.base in s.read_bases else None
    call = _call(s, op, None, op.process, True, op.input, output)
    _add_call(s, op, call, op.input, output, delayed)


def _pyfunc(s: Simplifier, op: SimPyFunc) -> None:
    call = _call(s, op, op.fn, None, op.t is not None, op.x, op.output)
    _add_call(s, op, call, op.x, op.output, False)


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


TRANSLATORS = {SimProcess: _process, SimPyFunc: _pyfunc}
