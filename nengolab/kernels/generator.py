"""Random numbers as a function: a key and a counter give a number, in whatever order.

Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC'11). It is additions, rotations and exclusive ors of 32-bit words, so it runs element
by element inside a compiled loop.

Each operation and batch item has a state of four words: a key, and how many steps were drawn. Of
these comes the key of a step; with it, element ``i`` and draw ``d`` of the step are the counter.
So a number depends on nothing but the operation, the batch item, the step, the element and the
draw, not on what else runs with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.kernels.base import GroupLayout

WORDS = 4
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry(key: tuple, counter: tuple) -> tuple:
    """Two words of 32 random bits for a key and a counter of two words each (uint32 tensors)."""
    keys = (*key, key[0] ^ key[1] ^ _word(_PARITY))
    x0, x1 = counter[0] + keys[0], counter[1] + keys[1]
    for block in range(5):
        for rotation in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = _rotated(x1, rotation) ^ x0
        x0 = x0 + keys[(block + 1) % 3]
        x1 = x1 + keys[(block + 2) % 3] + _word(block + 1)
    return x0, x1


def seeded(seed: int, item: int, identity: tuple[int, ...]) -> np.ndarray:
    """The generator's state at time 0.

    Parameters
    ----------
    seed : int
        Of the simulator.
    item : int
        Place in the batch.
    identity : tuple of int
        What tells this operation from others.
    """
    words = np.random.SeedSequence([seed, item, *identity]).generate_state(2, np.uint32)
    return np.concatenate([words, np.zeros(2, np.uint32)])


class Draws:
    """The random numbers of one step of one group.

    Parameters
    ----------
    state : tensor of uint32
        Packed, ``WORDS`` to a member and batch item.
    layout : GroupLayout
    size : int
        Elements of a member.
    """

    def __init__(self, state: Any, layout: GroupLayout, size: int):
        words = [layout.element(state, i) for i in range(WORDS)]
        self._key = threefry((words[0], words[1]), (words[2], words[3]))
        index = np.arange(size, dtype=np.uint32)
        self._index = tf.constant(index[None, :, None] if layout.last else index[None, None])
        low = words[2] + _word(1)
        high = words[3] + tf.where(low == _word(0), _word(1), _word(0))
        self.state = tf.concat([words[0], words[1], low, high], axis=1 if layout.last else 2)

    def words(self, draw: Any) -> tuple:
        """Two words for every element."""
        return threefry(self._key, (self._index, tf.cast(draw, tf.uint32)))

    def single(self, draw: Any) -> Any:
        """Uniform on ``[0, 1)`` in single precision, with 32 bits where it is small."""
        high, _ = self.words(draw)
        return tf.cast(high, tf.float32) * np.float32(2.0**-32)

    def double(self, draw: Any) -> Any:
        """Uniform on ``(0, 1)`` in double precision, 52 bits."""
        return _double(*self.words(draw))

    def doubles(self, draws: list) -> Any:
        """Several such, along a first axis."""
        first = tf.reshape(tf.stack(draws), (-1, *[1] * len(self._index.shape)))
        return _double(*self.words(first))


def _double(high: Any, low: Any) -> Any:
    high = tf.cast(tf.bitwise.right_shift(high, _word(6)), tf.float64)
    low = tf.cast(tf.bitwise.right_shift(low, _word(6)), tf.float64)
    return (high * 2.0**26 + low + 0.5) * 2.0**-52


def _rotated(x: Any, by: int) -> Any:
    return tf.bitwise.left_shift(x, _word(by)) | tf.bitwise.right_shift(x, _word(32 - by))


def _word(value: int) -> Any:
    return tf.constant(value, tf.uint32)
