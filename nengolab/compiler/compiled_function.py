"""A program in a TensorFlow session of its own, so that what was compiled for it can be freed.

XLA's executables belong to the device that they were compiled for and live as long as it does. The
devices of TensorFlow's eager context end with the process, so each compiled network would stay in
memory for good (5 to 8 MB for one ensemble). A session has devices of its own, which go with it.
It is also the shorter way in: arrays go in and come out as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from nengolab.compiler.splitting import splitting

ALIGNMENT = 64  # bytes; TensorFlow copies what lies otherwise


class CompiledFunction:
    """A function of nested arrays, traced and compiled once.

    Parameters
    ----------
    run : callable
    arguments : tuple
        Nested arrays like those it will be given.
    device : str, optional
        TensorFlow device.
    parallel : bool
        Whether parts of it are to run beside each other; a session of its own it then has not.
    split : bool
        Whether XLA may split its operations over cores.
    """

    def __init__(
        self,
        run: Callable[..., Any],
        arguments: tuple,
        device: str | None,
        parallel: bool = False,
        split: bool = True,
    ):
        self._device, self._split, self._compiled = device, split, False
        specs = tf.nest.map_structure(lambda a: tf.TensorSpec(a.shape, a.dtype), arguments)
        # Traced as any function of TensorFlow's: in the graph of a session tensors are compared by
        # what they are, as before version 2 (``x == 0`` is False).
        with tf.device(device), _own_callbacks() as self._callbacks:
            function = tf.function(run, autograph=False).get_concrete_function(*specs)
        self._eager = function if parallel or function.captured_inputs else None
        if self._eager is None:
            self._start(function)

    def _start(self, function: Any) -> None:
        # The graph that was traced itself, not one that calls it: TensorFlow would take what is
        # called through all its optimizers, which cost as much as a quarter of what XLA takes.
        graph = function.graph
        given, structure = graph.inputs, function.structured_outputs
        wanted = tf.nest.flatten(structure)
        self._structure = tf.nest.map_structure(lambda t: None, structure)
        config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        # What XLA compiles is to be what was traced: to the last bit as without a session.
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        self._session = tf.compat.v1.Session(graph=graph, config=config)
        options = config_pb2.CallableOptions()
        options.feed.extend(t.name for t in given)
        options.fetch.extend(t.name for t in wanted)
        options.target.extend(op.name for op in graph.control_outputs)
        # On the calling thread: a session that ran two loops side by side was seen to stand still
        # (the cause was not found), and handing over costs time in every tile.
        options.run_options.inter_op_thread_pool = -1
        # The public make_callable looks at names and types in every call: ten times as long.
        self._call = self._session._make_callable_from_options(options)

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives, as NumPy arrays."""
        if self._compiled:
            return self._run(arguments)
        with splitting(self._split):
            result = self._run(arguments)
        self._compiled = True
        return result

    def _run(self, arguments: tuple) -> Any:
        if self._eager is not None:  # also where it holds a variable: no session can reach it
            with tf.device(self._device):
                return tf.nest.map_structure(np.asarray, self._eager(*_tensors(arguments)))
        return tf.nest.pack_sequence_as(self._structure, self._call(*tf.nest.flatten(arguments)))


_tracing = threading.RLock()


@contextmanager
def _own_callbacks() -> Iterator[list]:
    """Keep the Python functions that a trace calls back, which TensorFlow would keep for good.

    It keeps them with the outermost graph, which is one that never ends.
    """
    mine: list = []
    with tf.init_scope():
        graph = tf.compat.v1.get_default_graph()
    with _tracing:
        before = len(getattr(graph, "_py_funcs_used_in_graph", []))
        try:
            yield mine
        finally:
            every = getattr(graph, "_py_funcs_used_in_graph", [])
            new, every[before:] = every[before:], []
            for function in new:  # others may have been traced meanwhile, on other threads
                (mine if _is_ours(function) else every).append(function)


def _is_ours(function: Any) -> bool:
    """Whether a function that TensorFlow calls back was made by an emitter."""
    return str(getattr(function, "__module__", "")).startswith("nengolab.compiler.")


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy that TensorFlow takes as it lies."""
    array = np.asarray(array)
    room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    out = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


def _tensors(arguments: tuple) -> tuple:
    return tf.nest.map_structure(tf.constant, arguments)
