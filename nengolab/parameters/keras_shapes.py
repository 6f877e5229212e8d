"""Where the shapes of a Keras layer's variables come from, and what is computed with them."""

from __future__ import annotations

from typing import Any

from nengolab.compiler.graph import Param

# By the names of Keras's classes: importing Keras here would load TensorFlow.
_DENSE = ("Dense",)
_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")


def kernel_shape(shape: tuple[int, ...], per_group: str = "") -> str:
    """Where the shape ``(*places, channels, filters)`` of a convolution's kernel comes from."""
    *places, channels, filters = shape
    size = " x ".join(map(str, places))
    return (
        f"a kernel of {size}, {_count(channels, 'input channel')}{per_group}, "
        f"{_count(filters, 'filter')}: shared by all places, so its size does not depend on the "
        "image's"
    )


def keras_shape(param: Param, shape: tuple[int, ...]) -> str:
    """Where the shape of a variable in a TensorNode comes from."""
    layer, last = _holder(param), param.role.rsplit(".", 1)[-1]
    kind = type(layer).__name__
    if kind in _DENSE and last == "kernel":
        return (
            f"{_count(shape[0], 'input')} x {_count(shape[1], 'output')}; weights of a Nengo "
            "connection are the other way round"
        )
    if kind in _CONVOLUTIONS and last == "kernel":
        groups = layer.groups
        return kernel_shape(shape, f" (in each of {groups} groups)" if groups > 1 else "")
    if last == "bias" and kind in _DENSE + _CONVOLUTIONS:
        what = "output" if kind in _DENSE else "filter"
        shared = "" if kind in _DENSE else ", shared by all places"
        return f"one for each of the {_count(shape[0], what)}{shared}"
    return f"as the Keras layer {kind} made it"


def keras_equation(param: Param) -> str:
    """What is computed with a variable in a TensorNode; empty where there is no more to say."""
    layer, last = _holder(param), param.role.rsplit(".", 1)[-1]
    kind = type(layer).__name__
    if last not in ("kernel", "bias") or kind not in _DENSE + _CONVOLUTIONS:
        return ""
    product = "x · kernel" if kind in _DENSE else "kernel * x"
    linear = f"{product} + bias" if layer.use_bias else product
    activation = getattr(layer.activation, "__name__", "activation")
    return f"y = {linear}" if activation == "linear" else f"y = {activation}({linear})"


def _holder(param: Param) -> Any:
    """The innermost layer that holds a variable."""
    function = param.owner.output
    variable = function.variables().get(param.role)
    holders = [
        layer
        for layer in function.layer._flatten_layers()
        if any(variable is v for v in layer.variables)
    ]
    return min(holders, key=lambda layer: len(layer.variables), default=function.layer)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
