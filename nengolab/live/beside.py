"""What other branches had plotted: kept when one is left, shown beside the one that goes on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from .frames import TIMES, Packer
from .specs import StreamSpec, window_steps
from .thin import steps_per_pixel, thin_lines
from .tracks import Track, ValueTrack

MOST_BRANCHES = 16
MOST_BYTES = 64 * 2**20
# Of what a branch had plotted so many windows are shown, the last ones.
WINDOWS = 10

Rows = tuple[np.ndarray, np.ndarray]


class LeftBehind:
    """Rows of the lines of branches that are not run, newest left last."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Hashable, Rows]] = {}

    def leave(self, branch: str, tracks: Mapping[Hashable, Track]) -> None:
        """Keep what is plotted of a branch that is left."""
        self._rows.pop(branch, None)
        self.add(branch, rows_of(tracks))

    def add(self, branch: str, rows: Mapping[Hashable, Rows]) -> None:
        """Keep more of a branch that is not run."""
        self._rows[branch] = {**self._rows.pop(branch, {}), **rows}
        while len(self._rows) > 1 and (len(self._rows) > MOST_BRANCHES or self.nbytes > MOST_BYTES):
            del self._rows[next(iter(self._rows))]

    def rows(self, branch: str) -> Mapping[Hashable, Rows]:
        """Give what is kept of a branch, by the key of its track."""
        return self._rows.get(branch, {})

    def clear(self) -> None:
        """Forget all of it."""
        self._rows = {}

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(
            steps.nbytes + rows.nbytes
            for kept in self._rows.values()
            for steps, rows in kept.values()
        )


def rows_of(tracks: Mapping[Hashable, Track]) -> dict[Hashable, Rows]:
    """Copy what is kept of lines."""
    return {key: track.rows() for key, track in tracks.items() if isinstance(track, ValueTrack)}


def pack_beside(
    kept: Mapping[Hashable, Rows], specs: list[StreamSpec], width: int, dt: float
) -> tuple[list[dict[str, Any]], bytes]:
    """Lay out what is kept for some panels as a frame does: entries, and their buffer."""
    packer = Packer()
    panels: list[dict[str, Any]] = []
    for spec in specs:
        steps, rows = kept.get(spec.key, (np.zeros(0, np.int64), np.zeros((0, 0))))
        if not len(steps):
            continue
        last = int(steps[-1])
        earliest = last - WINDOWS * window_steps(spec, dt)
        first = int(np.count_nonzero(steps < earliest))
        thin_steps, thin_rows = thin_lines(
            steps[first:], rows[first:], steps_per_pixel(spec.window, width, dt)
        )
        start = float(steps[first]) * dt
        times = (thin_steps * dt - start).astype(np.float32)
        panels.append(
            {
                "id": spec.id,
                "rev": spec.rev,
                "t0": start,
                "t1": last * dt,
                "arrays": [packer.add(TIMES, times), packer.add("y", thin_rows)],
            }
        )
    return panels, packer.buffer()
