"""Another network for a session: the commands of `Session` about it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import nengo
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.names import Names

from .following import Follower
from .owner import OwnerThread
from .probes import LiveProbe, base_object
from .replacing import Replacement


class Replaceable:
    """The part of a `Session` that runs another network instead, or stops a build."""

    _owner: OwnerThread
    _probes: dict[str, LiveProbe]
    _known: frozenset[Any]
    network: nengo.Network

    def stop_building(self) -> Future[bool]:
        """Stop the build or compile that goes on: the session sleeps until it is needed again.

        A build ends between two objects; a compile comes to its end beside, and what it gives is
        dropped. What waits for the build, such as a run, raises a
        `nengolab.exceptions.BuildStopped`; probes and plots stay. Where another network is being
        built for this session, what ran before goes on.

        Returns
        -------
        Future of bool
            False where nothing was being built.
        """
        return self._owner.post(lambda: self._owner.stop_building(), early=True)

    def replace(
        self,
        network: nengo.Network,
        carry: Callable[[Any, Any], Any],
        kept: Mapping[nengo.Node, nengo.Node] | None = None,
        switched: Callable[[Follower], None] = lambda follow: None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Future[None]:
        """Run another network instead: it is built beside the run, which then goes on in it.

        Probes of what is in both, by name, stay, with what they saw. Where the other network cannot
        be built, this one goes on, and the Future holds the error.

        Parameters
        ----------
        network : nengo.Network
        carry : callable
            Of the state and the new simulator, gives the state to go on from, such as
            ``lambda state, sim: nengolab.building.carried(state, before, sim)[0]``.
        kept : mapping, optional
            Nodes that are driven, and which of the other network are to be driven so.
        switched : callable, optional
            Called on the owner thread when this session is one of the other network, with what
            gives the new object for an old one, or None.
        is_wanted : callable, optional
            Whether it is still to take the place; asked before the build and before the switch.
            Where not, it is as if the build had been stopped.
        """
        known = members_of(network)
        session = weakref.ref(self)

        def switch(follow: Follower) -> None:
            if (own := session()) is not None:
                own._become(network, known, follow)
            switched(follow)

        new = Replacement(network, carry, kept or {}, switch, is_wanted)
        owner = self._owner
        return owner.post(lambda: owner.replace(new), wakes=False, early=owner.is_asleep)

    def _become(self, network: nengo.Network, known: frozenset[Any], follow: Follower) -> None:
        self.network, self._known = network, known
        gone = [p for p in self._probes.values() if not _is_of(p.target, follow.after)]
        for probe in gone:
            self._probes.pop(probe.id, None)


def _is_of(target: Any, names: Names) -> bool:
    base = base_object(target)
    if isinstance(base, LearningRule):
        base = base.connection
    return names.has(base.ensemble if isinstance(base, Neurons) else base)


def members_of(network: nengo.Network) -> frozenset[Any]:
    """All objects of a network, and its subnetworks."""
    return frozenset((*network.all_objects, *network.all_networks))
