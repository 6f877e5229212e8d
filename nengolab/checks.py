"""What must be there: arguments that are numbers of a kind, and a library that few need."""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError


def whole(value: Any, attr: str, least: int, obj: Any = None) -> int:
    """``value`` as an int from ``least`` up.

    Raises
    ------
    ValidationError
        For anything else, a boolean or a text included.
    """
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        finite = isinstance(value, int) or np.isfinite(value)  # it knows 64 bits only
        if finite and int(value) == value and value >= least:
            return int(value)
    raise ValidationError(
        f"must be a whole number from {least} up, got {value!r}", attr=attr, obj=obj
    )


def seconds(value: Any, attr: str, positive: bool = False, obj: Any = None) -> float:
    """``value`` as a finite number of seconds, not negative.

    Raises
    ------
    ValidationError
        For anything else; with ``positive`` for 0 too.
    """
    try:
        found = float("nan") if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not np.isfinite(found) or found < 0 or (positive and found == 0):
        least = "above 0" if positive else "from 0 up"
        raise ValidationError(
            f"must be a number of seconds {least}, got {value!r}", attr=attr, obj=obj
        )
    return found


def assigned(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What ``out[...] = value`` puts into an array of ``shape``.

    NumPy repeats what is too short, and takes axes of length 1 away that are too many in front:
    ``(1, n)`` and ``(1, 1)`` fit where ``(n,)`` is expected, ``(n, 1)`` does not.

    Raises
    ------
    ValueError
        Where it does not fit.
    """
    surplus = value.ndim - len(shape)
    if surplus > 0 and value.shape[:surplus] == (1,) * surplus:
        value = value.reshape(value.shape[surplus:])
    return np.broadcast_to(value, shape)


def table_library(what: str, instead: str = "") -> Any:
    """The module ``pandas``, which tables are made with.

    Parameters
    ----------
    what : str
        What asks for it.
    instead : str
        What serves without it.

    Raises
    ------
    ImportError
        Where it is not installed; it says how to install it.

    Examples
    --------
    >>> table_library("to_pandas").DataFrame({"a": [1, 2]}).shape
    (2, 1)
    """
    try:
        import pandas
    except ImportError as error:
        hint = f". {instead}" if instead else ""
        raise ImportError(
            f"{what} needs pandas, which is not installed: pip install pandas{hint}"
        ) from error
    return pandas
