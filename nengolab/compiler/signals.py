"""Nengo's signals and the views of them, as places in a flat array."""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.builder.signal import Signal


def elements(signal: Signal) -> np.ndarray:
    """Flat places in its base that a signal or view occupies, in its own order."""
    if not signal.is_view:
        return np.arange(signal.size, dtype=np.int64)
    at = np.full(signal.shape, signal.elemoffset, dtype=np.int64)
    for axis, (n, stride) in enumerate(zip(signal.shape, signal.elemstrides, strict=True)):
        shape = [1] * signal.ndim
        shape[axis] = n
        at = at + (np.arange(n) * stride).reshape(shape)
    return at.ravel()


def sliced(flat: np.ndarray, shape: tuple, sl: Any) -> np.ndarray:
    """Those of the places ``flat`` of an array of ``shape`` that ``sl`` picks, in its shape."""
    places = flat.reshape(shape)
    return places if sl is None else places[sl]
