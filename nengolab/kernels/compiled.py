"""Functions compiled by XLA where they are used."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def compiled(fn: Any, *args: Any) -> Any:
    """``fn`` as a function that XLA compiles for arguments like ``args``.

    A concrete function, made where it is used: TensorFlow would take a function that is traced
    once for each network for one that is traced again and again, and warn.
    """
    return tf.function(fn, jit_compile=True, autograph=False).get_concrete_function(*args)
