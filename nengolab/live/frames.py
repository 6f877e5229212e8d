"""One frame: a JSON-able header and one buffer for all plots of a listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ALIGN = 8


@dataclass(frozen=True)
class Frame:
    """What a listener receives.

    Attributes
    ----------
    header : dict
        ``type, seq, state, time, n_steps, rtf, speed, clear, error, plots``; each
        plot says which arrays it has and where they lie in the buffer.
    buffer : bytes
        All arrays, little endian, each starting on a multiple of 8 bytes.
    """

    header: dict[str, Any]
    buffer: bytes

    @property
    def seq(self) -> int:
        """Number to acknowledge."""
        return self.header["seq"]

    @property
    def time(self) -> float:
        """Simulated time (s) up to which the frame shows."""
        return self.header["time"]

    def arrays(self, plot_id: str) -> dict[str, np.ndarray]:
        """Return the arrays of one plot, by name, as read-only views of the buffer.

        Raises
        ------
        KeyError
            When the frame does not hold that plot.
        """
        for plot in self.header["plots"]:
            if plot["id"] == plot_id:
                return {a["name"]: self._view(a) for a in plot["arrays"]}
        raise KeyError(f"no plot {plot_id!r} in frame {self.seq}")

    def _view(self, entry: dict[str, Any]) -> np.ndarray:
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"]))
        flat = np.frombuffer(self.buffer, dtype, count, entry["offset"])
        return flat.reshape(entry["shape"])


class Packer:
    """Lays arrays one after another into a buffer, and notes where."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, name: str, array: np.ndarray) -> dict[str, Any]:
        """Append one array and return its entry for the header."""
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        gap = -self._length % ALIGN
        entry = {
            "name": name,
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "offset": self._length + gap,
        }
        self._parts += [bytes(gap), little.tobytes()]
        self._length += gap + little.nbytes
        return entry

    def buffer(self) -> bytes:
        """All that was added."""
        return b"".join(self._parts)
