"""What a value of any type is found to be, said so that type checkers know what it then holds.

Of an `isinstance` alone they take it that a list or a mapping holds what is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    """Whether it is a tuple."""
    return isinstance(value, tuple)


def is_list_or_tuple(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is one of the two."""
    return isinstance(value, list | tuple)


def is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a dict."""
    return isinstance(value, dict)


def is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it is a dict, or what is read like one."""
    return isinstance(value, Mapping)


def is_array(value: Any) -> TypeGuard[np.ndarray]:
    """Whether it is an array of NumPy."""
    return isinstance(value, np.ndarray)
