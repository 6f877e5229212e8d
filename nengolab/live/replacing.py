"""A network that takes the place of the one that runs: built beside it, and switched to.

::

    asked -> built beside the run -> switched: the old simulator goes -> compiled -> goes on
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import nengo
from nengo.exceptions import SimulationError, SimulatorClosed

from nengolab.exceptions import BuildStopped
from nengolab.names import Names

from .delivery import Delivery
from .errors import report_error
from .following import Follower
from .mailbox import Mailbox
from .opening import Opening
from .probes import LiveProbe
from .rebuilt import Rebuilt
from .runner import LiveRunner
from .status import StatusBoard

STOPPED = "the build was stopped"

Carry = Callable[[Any, Any], Any]


@dataclass(eq=False)
class Replacement:
    """One network that is to run instead of another.

    Attributes
    ----------
    network : nengo.Network
    carry : callable
        Of a state and the new simulator, gives the state to go on from.
    kept : mapping
        Nodes of the old network, and those of the new one that go on being driven as they were.
    switched : callable
        Called on the owner thread, with a `Follower`, when the old simulator is gone.
    is_wanted : callable
        Whether it is still to take the place.
    done : Future
        Done when the new network is ready to run, or goes on; holds the error where it could not
        be built: then the old one goes on.
    is_here : bool
        Whether it has taken the place.
    resumes : bool
        Whether it is to run on.
    """

    network: nengo.Network
    carry: Carry
    kept: Mapping[Any, Any]
    switched: Callable[[Follower], None]
    is_wanted: Callable[[], bool] = lambda: True
    done: Future[None] = field(default_factory=Future[None])
    is_here: bool = False
    resumes: bool = False


class Replacing:
    """The part of the owner thread that has another network run."""

    board: StatusBoard
    mailbox: Mailbox
    delivery: Delivery
    inputs: dict[Any, Any]
    _target: Any
    _options: dict[str, Any]
    _names: Names
    _runner: LiveRunner | None
    _rebuilt: Rebuilt | None
    _replacing: Replacement | None
    _is_asleep: bool
    _is_opening: bool
    _looks_only: bool
    _waking: threading.Lock
    _opening: Opening | None
    _left: list[Opening]

    def publish(self, **changes: Any) -> None:
        """See `OwnerThread.publish`."""
        raise NotImplementedError

    def _say_of(self, opening: Opening, **changes: Any) -> bool:
        raise NotImplementedError

    def _post_unless_left(
        self, opening: Opening, act: Callable[[], None], is_wanted: Callable[[], bool]
    ) -> Future[None] | None:
        """Have something done with what is built now, unless nobody wants that by then."""
        raise NotImplementedError

    def _begin_opening(self, opening: Opening) -> None:
        raise NotImplementedError

    def _post_early(self, act: Callable[[], Any]) -> bool:
        raise NotImplementedError

    def _take_up(self, sim: Any) -> None:
        raise NotImplementedError

    def _take_over(self, outcome: Any) -> None:
        raise NotImplementedError

    def _discard(self, outcome: Any) -> None:
        raise NotImplementedError

    @property
    def is_asleep(self) -> bool:
        """Whether nothing is built yet, and nobody has asked for it."""
        return self._is_asleep

    def replace(self, new: Replacement) -> Future[None]:
        """Build another network beside the run, and run that instead once it is built."""
        self._refuse_while_replacing()
        if self._looks_only or (self._runner is not None and self._runner.sim is self._target):
            raise SimulationError(
                "the session was given a simulator, which runs its own network; make a Lab or a "
                "Session of the network"
            )
        if not new.is_wanted():  # by no fault of anybody, so it is not published as one
            new.done.set_exception(BuildStopped(STOPPED))
            return new.done
        with self._waking:
            if self._is_opening and not self._is_asleep:
                raise SimulationError("the network is being built: ask again when it is ready")
            self._is_asleep = False
        self._replacing = new
        rests = self._runner is None

        def stage(opening: Opening, name: str) -> bool:
            # What runs goes on until the other one is built.
            if rests or new.is_here:
                return self._say_of(opening, state=name, error=None)
            return self._say_of(opening, note=f"{name} the changed network")

        if rests:
            self._is_opening = True
            self.publish(state="loading", error=None)
        self._begin_opening(
            Opening(
                new.network,
                self._options,
                stage,
                lambda opening, sim: self._post_switch(new, opening, sim),
                lambda opening, outcome: self._replaced(new, opening, outcome),
            )
        )
        return new.done

    def _refuse_while_replacing(self) -> None:
        if self._replacing is not None:
            raise SimulationError("another network is being built: ask again when it is ready")

    def _post_switch(self, new: Replacement, opening: Opening, sim: Any) -> Future[None] | None:
        return self._post_unless_left(opening, lambda: self._switch(new, sim), new.is_wanted)

    def _switch(self, new: Replacement, sim: Any) -> None:
        """The other network is built: what ran goes, and those who look on are moved."""
        old, new.is_here = self._runner, True
        gone: list[LiveProbe] = []
        follow = Follower(self._names, new.network)
        self._is_opening = True
        self.delivery.resting = self.delivery.sim = None
        if old is not None:
            new.resumes = old.running and not old.has_goal
            state, probes, filters = old.sim.state, old.probes, old.filters()
            old.let_go(built_here=True, ended=False)
            followed = [probe for probe in probes if probe.follow(follow)]
            gone = [probe for probe in probes if probe not in followed]
            self._rebuilt = Rebuilt(state, followed, filters, new.carry)
        self._target = new.network
        self._names.become(new.network)
        self.inputs = {new.kept[n]: v for n, v in self.inputs.items() if n in new.kept}
        self.publish(state="compiling", real_time_factor=None, error=None, note="")
        new.switched(follow)
        # By now nobody who was told of the other network waits for them.
        for probe in gone:
            self._drop(probe)
        self._take_up(sim)

    def _drop(self, probe: LiveProbe) -> None:
        self.delivery.drop_probe(probe.id)
        if not probe.attached.done():
            why = f"{probe.label!r}: it is not in the network any more"
            probe.attached.set_exception(SimulatorClosed(why))

    def _replaced(self, new: Replacement, opening: Opening, outcome: Any) -> None:
        if not self._post_early(lambda: self._end_replacing(new, opening, outcome)):
            self._discard(outcome)
            if not new.done.done():
                new.done.set_exception(SimulatorClosed("the session was closed first"))

    def _end_replacing(self, new: Replacement, opening: Opening, outcome: Any) -> None:
        """The other network runs, or could not be built."""
        if opening.is_left:
            return self._discard(outcome)
        self._opening = None
        failed = outcome if isinstance(outcome, Exception) else None
        try:
            if failed is None or new.is_here:
                self._take_over(outcome)
            elif self._runner is None:
                self._is_opening = False
                self.publish(state="error", error=report_error(failed, self._names))
            else:
                self.publish(note="")
        except Exception as error:
            failed = error
            self.publish(state="error", error=report_error(error, self._names))
        finally:
            self._replacing = None
        if failed is None:
            new.done.set_result(None)
        else:
            new.done.set_exception(failed)
