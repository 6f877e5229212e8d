"""Functions compiled by XLA where they are used; those that have one key are compiled once.

What XLA compiles for functions of TensorFlow's eager context stays until the process ends (5 MB
each and more), so what training compiles for a network has to serve when it is trained again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
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
        found = _apart(_made, fn, specs)
    _known[known] = found  # the newest is last
    while len(_known) > KEPT_FUNCTIONS:
        _known.popitem(last=False)
    return found


def forget() -> None:
    """Let go of the shared functions; what was made of them keeps them."""
    _known.clear()


def _apart(do: Callable[..., Any], *args: Any) -> Any:
    """Apart from the function that is being traced, which ends sooner, and from its tapes.

    On a thread of its own: ``tf.init_scope`` stops all tapes, also those of the gradients inside.
    """
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(do, *args).result()


def _made(fn: Callable[..., Any], args: tuple) -> Any:
    return tf.function(fn, jit_compile=True, autograph=False).get_concrete_function(*args)
