"""A listener: who looks on, at what, and how far they were served."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from .flow import FIRST_CREDIT, Flow
from .frames import Frame
from .specs import PanelSpec, StreamSpec


class Listener:
    """Receives frames of some plots. Made by `Session.subscribe`.

    All methods may be called from any thread and return at once, except `get`.

    Attributes
    ----------
    failure : Exception or None
        What the callback raised; a listener whose callback raises is closed.
    """

    def __init__(
        self,
        plots: list[PanelSpec],
        callback: Callable[[Frame], None] | None,
        width: int,
        height: int,
        wake: Callable[[], None],
        change_plots: Callable[[Listener, list[PanelSpec]], Future[None]],
        detach: Callable[[Listener], Future[None]],
    ) -> None:
        self.shortest: float | None = None
        self.plots = list(plots)
        self.failure: Exception | None = None
        self.flow = Flow()
        self.served = 0
        # Panels that are to be sent with all of their window, and looked-up ones that changed.
        self.fresh: set[str] = set()
        self.changed: set[str] = set()
        self.versions: dict[str, Hashable] = {}
        self.looked = float("-inf")
        self.clear = self.dirty = self.snapshot_wanted = False
        self._width, self._height = int(width), int(height)
        self._wake, self._change_plots, self._detach = wake, change_plots, detach
        # Oldest first; a script that does not `get` loses the oldest.
        self._inbox: queue.Queue[Frame] = queue.Queue(maxsize=8 * FIRST_CREDIT)
        self._callback = callback or self._keep

    @property
    def plots(self) -> list[PanelSpec]:
        """What is shown now."""
        return self._plots

    @plots.setter
    def plots(self, plots: list[PanelSpec]) -> None:
        self._plots = plots
        windows = [spec.window for spec in plots if isinstance(spec, StreamSpec)]
        self.shortest = min(windows, default=None)

    def ack(self, seq: int, held: float = 0.0, merged: float = 1.0) -> None:
        """Say that frame ``seq``, and all before it, have been drawn.

        Parameters
        ----------
        seq : int
            Number of the frame.
        held : float
            Seconds that passed since it was drawn.
        merged : float
            Frames that were drawn in one picture, on average.
        """
        now = time.perf_counter()
        blocked = self.flow.state(now) == "BLOCKED"
        self.flow.report(int(seq), now, held, merged)
        if blocked:
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

    def set_plots(self, plots: list[PanelSpec]) -> Future[None]:
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
    def stats(self) -> dict[str, float | None]:
        """How the stream goes.

        Frames ``sent`` and ``drawn``, tiles that had to wait (``coalesced``), ``bytes`` sent,
        ``credit`` and ``in_flight`` frames, the ``round_trip`` and the ``period`` in seconds.
        """
        flow = self.flow
        return {
            "sent": flow.sent,
            "drawn": flow.drawn,
            "coalesced": flow.coalesced,
            "bytes": flow.bytes,
            "credit": flow.credit,
            "in_flight": flow.in_flight,
            "round_trip": flow.round_trip,
            "period": flow.period,
        }

    def close(self) -> Future[None]:
        """Receive nothing any more."""
        return self._detach(self)

    def receive(self, frame: Frame) -> None:
        """Hand over a frame; called on the owner thread only."""
        self._callback(frame)

    def _keep(self, frame: Frame) -> None:
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(frame)
