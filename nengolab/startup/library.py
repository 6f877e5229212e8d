"""Functions of TensorFlow's own library that its Python does not offer."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Any


def exported(name: str, *arguments: Any, result: Any = None) -> Any:
    """A function that TensorFlow's library exports, by the name that the linker knows.

    The name says what it takes, so whoever has the name takes what is given here. Python's lock is
    held while it runs.

    Raises
    ------
    NotImplementedError
        On a system of which it is not known that the library has it.
    AttributeError
        If the library does not have it.
    """
    function = getattr(_library(), name)
    function.restype, function.argtypes = result, list(arguments)
    return function


@cache
def _library() -> ctypes.PyDLL:
    import tensorflow as tf

    if not sys.platform.startswith("linux"):
        raise NotImplementedError(f"TensorFlow on {sys.platform} is not known to offer it")
    return ctypes.PyDLL(str(Path(tf.__file__).parent / "libtensorflow_cc.so.2"))
