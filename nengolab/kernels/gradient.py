"""`tf.custom_gradient` for functions that are traced again and again.

TensorFlow enters each gradient that is met in a graph in a registry that never ends, and with it
the whole graph. Here the entry lasts as long as its graph.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

_ATTRIBUTE = "_gradient_op_type"  # by which an operation names its entry


def custom_gradient(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of its own, as `tf.custom_gradient` does.

    Parameters
    ----------
    fn : callable
        ``fn(*tensors) -> (values, gradient)``.
    """
    decorated = tf.custom_gradient(fn)

    @functools.wraps(fn)
    def run(*args: Any) -> Any:
        values = decorated(*args)
        first = tf.nest.flatten(values)[0]
        if not tf.executing_eagerly():
            _tie(first.op.get_attr(_ATTRIBUTE).decode(), first.graph)
        return values

    return run


class _Tied:
    """A gradient that somebody else keeps."""

    def __init__(self, gradient: Callable[..., Any]):
        self._gradient = weakref.ref(gradient)

    def __call__(self, operation: Any, *upstream: Any) -> Any:
        gradient = self._gradient()
        if gradient is None:
            raise RuntimeError(f"the function in which {operation.name} was traced is gone")
        return gradient(operation, *upstream)


def tie_gradients() -> None:
    """The same for what others put into the function that is being traced, as optimizers do."""
    graph = tf.compat.v1.get_default_graph()
    for operation in [] if tf.executing_eagerly() else graph.get_operations():
        if operation.type == "IdentityN" and _ATTRIBUTE in operation.node_def.attr:
            _tie(operation.get_attr(_ATTRIBUTE).decode(), graph)


def _tie(name: str, graph: Any) -> None:
    """Let the outermost function's graph own the entry ``name`` of the registry.

    Not the graph itself: TensorFlow may copy that of a loop's body, and drop it.
    """
    while hasattr(getattr(graph, "outer_graph", None), "outer_graph"):
        graph = graph.outer_graph
    entries = ops.gradient_registry._registry
    gradient = entries[name]["type"]
    if not name.startswith("CustomGradient") or isinstance(gradient, _Tied):
        return
    entries[name]["type"] = _Tied(gradient)
    weakref.finalize(gradient, entries.pop, name, None).atexit = False
    graph._nengolab_gradients = [*getattr(graph, "_nengolab_gradients", []), gradient]
