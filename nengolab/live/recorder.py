"""Recent full-rate data of what is plotted: at least a minute, bounded in bytes.

Listeners hold no data of their own, only the step up to which they were served;
all of them read from here. So a listener that does not report costs nothing,
and a snapshot for a reloaded page is one more read.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError

from .beside import LeftBehind, Rows, rows_of
from .frames import Arrays
from .specs import PanelSpec, StreamSpec, window_steps
from .thin import steps_per_pixel
from .tracks import Look, Track, ValueTrack

MAX_TRACK_BYTES = 64 * 2**20
# Seconds of simulated time that are kept for looking back, where the bytes allow.
HISTORY = 60.0
# Tracks that no panel asks for any more, of probes that are still there: one may come back.
MOST_SPARE = 4
MAX_SPARE_BYTES = 64 * 2**20


class Recorder:
    """The tracks that the panels in use ask for.

    Parameters
    ----------
    dt : float
        Length of a step (s).
    """

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self._tracks: dict[Hashable, Track] = {}
        # Oldest first; they are recorded on.
        self._spare: dict[Hashable, Track] = {}
        self._by_probe: dict[str, list[Track]] = {}
        self.left = LeftBehind()

    @property
    def nbytes(self) -> int:
        """Memory held by all tracks."""
        return sum(track.nbytes for track in self._all.values())

    @property
    def _all(self) -> dict[Hashable, Track]:
        return {**self._spare, **self._tracks}

    def hold(self, specs: Iterable[PanelSpec], spare: bool = True) -> None:
        """Keep what these panels need, and for a while what others needed before.

        What another panel kept already stays. Without ``spare`` nothing else is kept.
        """
        known = self._all
        wanted: dict[Hashable, Track] = {}
        for spec in specs:
            if not isinstance(spec, StreamSpec):
                continue
            track = wanted.get(spec.key) or known.get(spec.key) or spec.make_track(self.dt)
            track.widen(kept_steps(spec, self.dt))
            wanted[spec.key] = track
        self._tracks = wanted
        self._spare = {k: t for k, t in known.items() if k not in wanted} if spare else {}
        while len(self._spare) > MOST_SPARE or self._spare_bytes > MAX_SPARE_BYTES:
            del self._spare[next(iter(self._spare))]
        self._index()

    @property
    def _spare_bytes(self) -> int:
        return sum(track.nbytes for track in self._spare.values())

    def _index(self) -> None:
        self._by_probe = {}
        for track in self._all.values():
            for probe_id in track.probe_ids:
                self._by_probe.setdefault(probe_id, []).append(track)

    def forget(self, probe_id: str) -> None:
        """A probe is no more: nothing would come for its tracks."""
        self._spare = {k: t for k, t in self._spare.items() if probe_id not in t.probe_ids}
        self._index()

    def record(self, probe_id: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Take the samples that a probe saw in a tile."""
        for track in self._by_probe.get(probe_id, ()):
            track.record(probe_id, steps, values)

    def read(self, spec: StreamSpec, since: int, until: int, width: int, height: int) -> Arrays:
        """Thin what a panel shows of the steps after ``since`` up to ``until``."""
        per_pixel = steps_per_pixel(spec.window, width, self.dt)
        return self._tracks[spec.key].read(Look(since, until, per_pixel, height))

    def rows(self) -> dict[Hashable, Rows]:
        """Copies of what is kept of lines, by the key of their track."""
        return rows_of(self._all)

    def filters(self) -> dict[Hashable, Any]:
        """What the tracks' filters remember, as a value."""
        return {key: track.filters() for key, track in self._all.items()}

    def leave(self, branch: str) -> None:
        """Keep what is plotted of a branch that is left."""
        self.left.leave(branch, self._all)

    def go_back(self, kept: int, filters: Mapping[Hashable, Any], branch: str, step: int) -> None:
        """Forget what is not of a branch up to a step.

        Parameters
        ----------
        kept : int
            Up to this step what is there is of that branch too.
        filters : mapping
            What filters are to remember.
        branch, step
            What had been plotted of it when it was left comes back.
        """
        left = self.left.rows(branch)
        for key, track in self._all.items():
            rows = left.get(key)
            if rows is not None and isinstance(track, ValueTrack):
                track.put_rows(*rows)
            track.cut(kept if rows is None else step)
            track.put_filters(filters.get(key))

    def clear(self) -> None:
        """Forget the past, as after a reset."""
        self.left.clear()
        for track in self._all.values():
            track.clear()


def kept_steps(spec: StreamSpec, dt: float) -> int:
    """Count the steps that are kept for a panel: its window, and as much of a minute as fits."""
    window, history = window_steps(spec, dt), round(HISTORY / dt)
    if spec.bytes_a_step > 0:
        history = min(history, int(MAX_TRACK_BYTES / spec.bytes_a_step))
    return max(window, history)


def check_room(spec: PanelSpec, dt: float) -> None:
    """Raise a ValidationError when a panel's window is more than is kept in memory."""
    if not isinstance(spec, StreamSpec):
        return
    need = window_steps(spec, dt) * spec.bytes_a_step
    if need > MAX_TRACK_BYTES:
        labels = ", ".join(repr(probe.label) for probe in spec.probes)
        raise ValidationError(
            f"{spec.window} s of {labels} are {need / 2**20:.0f} MB, "
            f"more than the {MAX_TRACK_BYTES // 2**20} MB kept of a plot; "
            "show a shorter window or fewer values",
            "window",
            spec,
        )
