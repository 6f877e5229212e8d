"""Panels by themselves: ``Raster(sim, ens)``, one class for each kind of panel."""

from __future__ import annotations

import inspect
import sys
import threading
import types
import uuid
import weakref
from functools import cache
from typing import Any, ClassVar, cast

import anywidget
import traitlets
from nengo.exceptions import ValidationError

from . import replaced, sessions
from .hub import Hub, hub_of
from .lab import Lab
from .narrowing import is_tuple
from .panel import Panel, Setting
from .parts import front_end


class Standalone(anywidget.AnyWidget):
    """One panel, to be placed anywhere that takes a widget.

    Parameters
    ----------
    target : nengolab.Simulator, nengolab.live.Session, Lab, another panel or nengo.Network
        What runs. Panels of one of them share its run, one stream and one timeline: they scroll,
        zoom, pause and look back together. A network runs where a widget shows it already, else
        in a session of its own.
    obj : Nengo object, tuple of them, or None
        What to look at.
    transport : bool
        Whether there are buttons for play, pause, a single step and reset below it.
    window : float, optional
        Seconds of simulated time that this and the other panels of the session show.
    **settings
        Of the panel.

    Attributes
    ----------
    session : nengolab.live.Session
        What runs, for ``panel.session.play()`` and the like. Made here, it is closed when the last
        widget that shows it is closed.

    Raises
    ------
    ValidationError
        When the object cannot be shown so, or a setting does not fit.
    """

    _esm, _css = front_end("nengolab.js"), front_end("nengolab.css")
    kind: ClassVar[type[Panel]]
    # What the page side needs to find its panel, and the cell that shows it.
    _hub = traitlets.Unicode().tag(sync=True)
    _panel = traitlets.Unicode().tag(sync=True)
    _me = traitlets.Unicode().tag(sync=True)
    _transport = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        target: Any,
        obj: Any = None,
        transport: bool = False,
        window: float | None = None,
        **settings: Any,
    ) -> None:
        if self.kind.wants and not self.kind.suits(obj):
            got = "none" if obj is None else type(obj).__name__
            raise ValidationError(f"{self.kind.wants}; got {got}", "obj")
        if window is None and isinstance(target, Lab):
            window = target.window
        self._is_replaced = False
        asleep = not self.kind.needs_simulator
        session = sessions.session_for(target, joins=True, asleep=asleep, looks=self.kind.looks)
        hub = hub_of(session, window)
        try:
            if obj is None:
                obj = self.kind.first(session.network)
            panel_id = hub.open_alone(obj, self.kind.name, settings)
        except Exception:
            hub.leave("")
            raise
        self.hub, self.session = hub, hub.session
        # As ``width`` of a child of an HBox: all get the same share.
        layout = {"width": "100%", "min_width": "0"}
        me = uuid.uuid4().hex
        super().__init__(
            _hub=hub.model_id,
            _panel=panel_id,
            _me=me,
            _transport=bool(transport),
            model_id=me,
            layout=layout,
        )
        hub.seat(panel_id, self)
        # What the garbage collector calls may take no lock: a thread does the work.
        self._leaves = weakref.finalize(self, _leave_soon, hub, panel_id)
        self._leaves.atexit = False
        self.cell = replaced.current_cell()
        replaced.watch(self)

    # ---- what a person calls -----------------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """The panel's settings; `set` changes them."""
        return dict(self.hub.panel(self._panel).values)

    def set(self, **settings: Any) -> None:
        """Change settings while it runs.

        Raises
        ------
        ValidationError
            When there is no such setting, or a value does not fit.
        """
        self.hub.set_plot(self._panel, **settings)

    def pick(self, ensemble: Any, neurons: Any = ()) -> None:
        """Pick neurons of an ensemble, in all panels of the session; see `Lab.pick`."""
        self.hub.pick(ensemble, neurons)

    @property
    def picked(self) -> dict[str, list[int]]:
        """The neurons that are picked, by the name of their ensemble."""
        return self.hub.picked

    @property
    def window(self) -> float:
        """Seconds of simulated time that the panels of this session show."""
        return self.hub.window

    @window.setter
    def window(self, seconds: float) -> None:
        self.hub.window = seconds

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.session.network.label or 'a network'!r}>"

    def close(self) -> None:
        """End the panel; others of the session go on. Pages keep what they show."""
        if hasattr(self, "_leaves") and self._leaves.detach() is not None:
            self.hub.leave(self._panel)

    # ---- its cell runs again -------------------------------------------------

    def replaced(self) -> None:
        """The cell that made it runs again: its page is about to go."""
        self._is_replaced = True
        if not self.hub.is_shown(self._panel):
            self.retire()

    def retire(self) -> None:
        """Be held by variables of a person only, when its cell has run again and no page shows it.

        If there are none, it goes, and with the last one the session.
        """
        if not self._is_replaced or self.comm is None:
            return
        replaced.retire(self, self.session)

    def bundle(self, **options: Any) -> Any:
        """Give what a notebook shows of it, by media type."""
        if self.comm is None:  # it was replaced, and is shown again by somebody who kept it
            self._is_replaced = False
            self.open()
        # anywidget says that they are dicts, and not of what.
        bundle: Any = cast("Any", super())._repr_mimebundle_(**options)
        still = self.hub.panel(self._panel).still()
        if still and bundle is not None:
            data = bundle[0] if is_tuple(bundle) else bundle
            data["text/html"] = still
        return bundle

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.bundle(**options)

    def __del__(self) -> None:
        super().close()


def _leave_soon(hub: Hub, panel_id: str) -> None:
    if not sys.is_finalizing():
        threading.Thread(target=hub.leave, args=(panel_id,), daemon=True).start()


@cache
def standalone(kind: type[Panel]) -> type[Standalone]:
    """Give the class of panels of one kind that stand alone."""
    body = {"kind": kind, "__doc__": _describe(kind), "__module__": "nengolab_widgets"}
    return types.new_class(kind.__name__, (Standalone,), exec_body=lambda ns: ns.update(body))


def _describe(kind: type[Panel]) -> str:
    first, *rest = (inspect.getdoc(kind) or kind.label).split("\n", 1)
    general = (inspect.getdoc(Standalone) or "\n").split("\n", 1)[1]
    settings = "\n".join(f"    {_setting_line(s)}" for s in kind.settings) or "    It has none."
    text = general.replace("    Of the panel.", f"    Of the panel:\n\n{settings}")
    return "\n".join([f"A panel by itself: {kind.label}. {first}", *rest, text.rstrip(), ""])


def _setting_line(setting: Setting) -> str:
    unit = f" ({setting.unit})" if setting.unit else ""
    choices = f": {', '.join(setting.choices)}" if setting.choices else ""
    return f"- ``{setting.name}``: {setting.label}{unit}{choices}"
