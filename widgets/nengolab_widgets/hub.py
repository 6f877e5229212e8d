"""What all panels that stand alone on one session share: stream, probes, window, history.

A hub is a Lab without a face. Each such panel is a widget of its own, whose page side talks with
the kernel through its hub, so there is one stream however many stand on a page.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import anywidget
import nengo
from nengo.exceptions import ValidationError

from nengolab.live import Session
from nengolab.names import listing

from .choice import Menu, read_choice
from .lab import Lab
from .panel import Choice, Panel

_hubs: weakref.WeakKeyDictionary[Session, weakref.ref[Hub]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def hub_of(session: Session, window: float | None = None) -> Hub:
    """Give the hub of a session; the first that asks makes it."""
    with _lock:
        reference = _hubs.get(session)
        hub = reference() if reference is not None else None
        if hub is None or hub.has_ended:
            hub = Hub(session, window)
            _hubs[session] = weakref.ref(hub)
        elif window is not None and window != hub.window:
            hub.window = window
        return hub


class Hub(Lab):
    """Panels that stand alone, on one session.

    Parameters
    ----------
    session : nengolab.live.Session
        Which.
    window : float, optional
        Seconds that they show.
    """

    SHOWS_PRINTS = False  # single panels have no place for them
    # No page shows it: panels bring the front end.
    _esm, _css = "export default {};", ""

    def __init__(self, session: Session, window: float | None) -> None:
        self._alone: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        super().__init__(
            session, plots=[], inputs=[], window=2.0 if window is None else window, network=False
        )
        # Where a panel stands alone there is nothing to add.
        self._menu = Menu(nengo.Network(add_to_container=False), self._names)

    @property
    def has_ended(self) -> bool:
        """Whether its last panel has left."""
        return self._closed

    def open_alone(self, obj: Any, kind: str, settings: dict[str, Any]) -> str:
        """Open a panel; undo does not take it away, for it is not on this hub's page."""
        if isinstance(obj, str):
            obj = self._find(obj)
        choice = read_choice(kind if obj is None else (obj, kind), self._names)
        with self._lock:
            return self._bench.settle_in(Choice(choice.obj, choice.kind, settings))

    def _find(self, name: str) -> Any:
        found = self._names.find(name)
        if found is None:
            raise ValidationError(
                f"{name!r} is not in the network; it holds {listing(self._names.all())}", "obj"
            )
        return found

    def panel(self, panel_id: str) -> Panel:
        """Find an open panel by its id."""
        return self._bench.find(panel_id)

    def seat(self, panel_id: str, widget: Any) -> None:
        """Note which widget shows a panel."""
        self._alone[panel_id] = widget

    def leave(self, panel_id: str) -> None:
        """End a panel; the last one ends the hub."""
        with _lock, self._lock:
            if panel_id in self._bench.ids:
                self._bench.withdraw(panel_id)
            if self._bench.ids or self._closed:
                return
            self.close()
        # Its panels have left, so nothing on a page needs it.
        anywidget.AnyWidget.close(self)

    def is_shown(self, panel_id: str) -> bool:
        """Whether a page shows a panel."""
        return self._views.show(panel_id)

    def replaced(self) -> None:
        """Its cell is that of the first panel only: each panel hears by itself."""

    def _retire_if_unseen(self) -> None:
        for panel_id, widget in list(self._alone.items()):
            if not self.is_shown(panel_id):
                widget.retire()
