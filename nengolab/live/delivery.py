"""Frames to listeners after each tile: one message each, all plots at the same instants."""

from __future__ import annotations

from typing import Any

from .flow import Flow
from .frames import Frame, Packer
from .listener import Listener
from .plots import PlotSpec
from .recorder import Recorder, window_steps
from .status import Status


class Delivery:
    """Serves all listeners; used by the owner thread only.

    Parameters
    ----------
    recorder : Recorder
        Where the data is.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.listeners: list[Listener] = []

    def attach(self, listener: Listener, n_steps: int) -> None:
        """Start to serve a listener, with what comes from now on."""
        listener.served = n_steps
        listener.dirty = True
        self.listeners.append(listener)
        self._hold()

    def detach(self, listener: Listener) -> None:
        """Stop to serve a listener."""
        self.listeners = [other for other in self.listeners if other is not listener]
        self._hold()

    def show(self, listener: Listener, plots: list[PlotSpec]) -> None:
        """Change what a listener sees."""
        listener.plots = plots
        listener.dirty = True
        self._hold()

    def drop_probe(self, probe_id: str) -> None:
        """Take the plots of a probe from all listeners."""
        for listener in self.listeners:
            listener.plots = [plot for plot in listener.plots if plot.probe.id != probe_id]
            listener.dirty = True
        self._hold()

    def _hold(self) -> None:
        self.recorder.hold([plot for listener in self.listeners for plot in listener.plots])

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

    def watched(self, wall: float) -> bool:
        """Whether anybody seems to look on."""
        return any(listener.flow.watched(wall) for listener in self.listeners)

    def deliver(self, status: Status, wall: float) -> list[Exception]:
        """Send what may be sent; return what callbacks raised."""
        failures = []
        for listener in list(self.listeners):
            if not _may_send(listener, status, wall):
                continue
            try:
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
        return min(rests, default=None)

    def _compose(self, listener: Listener, status: Status, wall: float) -> Frame:
        snapshot, clear = listener.snapshot_wanted, listener.clear
        listener.snapshot_wanted = listener.clear = listener.dirty = False
        now = status.n_steps
        widest = max((window_steps(p, self.recorder.dt) for p in listener.plots), default=0)
        since = max(0, now - widest, 0 if snapshot else listener.served)
        listener.served = now
        packer = Packer()
        shown = listener.plots if since < now else []
        plots = [self._pack(plot, listener, since, now, packer) for plot in shown]
        buffer = packer.buffer()
        header = _header(listener.flow, status, wall, len(buffer), clear or snapshot, plots)
        return Frame(header, buffer)

    def _pack(
        self, plot: PlotSpec, listener: Listener, since: int, now: int, packer: Packer
    ) -> dict[str, Any]:
        dt = self.recorder.dt
        own = max(since, now - window_steps(plot, dt))
        arrays = self.recorder.read(plot, own, listener.width, listener.height)
        return {
            "id": plot.id,
            "kind": plot.kind,
            "t0": since * dt,
            "t1": now * dt,
            "arrays": [packer.add(name, array) for name, array in arrays],
        }


def _lacks(listener: Listener, status: Status) -> bool:
    behind = bool(listener.plots) and listener.served != status.n_steps
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
    flow: Flow, status: Status, wall: float, size: int, clear: bool, plots: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "type": "frame",
        "seq": flow.note_sent(wall, size),
        "state": status.state,
        "time": status.time,
        "n_steps": status.n_steps,
        "rtf": status.real_time_factor,
        "speed": status.speed,
        "clear": clear,
        "error": dict(status.error) if status.error else None,
        "plots": plots,
    }
