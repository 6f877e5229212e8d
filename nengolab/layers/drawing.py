"""Random functions of TensorFlow and Keras inside a TensorNode, drawn from the simulator's seed.

``tf.random.normal`` and its kin keep a state in TensorFlow that nobody can set, save or run twice.
So while a TensorNode's function is traced, each of them is replaced by the stateless function of
the same distribution. Its key is made of the simulator's seed, the node, the place of the draw in
the function, the step, the first item of the batch and, in training, the number of the batch. The
numbers depend on nothing else, and a step that is computed again for its gradient draws what it
drew before. A draw with a seed of its own (``tf.random.normal(..., seed=1)``) has that in place of
the simulator's seed and the node. ``keras.random`` without a seed is given a generator of this key.
For one key, XLA draws other numbers than TensorFlow without it, so a compiled loop (a feedback
path, ``schedule="stepped"``) has others than steps that are not compiled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR, global_seed_generator
from tensorflow.python.framework import op_callbacks
from tensorflow.python.ops.control_flow_v2_func_graphs import CondBranchFuncGraph

from nengolab.clock import CLOCK_BASE

# Words of a key in a program's series: the step (two), the item, the seed (two), the batch. Each is
# a whole number below 2 ** 24, which single precision holds.
WORDS, BATCH_WORD = 6, 5
_WORD = 1 << 24
_ITEMS = 1 << 20
_SPREAD = 0x9E3779B97F4A7C15 - (1 << 64)  # of the golden ratio: apart from all small numbers


def words(done: int, n_steps: int, batch: int, seed: int) -> np.ndarray:
    """The keys of the steps after ``done``, ``(n_steps, batch, WORDS)``."""
    found = np.zeros((n_steps, batch, WORDS))
    steps = np.arange(done + 1, done + n_steps + 1)[:, None]
    found[..., 0], found[..., 1] = np.divmod(steps, CLOCK_BASE)
    found[..., 2] = np.arange(batch)
    found[..., 3:5] = np.random.SeedSequence(seed).generate_state(2) % _WORD
    return found


def in_batch(series: Any, number: Any) -> Any:
    """The keys ``(steps, batch, WORDS)`` of the batch of this number (a tensor)."""
    own = tf.one_hot(BATCH_WORD, WORDS, dtype=series.dtype)
    return series + own * tf.cast(number % _WORD, series.dtype)


@dataclass(frozen=True)
class Key:
    """What the draws of one call depend on.

    Attributes
    ----------
    at, seed : tensor of int64
        When and for whom; the simulator's seed.
    """

    at: Any
    seed: Any

    @classmethod
    def of(cls, row: Any) -> Key:
        """The key in a row of `words`."""
        w = tf.cast(row, tf.int64)
        at = (w[0] * CLOCK_BASE + w[1]) * _ITEMS + w[2] + w[BATCH_WORD] * _SPREAD
        return cls(at, w[3] * _WORD + w[4])

    @classmethod
    def fixed(cls) -> Key:
        """A key where the numbers do not matter."""
        return cls(tf.constant(0, tf.int64), tf.constant(0, tf.int64))

    def drawn_with(self, identity: str, seeded: bool) -> Any:
        """The seed of one stateless draw."""
        digest = hashlib.blake2b(identity.encode(), digest_size=8).digest()
        place = tf.constant(int.from_bytes(digest, "little", signed=True), tf.int64)
        return tf.stack([self.at + place, self.seed if seeded else tf.zeros_like(self.seed)])


# The stateless function for each operation with a state, of ``(inputs, seed, dtype)``.
_STATELESS: dict[str, Callable[..., Any]] = {
    "RandomStandardNormal": lambda x, s, d: tf.random.stateless_normal(x[0], s, dtype=d),
    "RandomUniform": lambda x, s, d: tf.random.stateless_uniform(x[0], s, dtype=d),
    "RandomUniformInt": lambda x, s, d: tf.random.stateless_uniform(x[0], s, x[1], x[2], d),
    "TruncatedNormal": lambda x, s, d: tf.random.stateless_truncated_normal(x[0], s, dtype=d),
    "RandomGamma": lambda x, s, d: tf.random.stateless_gamma(_of_each(x), s, x[1], dtype=d),
    "RandomPoissonV2": lambda x, s, d: tf.random.stateless_poisson(_of_each(x), s, x[1], dtype=d),
    "Multinomial": lambda x, s, d: tf.random.stateless_categorical(x[0], x[1], s, dtype=d),
    "RandomShuffle": lambda x, s, d: tf.random.experimental.stateless_shuffle(x[0], s),
}


def _of_each(inputs: tuple) -> Any:
    """Shape of so many draws for each element of a parameter."""
    return tf.concat([inputs[0], tf.shape(inputs[1], out_type=inputs[0].dtype)], axis=0)


_for_replicas: list[Any] = []


def keras_state() -> Any:
    """The variable of Keras's own generator, which Keras makes when it is first asked for.

    Keras keeps one for each thread. The replicas of a strategy are threads that may make no
    variables, so they share the one that was there when the strategy was given.
    """
    if tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
        if global_state.get_global_attribute(GLOBAL_SEED_GENERATOR) is None:
            global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, _for_replicas[-1])
        return global_seed_generator().state
    with tf.init_scope():  # a function that is traced may make no variables
        return global_seed_generator().state


def ready_for_replicas() -> None:
    """Make Keras's own generator, before there are replicas."""
    keras_state()
    _for_replicas[:] = [global_seed_generator()]


class Drawing:
    """The draws of one call, while it is traced.

    Parameters
    ----------
    key : Key
    identity : str
        What tells the node from others.

    Attributes
    ----------
    left : set of str
        Operations that could not be replaced.
    """

    def __init__(self, key: Key, identity: str):
        self._key, self._identity, self._count = key, identity, 0
        self._home = tf.compat.v1.get_default_graph()
        self.left: set[str] = set()
        state = keras_state()
        seed = key.drawn_with(f"{identity} keras.random", seeded=True)
        start = tf.random.stateless_uniform((2,), seed, 0, 2**31 - 1, tf.int64)
        # Of Keras's own generator, for a scope in which variables have other values.
        self.mapping = (state, tf.cast(start, state.dtype))
        self._drawn_by_keras = False

    @property
    def any(self) -> bool:
        """Whether something was drawn."""
        return bool(self._count or self.left or self._drawn_by_keras)

    def look_at(self, scope: Any) -> None:
        """Note what was drawn by ``keras.random`` inside a stateless scope."""
        state, start = self.mapping
        now = scope.get_current_value(state)
        self._drawn_by_keras = now is not start
        traced = self._drawn_by_keras and not tf.executing_eagerly()
        if traced and not self._belongs(now.graph):
            self.left.add("keras.random")

    def replaced(self, op_type, inputs, attrs, outputs, op_name=None, graph=None):
        """Called by TensorFlow for each operation: what it is to put out instead, or None."""
        own = dict(zip(attrs[::2], attrs[1::2], strict=True)) if graph is not None else {}
        if not {"seed", "seed2"} <= own.keys():
            return None
        if op_type not in _STATELESS or not self._belongs(graph):
            self.left.add(op_type)
            return None
        seeds = own["seed"].i, own["seed2"].i
        if any(seeds):
            seed = self._key.drawn_with(str(seeds), seeded=False)
        else:
            seed = self._key.drawn_with(f"{self._identity} {self._count}", seeded=True)
        self._count += 1
        y = _STATELESS[op_type](inputs, seed, outputs[0].dtype)
        y.set_shape(outputs[0].shape)
        return [y]

    def _belongs(self, graph: Any) -> bool:
        """Whether what is in ``graph`` runs once a call: in no loop, and no ``tf.function``.

        A ``tf.function`` keeps what was traced, and this key with it, for other calls.
        """
        while graph is not self._home and isinstance(graph, CondBranchFuncGraph):
            graph = graph.outer_graph
        return graph is self._home


@contextmanager
def drawing(key: Key, identity: str) -> Iterator[Drawing]:
    """Inside, while a graph is made, random functions draw with this key.

    Those of ``keras.random`` do so in a stateless scope that has the `Drawing`'s ``mapping``.
    Where nothing is traced (``run_eagerly``) those of TensorFlow go by TensorFlow's own state.
    """
    graph = tf.compat.v1.get_default_graph()
    draws = Drawing(key, identity)
    if tf.executing_eagerly():
        yield draws
        return
    # With a seed of the process, draws without one of their own would look as if they had one.
    seed, graph.seed = graph.seed, None
    op_callbacks.add_op_callback(draws.replaced)
    try:
        yield draws
    finally:
        op_callbacks.remove_op_callback(draws.replaced)
        graph.seed = seed


def call_function(func: Any, given: list, key: Key, identity: str) -> tuple[Any, Drawing]:
    """Call a plain function on tensors, in a graph."""
    found: list[Drawing] = []

    def inside(*given: Any) -> Any:
        with drawing(key, identity) as draws:
            with keras.StatelessScope(state_mapping=[draws.mapping]) as scope:
                y = python(*given)
            draws.look_at(scope)
            found.append(draws)
            return y

    python = func
    if isinstance(func, tf.types.experimental.PolymorphicFunction):
        # Traced anew, with control flow in Python as it would be: it would keep the key.
        python = func.python_function
        return tf.function(inside)(*given), found[-1]
    return inside(*given), found[-1]
