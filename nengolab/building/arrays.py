"""Arrays as code: short where they are regular, by their numbers where they are few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nengolab.building.same import same

# Up to here, numbers are written in any case.
_FEW = 6
# What Python's own numbers are the same as.
_PYTHONS: Any = (np.bool_, np.int64, np.float64, np.complex128)


def number(value: Any, np_name: Callable[[], str]) -> str:
    """A number as Python writes it.

    Parameters
    ----------
    value : float, int, bool, complex or NumPy's
    np_name : callable
        Gives what NumPy is called.
    """
    if isinstance(value, _PYTHONS):
        value = value.item()
    if isinstance(value, np.generic):
        return f"{np_name()}.{value.dtype.name}({value.item()!r})"
    if isinstance(value, float) and not np.isfinite(value):
        name = f"{np_name()}.{'nan' if np.isnan(value) else 'inf'}"
        return f"-{name}" if value < 0 else name
    return repr(value)


def nested(value: np.ndarray, np_name: Callable[[], str]) -> str:
    """Brackets with the numbers of an array, or the number of an array without axes."""
    if value.ndim == 0:
        return number(value.item(), np_name)
    return f"[{', '.join(nested(part, np_name) for part in value)}]"


def array(value: np.ndarray, np_name: Callable[[], str], most: int, plain: bool) -> str | None:
    """The code of an array; None where it has more than ``most`` numbers and no rule.

    Parameters
    ----------
    value : ndarray
    np_name : callable
    most : int
    plain : bool
        Whether numbers in brackets become this very array where they are used.
    """
    if value.dtype.kind not in "fiub" or not value.dtype.isnative:
        return None
    if value.size > _FEW:
        for text, made in _regular(value, np_name):
            if same(made, value):
                return text
    if value.size > most:
        return None
    numbers = nested(value, np_name)
    usual = value.dtype == (np.float64 if value.dtype.kind == "f" else np.int64)
    kind = "" if usual else f", dtype={np_name()}.{value.dtype.name}"
    if value.dtype == bool:
        kind = ""
    order = "" if value.flags.c_contiguous else ', order="F"'
    if value.size == 0:
        shape = tuple(value.shape)
        kind = "" if value.dtype == np.float64 else f", dtype={np_name()}.{value.dtype.name}"
        return f"{np_name()}.zeros({shape}{kind})"
    if plain and not order:
        return numbers
    return f"{np_name()}.array({numbers}{kind}{order})"


def _regular(value: np.ndarray, np_name: Callable[[], str]) -> Iterator[tuple[str, np.ndarray]]:
    """What regular arrays look like of which this one may be."""
    if value.dtype != np.float64:
        return
    np_ = np_name()
    first = float(value.flat[0])
    shape = value.shape[0] if value.ndim == 1 else value.shape
    yield f"{np_}.zeros({shape})", np.zeros(shape)
    yield f"{np_}.ones({shape})", np.ones(shape)
    yield f"{np_}.full({shape}, {number(first, np_name)})", np.full(shape, first)
    if value.ndim == 2 and value.shape[0] == value.shape[1]:
        n = value.shape[0]
        yield f"{np_}.eye({n})", np.eye(n)
        yield f"{number(first, np_name)} * {np_}.eye({n})", first * np.eye(n)
    if value.ndim == 1 and np.isfinite(value).all():
        n, last = len(value), float(value[-1])
        yield f"{np_}.linspace({first!r}, {last!r}, {n})", np.linspace(first, last, n)
        if first == 0.0 and last == n - 1:
            yield f"{np_}.arange({n}.0)", np.arange(float(n))
