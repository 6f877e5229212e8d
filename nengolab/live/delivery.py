"""Frames to listeners after each tile: one message each, all panels at the same instants."""

from __future__ import annotations

from typing import Any

import numpy as np

from .flow import Flow
from .frames import TIMES, Arrays, Frame, Packer
from .listener import Listener
from .pacing import FRAME_PERIOD
from .recorder import Recorder, kept_steps
from .specs import LookSpec, PanelSpec, StreamSpec, window_steps
from .status import Status

# A run that is much faster than what can be followed: when more than this part of a window passes
# in a frame, frames come more slowly, down to so many times their usual period.
MUCH_OF_A_WINDOW = 0.1
SLOWEST = 4.0
# A page that knows nothing of a plot gets its record, beyond its window, in so many bytes a frame:
# no more than a saved notebook keeps.
MAX_RECORD_BYTES = 2**18


class Delivery:
    """Serves all listeners; used by the owner thread only.

    Parameters
    ----------
    recorder : Recorder
        Where the data is.

    Attributes
    ----------
    sim : Simulator or None
        What panels that are no data over time are looked up in, once it is there.
    frozen : bool
        Whether the simulator stands elsewhere for a while: nothing is looked up then.
    resting : Network, Simulator or None
        What those that need no simulator of the session are looked up in while it sleeps.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.listeners: list[Listener] = []
        self.sim: Any = None
        self.resting: Any = None
        self.frozen = False

    def attach(self, listener: Listener, n_steps: int) -> None:
        """Start to serve a listener, with what comes from now on."""
        listener.served = n_steps
        listener.dirty = True
        self.listeners.append(listener)
        self._hold()

    def detach(self, listener: Listener) -> None:
        """Stop to serve a listener."""
        self.listeners = [other for other in self.listeners if other is not listener]
        self._hold(spare=False)

    def show(self, listener: Listener, plots: list[PanelSpec]) -> None:
        """Change what a listener sees; what is new to it is sent with all of its window."""
        known = {(spec.id, spec.rev) for spec in listener.plots}
        listener.fresh |= {spec.id for spec in plots if (spec.id, spec.rev) not in known}
        listener.plots = plots
        listener.dirty = True
        self._hold()

    def drop_probe(self, probe_id: str) -> None:
        """Take the panels of a probe from all listeners."""
        for listener in self.listeners:
            listener.plots = [
                spec for spec in listener.plots if all(p.id != probe_id for p in spec.probes)
            ]
            listener.dirty = True
        self._hold()
        self.recorder.forget(probe_id)

    def _hold(self, spare: bool = True) -> None:
        every = [spec for listener in self.listeners for spec in listener.plots]
        self.recorder.hold(every, spare)

    def state_changed(self) -> None:
        """Every listener is to hear of the state, data or not."""
        for listener in self.listeners:
            listener.dirty = True

    def time_restarted(self, n_steps: int) -> None:
        """After a reset: what was drawn is no longer true."""
        self.recorder.clear()
        for listener in self.listeners:
            listener.served = n_steps
            listener.clear = listener.dirty = True
            listener.versions.clear()

    def went_back(self, n_steps: int) -> None:
        """The run goes on from an earlier step: what was drawn after it is no longer true."""
        for listener in self.listeners:
            listener.served = n_steps
            listener.fresh = {spec.id for spec in listener.plots}
            listener.clear = listener.dirty = True
            listener.versions.clear()

    def watched(self, wall: float) -> bool:
        """Whether anybody seems to look on."""
        return any(listener.flow.watched(wall) for listener in self.listeners)

    def deliver(self, status: Status, wall: float) -> list[Exception]:
        """Send what may be sent; return what callbacks raised."""
        failures: list[Exception] = []
        for listener in list(self.listeners):
            try:
                self._look_for_changes(listener, wall)
                listener.flow.least_period = FRAME_PERIOD * _slowness(listener, status)
                if _may_send(listener, status, wall):
                    listener.receive(self._compose(listener, status, wall))
            except Exception as error:
                listener.failure = error
                self.detach(listener)
                failures.append(error)
        return failures

    def next_due(self, status: Status, wall: float) -> float | None:
        """Seconds until some listener may receive what it lacks; None: until it is asked."""
        rests = [
            listener.flow.rest(wall)
            for listener in self.listeners
            if _lacks(listener, status) and listener.flow.state(wall) in ("RESTING", "OPEN")
        ]
        # From the last look on, not from its end: a thread that waits its turn looks often enough.
        rests += [
            max(0.0, spec.period - (wall - listener.looked.get(spec.id, wall)))
            for listener in self.listeners
            for spec in listener.plots
            if isinstance(spec, LookSpec)
            and spec.cadence == "on_change"
            and listener.flow.visible
            and self._subject(spec) is not None
        ]
        return min(rests, default=None)

    # ---- panels that are looked up ---------------------------------------

    def _subject(self, spec: LookSpec) -> Any:
        """Give what a panel is looked up in, None while there is nothing."""
        if self.frozen:
            return None
        return self.sim if self.sim is not None or spec.needs_simulator else self.resting

    def _look_for_changes(self, listener: Listener, wall: float) -> None:
        """Note which looked-up panels are to be sent; each is asked once in its period."""
        if not listener.flow.visible:
            return
        for spec in listener.plots:
            if not isinstance(spec, LookSpec) or (subject := self._subject(spec)) is None:
                continue
            if not _in_turn(spec, listener, wall) and spec.id not in listener.fresh:
                continue
            version = spec.version(subject) if spec.cadence == "on_change" else 0
            if listener.versions.get(spec.id) != (spec.rev, version):
                listener.versions[spec.id] = (spec.rev, version)
                listener.changed.add(spec.id)
                listener.dirty = True

    # ---- frames ----------------------------------------------------------

    def _compose(self, listener: Listener, status: Status, wall: float) -> Frame:
        snapshot, clear = listener.snapshot_wanted, listener.clear
        listener.snapshot_wanted = listener.clear = listener.dirty = False
        fresh, listener.fresh = listener.fresh, set()
        changed, listener.changed = listener.changed, set()
        if snapshot:
            fresh = {spec.id for spec in listener.plots}
            changed = {s.id for s in listener.plots if isinstance(s, LookSpec)} & set(
                listener.versions
            )
        now, served = status.n_steps, listener.served
        listener.served = now
        packer = Packer()
        panels: list[dict[str, Any]] = []
        for spec in listener.plots:
            if isinstance(spec, StreamSpec):
                wanted = clear or snapshot or spec.id in fresh or status.state != "running"
                if not wanted and not _due(spec, listener, wall):
                    continue
                window = now - window_steps(spec, self.recorder.dt)
                is_fresh = spec.id in fresh
                since = max(0, window, 0 if is_fresh else served)
                if since < now:
                    arrays = self.recorder.read(spec, since, now, listener.width, listener.height)
                    if is_fresh:
                        share = MAX_RECORD_BYTES // len(fresh)
                        since, arrays = self._record(spec, since, now, listener, arrays, share)
                    panels.append(self._pack(spec, since, now, arrays, packer))
            elif isinstance(spec, LookSpec) and spec.id in changed:
                if (subject := self._subject(spec)) is not None:
                    panels.append(self._pack(spec, now, now, spec.look(subject), packer))
        buffer = packer.buffer()
        return Frame(
            _header(listener.flow, status, wall, len(buffer), clear or snapshot, panels), buffer
        )

    def _record(
        self,
        spec: StreamSpec,
        since: int,
        now: int,
        listener: Listener,
        arrays: Arrays,
        most: int,
    ) -> tuple[int, Arrays]:
        """Give more of what is kept than the last window, as far as bytes allow."""
        window = window_steps(spec, self.recorder.dt)
        size = max(1, sum(array.nbytes for _, array in arrays))
        windows = min(most // size, -(-kept_steps(spec, self.recorder.dt) // window))
        if since == 0 or windows < 2:
            return since, arrays
        earlier = max(0, now - window * windows)
        found = self.recorder.read(spec, earlier, now, listener.width, listener.height)
        # Nothing may be kept of before: then it is the window as it was.
        return (earlier, found) if sum(a.nbytes for _, a in found) > size else (since, arrays)

    def _pack(
        self, spec: PanelSpec, since: int, now: int, arrays: Arrays, packer: Packer
    ) -> dict[str, Any]:
        start = since * self.recorder.dt
        return {
            "id": spec.id,
            "rev": spec.rev,
            "t0": start,
            "t1": now * self.recorder.dt,
            "arrays": [
                packer.add(name, (array - start).astype(np.float32) if name == TIMES else array)
                for name, array in arrays
            ],
        }


def _due(spec: StreamSpec, listener: Listener, wall: float) -> bool:
    """Whether a panel is to be in this frame; most are in all."""
    return spec.period == 0 or _in_turn(spec, listener, wall)


def _in_turn(spec: StreamSpec | LookSpec, listener: Listener, wall: float) -> bool:
    """Whether the period of a panel is over; the next one begins where it ended.

    What comes a little late each time comes as often as it is to.
    """
    ended = listener.looked.get(spec.id, float("-inf")) + spec.period
    if wall < ended:
        return False
    listener.looked[spec.id] = ended if wall < ended + spec.period else wall
    return True


def _slowness(listener: Listener, status: Status) -> float:
    """Tell how many times longer than usual the period of frames may be."""
    if listener.shortest is None or status.real_time_factor is None:
        return 1.0
    share = status.real_time_factor * FRAME_PERIOD / listener.shortest
    return min(SLOWEST, max(1.0, share / MUCH_OF_A_WINDOW))


def _lacks(listener: Listener, status: Status) -> bool:
    behind = listener.shortest is not None and listener.served != status.n_steps
    return behind or listener.dirty or listener.snapshot_wanted


def _may_send(listener: Listener, status: Status, wall: float) -> bool:
    if listener.snapshot_wanted:
        return True
    if not _lacks(listener, status):
        return False
    flow = listener.flow
    state = flow.state(wall)
    if state == "BLOCKED":
        flow.coalesced += 1
    # A new state is told at once, not at the next sixtieth of a second.
    return state == "OPEN" or (state == "RESTING" and listener.dirty)


def _header(
    flow: Flow, status: Status, wall: float, size: int, clear: bool, panels: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "type": "frame",
        "seq": flow.note_sent(wall, size),
        "state": status.state,
        "time": status.time,
        "n_steps": status.n_steps,
        "rtf": status.real_time_factor,
        "speed": status.speed,
        "returning": status.returning,
        "note": status.note,
        "clear": clear,
        "error": dict(status.error) if status.error else None,
        "credit": flow.credit,
        "round_trip": flow.round_trip,
        "panels": panels,
    }
