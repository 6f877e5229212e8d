"""Whether two values are the same to the last bit, type and all."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np
import scipy.sparse
from nengo.params import FrozenObject, Parameter
from nengo.transforms import ChannelShape

from nengolab.bytecode import same_code

_PLAIN = (str, bytes, bool, int, type(None), slice, range, complex)


def same(a: Any, b: Any) -> bool:
    """Whether nothing can tell ``a`` and ``b`` apart; where that is not known, they are not.

    Functions, layers and other objects are the same where they are one.
    """
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, float | np.generic):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    if isinstance(a, _PLAIN):
        return bool(a == b)
    if isinstance(a, np.ndarray):
        return _same_arrays(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Mapping):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if scipy.sparse.issparse(a):
        first, second = a.tocoo(), b.tocoo()
        parts = ("shape", "row", "col", "data")
        return all(same(getattr(first, p), getattr(second, p)) for p in parts)
    if isinstance(a, FrozenObject | ChannelShape):
        return same(parts_of(a), parts_of(b))
    return False


def parts_of(value: Any) -> dict[str, Any]:
    """All that an object of Nengo's holds: its parameters, and what is worked out of them."""
    params = sorted(getattr(value, "_paramdict", ()))
    held = {name: getattr(value, name) for name in params}
    # What a parameter is on each object is not its own.
    data = {"data"} if isinstance(value, Parameter) else set()
    own = sorted(name for name in vars(value).keys() - data if not name.startswith("_"))
    return held | {name: getattr(value, name) for name in own}


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return False
    if a.dtype.hasobject:
        return all(map(same, a.ravel().tolist(), b.ravel().tolist()))
    # Sums are made in another order where the axes lie in another one.
    ways = [(x.flags.c_contiguous, x.flags.f_contiguous) for x in (a, b)]
    return a.tobytes() == b.tobytes() and (a.size < 2 or ways[0] == ways[1])


def does_the_same(a: CodeType, b: CodeType) -> bool:
    """Whether two pieces of byte code do the same, with constants that are the same."""
    return same_code(a, b, lambda x, y: same(x, y) or (isinstance(x, frozenset) and x == y))
