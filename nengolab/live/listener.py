"""A listener: who looks on, at what, and how far they were served."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future

from .flow import IN_FLIGHT, Flow
from .frames import Frame
from .plots import PlotSpec


class Listener:
    """Receives frames of some plots. Made by `Session.subscribe`.

    All methods may be called from any thread and return at once, except `get`.

    Attributes
    ----------
    plots : list of PlotSpec
        What is shown now.
    failure : Exception or None
        What the callback raised; a listener whose callback raises is closed.
    """

    def __init__(
        self,
        plots: list[PlotSpec],
        callback: Callable[[Frame], None] | None,
        width: int,
        height: int,
        wake: Callable[[], None],
        change_plots: Callable[[Listener, list[PlotSpec]], Future],
        detach: Callable[[Listener], Future],
    ) -> None:
        self.plots = list(plots)
        self.failure: Exception | None = None
        self.flow = Flow()
        self.served = 0
        self.clear = self.dirty = self.snapshot_wanted = False
        self._width, self._height = int(width), int(height)
        self._wake, self._change_plots, self._detach = wake, change_plots, detach
        # Flow control lets no more than this many through before `get` acknowledges,
        # but for snapshots, whose number is that of the calls.
        self._inbox: queue.Queue[Frame] = queue.Queue(maxsize=4 * IN_FLIGHT)
        self._callback = callback or self._keep

    def ack(self, seq: int) -> None:
        """Say that frame ``seq``, and all before it, have been drawn."""
        self.flow.acknowledge(int(seq))
        self._wake()

    @property
    def visible(self) -> bool:
        """Whether frames are sent at all."""
        return self.flow.visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        if visible and not self.flow.visible:
            # The state may have changed while nobody looked.
            self.dirty = True
        self.flow.visible = bool(visible)
        self._wake()

    @property
    def width(self) -> int:
        """Width of a plot in pixels: lines are thinned to it."""
        return self._width

    @width.setter
    def width(self, pixels: int) -> None:
        self._width = max(1, int(pixels))

    @property
    def height(self) -> int:
        """Height of a raster in pixels: more neurons than that share lines."""
        return self._height

    @height.setter
    def height(self, pixels: int) -> None:
        self._height = max(1, int(pixels))

    def set_plots(self, plots: list[PlotSpec]) -> Future:
        """Show other plots from now on; data of plots that stay is kept."""
        return self._change_plots(self, list(plots))

    def snapshot(self) -> None:
        """Ask for one frame with the whole visible window, for a page that knows nothing.

        What is on its way counts as lost, so this revives a listener whose page was
        closed. It is sent to a hidden listener too.
        """
        self.flow.forget()
        self.snapshot_wanted = True
        self._wake()

    def get(self, timeout: float | None = None) -> Frame:
        """Take the next frame, for listeners without a callback; that acknowledges it.

        Raises
        ------
        TimeoutError
            When none comes in time.
        """
        try:
            frame = self._inbox.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no frame within {timeout} s") from None
        self.ack(frame.seq)
        return frame

    @property
    def stats(self) -> dict[str, int]:
        """Frames sent and acknowledged, tiles that had to wait, bytes sent."""
        flow = self.flow
        return {
            "sent": flow.sent,
            "acknowledged": flow.acknowledged,
            "coalesced": flow.coalesced,
            "bytes": flow.bytes,
        }

    def close(self) -> Future:
        """Receive nothing any more."""
        return self._detach(self)

    def receive(self, frame: Frame) -> None:
        """Hand over a frame; called on the owner thread only."""
        self._callback(frame)

    def _keep(self, frame: Frame) -> None:
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(frame)
