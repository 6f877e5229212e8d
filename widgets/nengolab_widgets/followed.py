"""Panels that stay when another network takes the place of the one that they look at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import nengo
from nengo.exceptions import NengoException

from nengolab.live import PanelSpec, Session
from nengolab.live.following import Follower
from nengolab.live.specs import StreamSpec
from nengolab.names import Names

from .arrangement import Shown
from .history import UndoHistory
from .messages import PanelLayout
from .panel import Choice, Identity, Panel
from .panels import kinds
from .shared_probes import SharedProbes


class Followed:
    """The part of a `Bench` that is about another network."""

    session: Session
    names: Names
    network: nengo.Network
    history: UndoHistory
    _aside: Panel | None
    _panels: dict[str, Panel]
    _specs: dict[str, PanelSpec]
    _probes: SharedProbes
    _once: dict[Any, str]

    @property
    def all(self) -> dict[str, Panel]:
        """See `Bench.all`."""
        raise NotImplementedError

    def _layout(self, panel: Panel) -> PanelLayout:
        raise NotImplementedError

    def _make(self, choice: Choice, identity: Identity) -> Panel:
        raise NotImplementedError

    def _spec_of(self, panel: Panel) -> PanelSpec:
        raise NotImplementedError

    def _renew(self, panel: Panel) -> None:
        raise NotImplementedError

    def _take_out(self, panel: Panel, for_good: bool = False) -> None:
        raise NotImplementedError

    def _drop_unused_probes(self) -> None:
        raise NotImplementedError

    def follow(self, follow: Follower) -> list[str]:
        """Another network runs now: panels of what is in both stay, the others go.

        Returns
        -------
        remarks : list of str
            Which go although what they look at is in both, and why.
        """
        remarks: list[str] = []
        before, self.network = self.network, self.session.network
        was = {i: (self._layout(p), self._specs[i]) for i, p in self.all.items()}
        called = {**self._once, **{o: self.names.get(o) for o in self.names.objects()}}
        self.names.become(self.network)

        def find(obj: Any) -> Any:
            return self.network if obj is before or obj is None else follow(obj)

        def remember(obj: Any) -> Any:
            """What is gone stays what it was: it is found again by its name."""
            found = None if obj is None else find(obj)
            if found is None and obj is not None and _hashes(obj):
                name = called.get(obj)
                found = None if name is None else self.names.find(name)
                if found is None and name is not None:
                    self._once[obj] = name
            return obj if found is None else found

        self._probes.follow(follow)

        def moved(shown: Shown) -> Shown:
            values = kinds()[shown.kind].renamed(shown.values, follow.renamed)
            return replace(shown, obj=remember(shown.obj), values=values)

        self.history.follow(moved)
        for panel in self.all.values():
            panel.take(panel.differing(panel.renamed(panel.values, follow.renamed)))
        for panel in list(self.all.values()):
            obj = None if panel.obj is None else find(panel.obj)
            if (obj is not None or panel.obj is None) and panel.follow(obj):
                panel.rebuilt()
            else:
                remarks += self._move(panel, obj, *was[panel.identity.id])
        if self._aside is not None:
            # Not another revision: the view itself goes on, with what is selected and searched.
            self._specs[self._aside.identity.id] = self._spec_of(self._aside)
        self._drop_unused_probes()
        return remarks

    def _move(self, panel: Panel, obj: Any, layout: PanelLayout, spec: PanelSpec) -> list[str]:
        """Have a panel look at what takes the place of its object, or take it out and say why."""
        panel_id = panel.identity.id
        if panel.obj is not None and obj is None:
            self._take_out(panel, for_good=True)
            return []
        other = self._make(Choice(obj, panel.name), panel.identity)
        other.size = panel.size
        panel.closed()
        try:
            other.take(other.differing(panel.values))
            self._panels[panel_id] = other
            self._specs[panel_id] = self._spec_of(other)
            same = self._layout(other) == layout and isinstance(spec, StreamSpec)
        except NengoException as error:
            self._take_out(other, for_good=True)
            return [f"{other.title} ({other.label}): {error}"]
        if not same:
            self._renew(other)
        return []


def _hashes(obj: Any) -> bool:
    kind = cast("type[Any]", type(obj))
    return getattr(kind, "__hash__", None) is not None and not isinstance(obj, tuple)
