"""TensorNodes: functions on tensors, and Keras layers whose variables are parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nengolab.compiler.graph import Graph, Param, Wire
from nengolab.kernels.tensor import may_draw
from nengolab.layers.tensor_node import SimTensorFunction

if TYPE_CHECKING:
    from nengolab.compiler.translation import Translation


@dataclass(eq=False)
class LayerParam(Param):
    """A variable of a Keras layer inside a TensorNode.

    Attributes
    ----------
    variable : keras.Variable
        Says whether it is trainable. Its value is where parameters start from; it changes only
        when `put_back` says so.
    """

    variable: Any = None


def put_back(
    graph: Graph,
    value: Callable[[Param], np.ndarray],
    nodes: Collection[Any] | None = None,
) -> None:
    """Give the Keras layers of TensorNodes the values that their parameters have by now.

    Parameters
    ----------
    graph : Graph
    value : callable
        Current value of a parameter.
    nodes : collection of TensorNode, optional
        Default: all.
    """
    for op in graph.ops:
        if op.kernel != "tensor" or (nodes is not None and op.owner not in nodes):
            continue
        for param in op.params.values():
            assert isinstance(param, LayerParam)
            shape = tuple(param.variable.shape)
            param.variable.assign(np.reshape(value(param), shape).astype(param.variable.dtype))


def _tensor_function(s: Translation, op: SimTensorFunction) -> None:
    name, owner = s.built.name_of(op), s.built.owner(op)
    params = {}
    for role, variable in op.fn.variables().items():
        if id(variable) not in s.layer_params:
            initial = np.asarray(op.initial[role])
            value = initial.astype(np.float64) if initial.dtype.kind == "f" else initial
            param = LayerParam(
                s.unique(f"{name}.{role}"),
                value,
                owner,
                role,
                trainable=bool(variable.trainable),
                variable=variable,
            )
            s.layer_params[id(variable)] = param
        params[role] = s.layer_params[id(variable)]
    identity = name if may_draw(op.fn) else ""
    new = s.add_op(op, "tensor", (op.fn, len(s.ops), identity), params=params)
    if op.x is not None:
        s.connect(new, op.x)
    if op.fn.pass_time:
        clock = Wire.of_source(s.add_source(s.clock), s.clock.size)
        s.when_known(lambda: new.inputs.append(clock))
    if identity:
        key = Wire.of_source(s.add_source(s.draws), s.draws.size)
        s.when_known(lambda: new.inputs.append(key))
    s.emit(new, "out", op.output)


TRANSLATORS = {SimTensorFunction: _tensor_function}
