"""One frame: a JSON-able header and one buffer for all panels of a listener."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = list[tuple[str, np.ndarray]]

ALIGN = 8
# The array of instants: it travels as single-precision seconds after the ``t0`` of its panel.
TIMES = "t"
# Names of types, and the types little endian: NumPy takes longer to say them than to copy arrays.
_NAMES: dict[np.dtype, tuple[str, np.dtype]] = {}


@dataclass(frozen=True)
class Frame:
    """What a listener receives.

    Attributes
    ----------
    header : dict
        ``type, seq, state, time, n_steps, rtf, speed, returning, note, clear, error,
        credit, round_trip, panels``; each panel says which arrays it has and where they lie
        in the buffer.
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

    def has(self, panel_id: str) -> bool:
        """Whether the frame holds arrays of a panel."""
        return any(panel["id"] == panel_id for panel in self.header["panels"])

    def arrays(self, panel_id: str) -> dict[str, np.ndarray]:
        """Return the arrays of one panel, by name; ``t`` in seconds of simulated time.

        Raises
        ------
        KeyError
            When the frame does not hold that panel.
        """
        for panel in self.header["panels"]:
            if panel["id"] == panel_id:
                arrays = {a["name"]: self._view(a) for a in panel["arrays"]}
                if TIMES in arrays:
                    arrays[TIMES] = arrays[TIMES].astype(np.float64) + panel["t0"]
                return arrays
        raise KeyError(f"no panel {panel_id!r} in frame {self.seq}")

    def _view(self, entry: dict[str, Any]) -> np.ndarray:
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        count = math.prod(entry["shape"])
        flat = np.frombuffer(self.buffer, dtype, count, entry["offset"])
        return flat.reshape(entry["shape"])


class Packer:
    """Lays arrays one after another into a buffer, and notes where."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, name: str, array: np.ndarray) -> dict[str, Any]:
        """Append one array and return its entry for the header."""
        kind = array.dtype
        if kind not in _NAMES:
            _NAMES[kind] = (kind.name, kind.newbyteorder("<"))
        plain, little = _NAMES[kind]
        data = array.astype(little, copy=False).tobytes()
        gap = -self._length % ALIGN
        entry = {
            "name": name,
            "dtype": plain,
            "shape": list(array.shape),
            "offset": self._length + gap,
        }
        if gap:
            self._parts.append(bytes(gap))
        self._parts.append(data)
        self._length += gap + len(data)
        return entry

    def buffer(self) -> bytes:
        """All that was added."""
        return b"".join(self._parts)
