"""The panels that are open in one widget: made, changed, removed, and the probes they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nengo.exceptions import NengoException, ValidationError

from nengolab.live import LiveProbe, PanelSpec, Session
from nengolab.live.recorder import check_room
from nengolab.live.specs import new_id
from nengolab.names import Names

from .arrangement import Arrangement, Shown, Size
from .choice import offered_of
from .followed import Followed
from .history import UndoHistory
from .messages import ForeignKind, KindOffer, PanelLayout
from .panel import Choice, Hands, Identity, Panel, same_objects
from .panels import kinds
from .shared_probes import SharedProbes
from .weakly import weakly


class Bench(Followed):
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
        Sends a message to the pages, and buffers if there are any.
    on_change : callable
        Called when other panels, or other specs, are to be shown.
    """

    def __init__(
        self,
        session: Session,
        names: Names,
        window: float,
        send: Callable[..., None],
        on_change: Callable[[], None],
    ) -> None:
        # Held by who changes something: a probe that fails says so on the session's thread.
        self.lock = threading.RLock()
        self.session, self.names, self.network = session, names, session.network
        self._window = window
        self._send, self._on_change = send, on_change
        self._panels: dict[str, Panel] = {}
        # Stands beside the others, and is none of them: the network view.
        self._aside: Panel | None = None
        self._specs: dict[str, PanelSpec] = {}
        self._probes = SharedProbes(session, self.lock, weakly(self._lost))
        self._revs: dict[str, int] = {}
        self.hands: Hands | None = None
        self.continue_in_code: Callable[[], Any] | None = None
        # What the network is made of, a text or a model; and what has another run, then arranges.
        self.source: Any = None
        self.on_source: Callable[[Any], None] | None = None
        # Notes what has been done and is no deed yet.
        self.before_undo: Callable[[], None] | None = None
        # What objects that are gone were called, should they come back.
        self._once: dict[Any, str] = {}
        self.history = UndoHistory(self.arrangement)

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

    @property
    def highest(self) -> int:
        """Pixels of the highest panel that a person has made so; 0 where there is none."""
        return max((panel.size.height or 0 for panel in list(self._panels.values())), default=0)

    @property
    def aside(self) -> Panel | None:
        """The panel that stands beside the others."""
        return self._aside

    @property
    def all(self) -> dict[str, Panel]:
        """All that are open, the one aside too."""
        if self._aside is None:
            return self._panels
        return {**self._panels, self._aside.identity.id: self._aside}

    def find(self, panel_id: str) -> Panel:
        """Give an open panel.

        Raises
        ------
        ValidationError
            When there is none of this id.
        """
        found = self.all
        if panel_id not in found:
            raise ValidationError(
                f"there is no panel {panel_id!r}; there are {', '.join(found) or 'none'}",
                "panel",
            )
        return found[panel_id]

    def layouts(self) -> list[PanelLayout]:
        """Describe the open panels for a page."""
        return [self._layout(panel) for panel in list(self._panels.values())]

    def aside_layout(self) -> PanelLayout | None:
        """Describe the panel that stands beside the others."""
        return None if self._aside is None else self._layout(self._aside)

    def _layout(self, panel: Panel) -> PanelLayout:
        panel_id = panel.identity.id
        return {
            "id": panel_id,
            "rev": panel.identity.rev,
            "kind": panel.name,
            "title": panel.title,
            "what": panel.what,
            "columns": panel.size.columns,
            "height": panel.size.height,
            "settings": [
                s.layout(panel.values[s.name]) for s in panel.settings if s.kind != "kept"
            ],
            "python": panel.python(self._specs[panel_id]),
            "data": dict(panel.layout()),
        }

    def foreign(self) -> list[ForeignKind]:
        """Give the page side of those open kinds that are not of this package."""
        kinds_open = {type(panel).name: type(panel) for panel in list(self._panels.values())}
        return [
            {"kind": name, "esm": _text(kind.esm), "css": _text(kind.css)}
            for name, kind in kinds_open.items()
            if kind.esm is not None
        ]

    # ---- opening, changing, removing -------------------------------------

    def open(self, choice: Choice, twice: bool = False) -> str:
        """Open a panel and return its id.

        Parameters
        ----------
        choice : Choice
            What is to be seen.
        twice : bool
            Open it even where one like it is open; else that one's id is given.

        Raises
        ------
        ValidationError
            When the object cannot be shown so, or a setting does not fit. Nothing is left behind.
        """
        panel = self._make(choice, Identity(new_id()))
        if not twice and (twin := self._twin_of(panel)) is not None:
            return twin
        self._take_in(panel)
        self._done(f"adding {_named(panel)}")
        return panel.identity.id

    def open_aside(self, choice: Choice) -> None:
        """Open the panel that stands beside the others; it is there as long as the widget."""
        panel = self._make(choice, Identity(new_id()))
        self._specs[panel.identity.id] = self._spec_of(panel)
        self._aside = panel

    def _make(self, choice: Choice, identity: Identity) -> Panel:
        return kinds()[choice.kind](choice.obj, self, identity, choice.values)

    def _take_in(self, panel: Panel) -> None:
        panel_id = panel.identity.id
        try:
            self._specs[panel_id] = self._spec_of(panel)
            self._panels[panel_id] = panel
            panel.layout()
        except Exception:
            self._specs.pop(panel_id, None)
            self._panels.pop(panel_id, None)
            self._drop_unused_probes()
            raise

    def _spec_of(self, panel: Panel) -> PanelSpec:
        spec = panel.spec()
        # The session would refuse it too, but then all of a deed would be half done.
        check_room(spec, self.session.dt)
        return spec

    def _twin_of(self, panel: Panel) -> str | None:
        for panel_id, other in list(self._panels.items()):
            same = type(other) is type(panel) and other.values == panel.values
            if same and same_objects(other.obj, panel.obj):
                return panel_id
        return None

    def remove(self, panel_id: str) -> None:
        """Remove a panel; what it showed is probed no more if nothing else needs it."""
        panel = self._of_the_grid(panel_id)
        self._take_out(panel)
        self._done(f"removing {_named(panel)}")
        self._on_change()
        self._drop_unused_probes()

    def _of_the_grid(self, panel_id: str) -> Panel:
        panel = self.find(panel_id)
        if panel is self._aside:
            raise ValidationError(
                f"the {panel.label} view is no plot: it can be folded away, not removed or moved",
                "panel",
            )
        return panel

    def settle_in(self, choice: Choice) -> str:
        """Open a panel, also one like another, for good: no undo takes it away."""
        panel = self._make(choice, Identity(new_id()))
        self._take_in(panel)
        self.history.include(_shown(panel))
        self._on_change()
        return panel.identity.id

    def withdraw(self, panel_id: str) -> None:
        """Remove a panel for good: no undo brings it back."""
        self._take_out(self.find(panel_id), for_good=True)
        self.history.forget(panel_id)
        self._on_change()
        self._drop_unused_probes()

    def _take_out(self, panel: Panel, for_good: bool = False) -> None:
        panel_id = panel.identity.id
        if not for_good:
            self._probes.rest(self._specs[panel_id])
        del self._panels[panel_id], self._specs[panel_id]
        # Should it come back, frames of before are not taken for its own.
        self._revs[panel_id] = panel.identity.rev
        panel.closed()

    def set(self, panel_id: str, values: Mapping[str, Any]) -> None:
        """Change settings of a panel while it runs."""
        panel = self.find(panel_id)
        self._change(panel, values)
        self._done(panel.deed(values) or f"a setting of {_named(panel)}")
        self._on_change()
        self._drop_unused_probes()

    def _change(self, panel: Panel, values: Mapping[str, Any]) -> None:
        panel_id = panel.identity.id
        before = dict(panel.values), panel.identity.rev, self._specs[panel_id]
        try:
            if panel.take(values):
                self._renew(panel)
            panel.layout()
            if panel is not self._aside:
                self._probes.rest(before[-1])
        except Exception:
            panel.values, panel.identity.rev, self._specs[panel_id] = before
            raise

    def _renew(self, panel: Panel) -> None:
        panel.identity.rev += 1
        self._specs[panel.identity.id] = self._spec_of(panel)

    def move(self, panel_id: str, to: int) -> None:
        """Put a panel in another place in the order, counted from 0."""
        panel = self._of_the_grid(panel_id)
        order = [other for other in self._panels if other != panel_id]
        if not 0 <= to <= len(order):
            raise ValidationError(
                f"there are places 0 to {len(order)}, got {to!r}: no plot moved", "to"
            )
        order.insert(to, panel_id)
        self._order(order)
        self._done(f"moving {_named(panel)}")
        self._on_change()

    def _order(self, order: list[str]) -> None:
        self._panels = {panel_id: self._panels[panel_id] for panel_id in order}
        self._specs = {panel_id: self._specs[panel_id] for panel_id in self.all}

    def resize(self, panel_id: str, size: Size) -> None:
        """Make a panel larger or smaller."""
        panel = self.find(panel_id)
        panel.size = size
        self._done(f"resizing {_named(panel)}")
        self._on_change()

    # ---- all of it ---------------------------------------------------------

    @property
    def arrangement(self) -> Arrangement:
        """What is open, as a value."""
        aside = None if self._aside is None else _shown(self._aside)
        # A session that fails tells of it on a thread of its own, meanwhile.
        panels = list(self._panels.values())
        return Arrangement(self._window, tuple(map(_shown, panels)), aside, self.source)

    def would_show(self, choice: Choice, size: Size, keep: set[str]) -> Shown:
        """Say how a choice would be shown: in a panel of ``keep`` that shows it already, or anew.

        Raises
        ------
        ValidationError
            When it cannot be.
        """
        panel = self._make(choice, Identity(new_id()))
        panel.size = size
        shown, twin = _shown(panel), self._twin_of(panel)
        return shown if twin not in keep else replace(shown, id=twin)

    def arrange(self, wanted: Arrangement, deed: str = "") -> list[str]:
        """Open, change and remove panels until they are as an arrangement says.

        Parameters
        ----------
        wanted : Arrangement
            Of panels of this bench; those with an id that is open stay and keep their data.
        deed : str
            What undo calls it; "" where it is itself undo or redo.

        Returns
        -------
        remarks : list of str
            What of it cannot be shown any more, and why.
        """
        if self._is_of_another_source(wanted) and self.on_source is not None:
            assert wanted.source is not None
            self.on_source(wanted.source)
            return []
        remarks: list[str] = []
        order: list[str] = []
        wanted_ids = {shown.id for shown in wanted.shown}
        for panel_id, panel in list(self._panels.items()):
            if panel_id not in wanted_ids:
                self._take_out(panel)
        if wanted.window != self._window:
            try:
                self._show_seconds(wanted.window)
            except NengoException as error:
                remarks.append(f"a window of {wanted.window:g} s: {error}")
        for shown in wanted.shown:
            try:
                self._bring(shown)
            except (NengoException, TypeError, ValueError, KeyError) as error:
                remarks.append(f"{shown.title} ({shown.kind}): {error}")
            if shown.id in self._panels:
                order.append(shown.id)
        self._order(order)
        if wanted.aside is not None and self._aside is not None:
            self._change(self._aside, self._aside.differing(wanted.aside.values))
            self._aside.size = wanted.aside.size
        if deed:
            self._done(deed)
        else:
            self.history.settle(self.arrangement)
        self._on_change()
        self._drop_unused_probes()
        return remarks

    def _is_of_another_source(self, wanted: Arrangement) -> bool:
        same_kind = type(wanted.source) is type(self.source)
        return same_kind and wanted.source != self.source

    def _bring(self, shown: Shown) -> None:
        """Open a panel as it was, or make the one that is open so."""
        panel = self._panels.get(shown.id)
        if panel is None:
            identity = Identity(shown.id, self._revs.get(shown.id, -1) + 1)
            panel = self._make(Choice(shown.obj, shown.kind), identity)
            # What it makes of its object may have changed; what a person saw has not.
            panel.take(panel.differing(shown.values))
            self._take_in(panel)
        else:
            self._change(panel, panel.differing(shown.values))
        panel.size = shown.size

    def undo(self) -> list[str] | None:
        """Take back the last deed; None where there is none, else remarks as of `arrange`."""
        if self.before_undo is not None:
            self.before_undo()
        before = self.history.undo()
        return None if before is None else self.arrange(before)

    def redo(self) -> list[str] | None:
        """Do again what was undone last; as `undo`."""
        after = self.history.redo()
        return None if after is None else self.arrange(after)

    def note(self, deed: str) -> None:
        """Something was done that can be undone."""
        self._done(deed)

    def _done(self, deed: str) -> None:
        self.history.note(deed, self.arrangement)

    @property
    def window(self) -> float:
        """Seconds that panels show."""
        return self._window

    @window.setter
    def window(self, seconds: float) -> None:
        self._show_seconds(seconds)
        self._done(f"a window of {seconds:g} s")
        self._on_change()

    def _show_seconds(self, seconds: float) -> None:
        before, self._window = self._window, seconds
        try:
            specs = {panel_id: self._spec_of(panel) for panel_id, panel in self.all.items()}
        except Exception:
            self._window = before
            raise
        # The same ids and revisions: pages keep what they have.
        self._specs = specs

    def leave(self) -> None:
        """Remove all panels, and their probes from a session that goes on."""
        for panel in self.all.values():
            panel.closed()
        self._panels, self._specs, self._aside = {}, {}, None
        self._probes.remove_all()

    # ---- what a `Place` offers -------------------------------------------

    def probe(self, obj: Any, attr: str | None = None, synapse: Any = None) -> LiveProbe:
        """Give a probe of something, the same one for panels that look at the same."""
        return self._probes.of(obj, attr, synapse)

    def send(self, panel: Panel, content: dict[str, Any], buffer: bytes | None = None) -> None:
        """Say something to the page side of a panel, with arrays in a buffer."""
        message = {"type": "for_panel", "panel": panel.identity.id, "content": content}
        self._send(message, *([] if buffer is None else [[buffer]]))

    def changed(self, panel: Panel, anew: bool = True) -> None:
        """Take up what has changed of a panel; ``anew`` where its spec has."""
        if anew:
            self._renew(panel)
        self._done(f"a setting of {_named(panel)}")
        self._on_change()
        if anew:
            self._drop_unused_probes()

    def respec(self, panel: Panel) -> None:
        """Take up another spec of a panel, of which the page side need not be made anew."""
        self._specs[panel.identity.id] = self._spec_of(panel)
        self._on_change()
        self._drop_unused_probes()

    def show(self, choice: Choice) -> str:
        """Open a panel that another one asks for, unless it is open."""
        before = len(self)
        panel_id = self.open(choice)
        if len(self) > before:
            self._on_change()
        return panel_id

    def offers(self, obj: Any) -> list[KindOffer]:
        """Give the kinds of panel that an object can be seen in, the likeliest first."""
        return [{"name": kind.name, "label": kind.label} for kind in offered_of(obj)]

    @property
    def is_awake(self) -> bool:
        """Whether there is a simulator, or will be without anybody asking for it."""
        return self.session.state != "asleep"

    def rebuilt(self) -> None:
        """The network is built again, as it is now."""
        self.network = self.session.network
        for panel in self.all.values():
            panel.rebuilt()
        if self._aside is not None:
            self._specs[self._aside.identity.id] = self._spec_of(self._aside)

    def _lost(self, probe: LiveProbe) -> None:
        """Remove what cannot be shown after all; what a closed session showed stays."""
        if self.session.is_closing:
            return
        lost = [i for i, spec in self._specs.items() if any(p is probe for p in spec.probes)]
        if self._aside is not None and self._aside.identity.id in lost:
            # It goes on without colour.
            lost.remove(self._aside.identity.id)
            self._change(self._aside, {"activity": False})
            self._on_change()
        for panel_id in lost:
            del self._specs[panel_id]
            self._panels.pop(panel_id).closed()
            self.history.forget(panel_id)
        if lost:
            self._on_change()

    def _drop_unused_probes(self) -> None:
        self._probes.keep(self._specs.values())


def _text(source: Any) -> str:
    """Give text, or the text in a file."""
    return source.read_text() if isinstance(source, Path) else source


def _named(panel: Panel) -> str:
    """Name a panel for a person."""
    return f"{panel.title}: {panel.what}" if panel.title else panel.what


def _shown(panel: Panel) -> Shown:
    return Shown(
        panel.identity.id, panel.name, panel.obj, panel.title, dict(panel.values), panel.size
    )
