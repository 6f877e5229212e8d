"""The panels that are open in one widget: made, changed, removed, and the probes they share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import nengo
from nengo.exceptions import ValidationError

from nengolab.live import LiveProbe, PanelSpec, Session
from nengolab.live.specs import new_id
from nengolab.names import Names

from .messages import ForeignKind, PanelLayout
from .panel import Choice, Identity, Panel
from .panels import kinds
from .weakly import weakly

ProbeKey = tuple[Any, str | None, Any]


class Bench:
    """Open panels of one session; the `Place` of each.

    Parameters
    ----------
    session : Session
        What is looked at.
    names : Names
        Names of the network's objects.
    window : float
        Seconds that panels show.
    send : callable
        Sends a message to the pages.
    on_change : callable
        Called when other panels, or other specs, are to be shown.
    """

    def __init__(
        self,
        session: Session,
        names: Names,
        window: float,
        send: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
    ) -> None:
        self.session, self.names, self.network = session, names, session.network
        self._window = window
        self._send, self._on_change = send, on_change
        self._panels: dict[str, Panel] = {}
        self._specs: dict[str, PanelSpec] = {}
        self._probes: dict[ProbeKey, LiveProbe] = {}

    # ---- what is open ----------------------------------------------------

    def __len__(self) -> int:
        return len(self._panels)

    @property
    def ids(self) -> list[str]:
        """Ids of the open panels, in order."""
        return list(self._panels)

    @property
    def specs(self) -> list[PanelSpec]:
        """What the session is to send."""
        return list(self._specs.values())

    def find(self, panel_id: str) -> Panel:
        """Give an open panel.

        Raises
        ------
        ValidationError
            When there is none of this id.
        """
        if panel_id not in self._panels:
            raise ValidationError(
                f"there is no panel {panel_id!r}; there are {', '.join(self._panels) or 'none'}",
                "panel",
            )
        return self._panels[panel_id]

    def layouts(self) -> list[PanelLayout]:
        """Describe the open panels for a page."""
        return [
            {
                "id": panel_id,
                "rev": panel.identity.rev,
                "kind": panel.name,
                "title": panel.title,
                "what": panel.what,
                "settings": [s.layout(panel.values[s.name]) for s in panel.settings],
                "python": panel.python(self._specs[panel_id]),
                "data": dict(panel.layout()),
            }
            for panel_id, panel in self._panels.items()
        ]

    def foreign(self) -> list[ForeignKind]:
        """Give the page side of those open kinds that are not of this package."""
        kinds_open = {type(panel).name: type(panel) for panel in self._panels.values()}
        return [
            {"kind": name, "esm": read_text(kind.esm), "css": read_text(kind.css)}
            for name, kind in kinds_open.items()
            if kind.esm is not None
        ]

    # ---- opening, changing, removing -------------------------------------

    def open(self, choice: Choice) -> str:
        """Open a panel and return its id; of one that is open already, give that.

        Raises
        ------
        ValidationError
            When the object cannot be shown so, or a setting does not fit. Nothing is left behind.
        """
        panel = kinds()[choice.kind](choice.obj, self, Identity(new_id()), choice.values)
        if (twin := self._twin_of(panel)) is not None:
            return twin
        try:
            self._specs[panel.identity.id] = panel.spec()
            self._panels[panel.identity.id] = panel
            panel.layout()
        except Exception:
            self._specs.pop(panel.identity.id, None)
            self._panels.pop(panel.identity.id, None)
            self._drop_unused_probes()
            raise
        return panel.identity.id

    def _twin_of(self, panel: Panel) -> str | None:
        for panel_id, other in self._panels.items():
            same = type(other) is type(panel) and other.values == panel.values
            if same and _same_objects(other.obj, panel.obj):
                return panel_id
        return None

    def remove(self, panel_id: str) -> None:
        """Remove a panel; what it showed is probed no more if nothing else needs it."""
        panel = self.find(panel_id)
        del self._panels[panel_id], self._specs[panel_id]
        panel.closed()
        self._on_change()
        self._drop_unused_probes()

    def set(self, panel_id: str, values: dict[str, Any]) -> None:
        """Change settings of a panel while it runs."""
        panel = self.find(panel_id)
        before = dict(panel.values)
        anew = panel.take(values)
        try:
            self.changed(panel, anew)
        except Exception:
            panel.values = before
            raise

    @property
    def window(self) -> float:
        """Seconds that panels show."""
        return self._window

    @window.setter
    def window(self, seconds: float) -> None:
        before, self._window = self._window, seconds
        try:
            specs = {panel_id: panel.spec() for panel_id, panel in self._panels.items()}
        except Exception:
            self._window = before
            raise
        # The same ids and revisions: pages keep what they have.
        self._specs = specs
        self._on_change()

    def leave(self) -> None:
        """Remove all panels, and their probes from a session that goes on."""
        for panel in self._panels.values():
            panel.closed()
        self._panels, self._specs = {}, {}
        self._drop_unused_probes()

    # ---- what a `Place` offers -------------------------------------------

    def probe(self, obj: Any, attr: str | None = None, synapse: Any = None) -> LiveProbe:
        """Give a probe of something, the same one for panels that look at the same."""
        key = (obj, attr, synapse)
        if key not in self._probes:
            probe = self.session.add_probe(obj, attr, synapse)
            self._probes[key] = probe
            # The session's thread keeps the probe: it must not keep this.
            attached = weakly(self._attached)
            probe.attached.add_done_callback(lambda done: attached(key, done))
        return self._probes[key]

    def send(self, panel: Panel, content: dict[str, Any]) -> None:
        """Say something to the page side of a panel."""
        self._send({"type": "for_panel", "panel": panel.identity.id, "content": content})

    def changed(self, panel: Panel, anew: bool = True) -> None:
        """Take up what has changed of a panel; ``anew`` where its spec has."""
        if anew:
            panel.identity.rev += 1
            self._specs[panel.identity.id] = panel.spec()
        self._on_change()
        if anew:
            self._drop_unused_probes()

    # ---- probes ----------------------------------------------------------

    def _attached(self, key: ProbeKey, done: Future) -> None:
        """Remove what cannot be shown after all; the session's error says why."""
        if done.cancelled() or done.exception() is None or key not in self._probes:
            return
        probe = self._probes.pop(key)
        lost = [i for i, spec in self._specs.items() if any(p is probe for p in spec.probes)]
        for panel_id in lost:
            del self._specs[panel_id]
            self._panels.pop(panel_id).closed()
        if lost:
            self._on_change()

    def _drop_unused_probes(self) -> None:
        used = {probe.id for spec in self._specs.values() for probe in spec.probes}
        for key, probe in list(self._probes.items()):
            if probe.id not in used:
                del self._probes[key]
                if self.session.state != "closed":
                    self.session.remove_probe(probe)


def read_text(source: Any) -> str:
    """Give text, or the text in a file."""
    return source.read_text() if isinstance(source, Path) else source


def _same_objects(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) or isinstance(b, tuple):
        both = isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b)
        return both and all(map(_same_objects, a, b))
    if isinstance(a, nengo.base.ObjView) and isinstance(b, nengo.base.ObjView):
        return a.obj is b.obj and a.slice == b.slice
    if isinstance(a, nengo.ensemble.Neurons) and isinstance(b, nengo.ensemble.Neurons):
        return a.ensemble is b.ensemble
    return a is b
