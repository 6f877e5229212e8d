"""When the simulator is elsewhere than where the run stands: on its way back, or beside the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from nengo.exceptions import SimulationError

from .delivery import Delivery
from .journey import Journey
from .machine import TimeMachine
from .probes import Feed
from .specs import StreamSpec
from .status import Status
from .tracks import ValueTrack

# What is computed beside a run that rests begins again so long after the last command.
REST = 0.2


class GivenUp(SimulationError):
    """A person wants to go back no further."""


class _Interrupted(Exception):
    """What is computed beside the run gives way to a command, and begins again later."""


class Travels:
    """At most one journey at a time; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    machine : TimeMachine
        Knows the ways.
    delivery : Delivery
        Looks nothing up meanwhile.
    publish : callable
        Changes fields of the status, and lets every listener hear of it.
    read : callable
        Gives the current `Status`.
    feeds : callable
        Gives what is looked at, by the id of its probe.
    settled : callable
        Whether nothing is being compiled.
    """

    def __init__(
        self,
        sim: Any,
        machine: TimeMachine,
        delivery: Delivery,
        publish: Callable[..., object],
        read: Callable[[], Status],
        feeds: Callable[[], Mapping[str, Feed]],
        settled: Callable[[], bool],
    ) -> None:
        self._sim, self._machine, self._delivery = sim, machine, delivery
        self._publish, self._read = publish, read
        self._feeds, self._settled = feeds, settled
        # What was said before something was computed beside the run.
        self._note = ""
        self._journey: Journey | None = None
        self._recalls: list[tuple[str, list[StreamSpec], Future[bool]]] = []
        self._not_before = 0.0

    @property
    def returning(self) -> bool:
        """Whether it is on its way back in the run."""
        return self._journey is not None and not self._journey.away

    def set_off(self, journey: Journey) -> Future[Any]:
        """Begin a journey; what is refused is raised at once."""
        self._journey, self._delivery.frozen = journey, True
        self.go_on()
        if journey.result.done():
            journey.result.result()
        return journey.result

    def go_on(self) -> bool:
        """Do a piece of the journey; False where there is none."""
        journey = self._journey
        if journey is None:
            return False
        if journey.go_on():
            self._arrive(journey)
        else:
            share = None if journey.away else journey.share
            self._publish(note=str(journey), returning=share)
        return True

    def stay(self) -> None:
        """Go back no further: stand where the run stood."""
        if self.returning:
            self._end(GivenUp("the way back was given up: the run stands where it stood"))

    def be_here(self) -> None:
        """A command needs the simulator where the run stands: what is computed beside it waits."""
        self._not_before = time.perf_counter() + REST
        if self._journey is not None and self._journey.away:
            self._end(_Interrupted())

    def close(self, why: Exception) -> None:
        """End all of it."""
        self._end(why)
        for _, _, done in self._recalls:
            done.set_exception(why)
        self._recalls = []

    def _end(self, why: Exception) -> None:
        if (journey := self._journey) is not None:
            journey.stop(why)
            self._arrive(journey)

    def _arrive(self, journey: Journey) -> None:
        self._journey, self._delivery.frozen = None, False
        now = {"time": self._sim.time, "n_steps": self._sim.n_steps}
        self._publish(**now, note=self._note if journey.away else "", returning=None)
        journey.settle()

    # ---- beside the run --------------------------------------------------

    def recall(self, branch: str, specs: list[StreamSpec]) -> Future[bool]:
        """Compute what some plots of lines lack of a branch that is not run, while the run rests.

        The result says whether there was something to compute, when it is there.
        """
        done: Future[bool] = Future()
        self._recalls.append((branch, specs, done))
        return done

    def recall_if_due(self) -> float | None:
        """Begin to compute what was asked for; the seconds until that, None where nothing was."""
        if not self._recalls:
            return None
        pause = self._not_before - time.perf_counter()
        if pause > 0 or not self._settled():
            return max(pause, REST / 4)
        branch, specs, done = self._recalls[0]
        lacking = self._lacking(branch, specs)
        if not lacking:
            self._recalls.pop(0)
            done.set_result(False)
            return 0.0
        way = self._machine.recall(self._machine.timeline.branch(branch), lacking)
        self._journey = Journey(way, f"computing what {branch!r} had", away=True)
        self._delivery.frozen, self._note = True, self._read().note
        self._journey.result.add_done_callback(self._recalled)
        return 0.0

    def _recalled(self, outcome: Future[Any]) -> None:
        error = outcome.exception()
        if isinstance(error, _Interrupted) or not self._recalls:
            return
        _, _, done = self._recalls.pop(0)
        if error is None:
            done.set_result(True)
        else:
            done.set_exception(error)

    def _lacking(self, branch: str, specs: list[StreamSpec]) -> list[StreamSpec]:
        timeline, feeds = self._machine.timeline, self._feeds()
        if branch not in timeline.branches or timeline.branch(branch) is timeline.here:
            return []
        known = self._delivery.recorder.left.rows(branch)
        return [
            spec
            for spec in specs
            if spec.key not in known
            and all(probe.id in feeds for probe in spec.probes)
            and isinstance(spec.make_track(self._sim.dt), ValueTrack)
        ]
