"""Where each array's shape comes from, and what is computed with it."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.transforms import Convolution, ConvolutionTranspose, NoTransform, Sparse

from nengolab.compiler.graph import Param
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import Names
from nengolab.parameters.keras_shapes import keras_equation, keras_shape, kernel_shape
from nengolab.parameters.rules import is_decoded

# x comes to the ensemble, y to its neurons directly.
_CURRENT = "J = encoders · x + gain · y + bias"

# What neurons compute with these. Currents and decoded values have no unit in Nengo; a spike lasts
# a step and is 1/dt high, so that activities are in Hz.
_EQUATIONS = {
    "encoders": (
        _CURRENT,
        "current for each unit of what is represented; unit encoders × gain / radius",
    ),
    "bias": (_CURRENT, "current; LIF neurons fire above 1"),
    "gain": (_CURRENT, "current for each unit of what the connection brings"),
    "tau_rc": ("tau_rc dV/dt = J - V", "s"),
    "tau_ref": ("no input counts for tau_ref after a spike", "s"),
    "tau_n": ("tau_n dn/dt = inc_n · a / dt - n", "s"),
    "amplitude": ("a = amplitude · rate", "height of a spike, relative to 1/dt"),
    "min_voltage": ("V ≥ min_voltage", "voltage; the threshold is 1"),
    "learning_rate": ("change in a step = learning_rate · dt · ...", ""),
}


def equation(param: Param) -> tuple[str, str]:
    """What is computed with an array, and its unit or meaning; empty where there is no more to say.

    Sources: Nengo's documentation of its neuron types and learning rules.
    """
    if param.role == "weights" and isinstance(param.owner, nengo.Connection):
        if isinstance(param.owner.transform, (Convolution, ConvolutionTranspose)):
            return "y = kernel * x", _of_input(param.owner)
        return "y = weights · x", _of_input(param.owner)
    if isinstance(param.owner, TensorNode):
        return keras_equation(param), ""
    return _EQUATIONS.get(param.role, ("", ""))


def _of_input(conn: nengo.Connection) -> str:
    spikes = isinstance(conn.pre_obj, Neurons) or is_decoded(conn)
    return "for each Hz of activity" if spikes else "for each unit of the input"


def why_shape(param: Param, names: Names) -> str:
    """Where the shape of an array comes from."""
    shape = tuple(np.shape(param.value))
    return f"{shape}: {_why(param, shape, names)}"


def _why(param: Param, shape: tuple[int, ...], names: Names) -> str:
    owner, role = param.owner, param.role
    if role == "gain" and isinstance(owner, nengo.Connection):
        return f"one for each of the {shape[0]} neurons that {names.get(owner)!r} ends at"
    if isinstance(owner, nengo.Connection) and role == "weights":
        return _weights(owner, shape, names)
    if isinstance(owner, nengo.Ensemble) and role == "encoders":
        if isinstance(owner.neuron_type, nengo.Direct):
            return f"the identity of the {owner.dimensions} dimensions of {names.get(owner)!r}"
        return (
            f"one row for each of the {owner.n_neurons} neurons of {names.get(owner)!r}, one "
            + ("column: " if owner.dimensions == 1 else "column for each of its ")
            + _count(owner.dimensions, "dimension")
        )
    if isinstance(owner, Neurons) and shape:
        return f"one for each of the {shape[0]} neurons of {names.get(owner.ensemble)!r}"
    if shape == ():
        return "one number for all"
    if isinstance(owner, TensorNode):
        return keras_shape(param, shape)
    return _count(int(np.prod(shape)), "number")


def _weights(conn: nengo.Connection, shape: tuple[int, ...], names: Names) -> str:
    if is_decoded(conn):
        return _decoders(conn, names)
    transform = conn.transform
    if isinstance(transform, Sparse):
        return f"one for each nonzero of a matrix {conn.size_out} x {conn.size_mid}"
    if isinstance(transform, (Convolution, ConvolutionTranspose)):
        per_group = f" (in each of {transform.groups} groups)" if _groups(transform) > 1 else ""
        return kernel_shape(shape, per_group)
    post, pre = (_end(conn, names, is_pre) for is_pre in (False, True))
    if shape == ():
        what = "the value" if conn.size_out == 1 else f"all {conn.size_out} values"
        return f"one number that scales {what} from {pre} to {post}"
    if len(shape) == 1:
        return f"one for each of the {shape[0]} values from {pre} to {post}: a diagonal"
    return f"{post} ({shape[0]}) x {pre} ({shape[1]})"


def _decoders(conn: nengo.Connection, names: Names) -> str:
    """Decoders, alone or multiplied with what comes after them."""
    pre = f"neurons of {names.get(conn.pre_obj)!r} ({conn.pre_obj.n_neurons})"
    post = _end(conn, names, False)
    if conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble):
        rows = f"neurons of {names.get(conn.post_obj)!r} ({conn.post_obj.n_neurons})"
        return f"{rows} x {pre}: encoders times transform times decoders"
    if isinstance(conn.transform, NoTransform):
        what = "decoded values" if conn.function is None else "values of the function"
        return f"{what} ({conn.size_mid}) x {pre}: decoders"
    return f"{post} ({conn.size_out}) x {pre}: transform times decoders"


def _end(conn: nengo.Connection, names: Names, pre: bool) -> str:
    obj, part = (conn.pre_obj, conn.pre_slice) if pre else (conn.post_obj, conn.post_slice)
    name = names.get(obj.ensemble if isinstance(obj, Neurons) else obj)
    kind = "neurons of " if isinstance(obj, Neurons) else ""
    some = "" if part == slice(None) else "part of "
    what = "function of " if pre and conn.function is not None else ""
    return f"{what}{some}{kind}{name!r}"


def _groups(transform: Any) -> int:
    return getattr(transform, "groups", 1)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
