"""Functions compiled by XLA where they are used; those that have one key are compiled once.

What XLA compiles for functions of TensorFlow's eager context stays until the process ends (5 MB
each and more), so what training compiles for a network has to serve when it is trained again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf

# Functions that are kept for networks that may be trained again.
KEPT_FUNCTIONS = 64
_known: OrderedDict[tuple[Hashable, str], Any] = OrderedDict()


def compiled(fn: Callable[..., Any], *args: Any, key: Hashable = None) -> Any:
    """``fn`` as a function that XLA compiles for arguments like ``args``.

    A concrete function, made where it is used: TensorFlow would take a function that is traced
    once for each network for one that is traced again and again, and warn.

    Parameters
    ----------
    fn : callable
    *args : nested tensors
    key : hashable, optional
        Says all that ``fn`` does besides what its arguments' shapes say. What is made for one key
        is given again for it; None shares nothing.
    """
    if key is None:
        return _made(fn, args)
    specs = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), args)
    known = (key, str(specs))
    found = _known.pop(known, None)
    if found is None:
        with tf.init_scope():  # apart from the function it is first used in, which ends sooner
            found = _made(fn, specs)
    _known[known] = found  # the newest is last
    while len(_known) > KEPT_FUNCTIONS:
        _known.popitem(last=False)
    return found


def forget() -> None:
    """Let go of the shared functions; what was made of them keeps them."""
    _known.clear()


def _made(fn: Callable[..., Any], args: tuple) -> Any:
    return tf.function(fn, jit_compile=True, autograph=False).get_concrete_function(*args)
