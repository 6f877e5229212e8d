"""The time machine of a run: moments are taken, put back, and what came after computed again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

from .changes import Changes
from .delivery import Delivery
from .inputs import Inputs
from .probes import Feed
from .shelf import taken_down
from .timeline import Branch, Event, Moment, Timeline

# Steps that are computed again at a time; between two the session can be closed.
REPLAYED = 256


@dataclass(frozen=True)
class Return:
    """Where a run goes on from after it was gone back in.

    Attributes
    ----------
    branch : str
        On which it goes on.
    step, time : int, float
        Where it stands, in steps and seconds.
    exact : bool
        Whether all is what it was then, to the last bit.
    why : str
        Why it may not be.
    """

    branch: str
    step: int
    time: float
    exact: bool
    why: str = ""


class TimeMachine:
    """Goes back in a run and on from there; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    delivery : Delivery
        Takes the data of what is computed again.
    feeds : callable
        Gives what is looked at.
    inputs : Inputs
        What Nodes put out instead of their own output.
    changes : Changes
        What was changed.
    closing : callable
        Whether the session is to end.
    budget : int
        Bytes for moments.
    say : callable
        Tells people how far it has come, where that takes a while.
    """

    def __init__(
        self,
        sim: Any,
        delivery: Delivery,
        feeds: Callable[[], Iterable[Feed]],
        inputs: Inputs,
        changes: Changes,
        closing: Callable[[], bool],
        budget: int,
        say: Callable[[str], object],
    ) -> None:
        self._sim, self._delivery = sim, delivery
        self._feeds, self._inputs = feeds, inputs
        self._changes, self._closing, self._say = changes, closing, say
        # From which step to which it computes again.
        self._whole = (0, 0)
        self.timeline = Timeline(sim.dt, self._take, budget)

    # ---- moments ---------------------------------------------------------

    def _take(self, seq: int) -> Moment:
        sim = self._sim
        filters: dict[Any, Any] = {feed.probe.id: feed.filters() for feed in self._feeds()}
        return Moment(
            sim.n_steps,
            sim.state,
            sim.standing,
            dict(self._changes.standing),
            dict(self._inputs.standing),
            filters | {"tracks": self._delivery.recorder.filters()},
            sim.formulas,
            seq,
        )

    def _put(self, moment: Moment) -> None:
        sim = self._sim
        sim.standing = moment.standing
        self._changes.recount(moment.changes)
        for node in {*self._inputs.standing, *moment.inputs}:
            self._inputs.put(node, moment.inputs.get(node))
        with warnings.catch_warnings():
            # What Python functions remember is said by `doubts`, beforehand.
            warnings.simplefilter("ignore")
            sim.state = taken_down(moment.state)
        for feed in self._feeds():
            feed.put_filters(moment.filters.get(feed.probe.id))

    def doubts(self, moment: Moment) -> str:
        """Why what comes after a moment may not be computed again to the last bit."""
        forgetful = self._sim.not_restorable
        if forgetful:
            return (
                "Python code that may remember something cannot be put back: "
                f"{', '.join(forgetful)}"
            )
        if moment.formulas != self._sim.formulas:
            return (
                "neurons are computed by other formulas of single precision since, because of "
                "what is probed or of a time constant that was set; it is the same but for rounding"
            )
        return ""

    # ---- going back ------------------------------------------------------

    def go_back(self, branch: Branch, step: int, name: str | None) -> Return:
        """Stand where a branch stood after a step, and go on from there on a new branch.

        At the end of a branch, without a name for a new one, the branch itself goes on.
        """
        timeline = self.timeline
        self._changes.finish()
        self._inputs.finish()
        if not branch.lineage[-1][0].start <= step <= branch.end:
            raise ValidationError(
                f"the branch {branch.name!r} was run from step {branch.lineage[-1][0].start} to "
                f"{branch.end}, got step {step}",
                "time",
            )
        moment = branch.last_moment(step)
        if moment is None:
            raise ValidationError(f"nothing is kept of step {step} or before it", "time")
        goes_on = name is None and step == branch.end
        new = branch.name if goes_on else timeline.new_name(name)
        # Where this branch stands: to come back to, and if something fails on the way.
        left = timeline.keep()
        here = timeline.here
        self._delivery.recorder.leave(here.name)
        try:
            kept = min(step, _common(here, branch))
            self._put(moment)
            why = self.doubts(moment)
            filters = moment.filters.get("tracks", {})
            self._delivery.recorder.go_back(kept, filters, branch.name, step)
            self._whole = (moment.step, step)
            self._replay(branch.events_after(moment, step), step)
            why = why or self.doubts(moment)
        except Exception:
            self._put(left)
            filters = left.filters.get("tracks", {})
            self._delivery.recorder.go_back(left.step, filters, here.name, left.step)
            self._delivery.went_back(left.step)
            raise
        timeline.here = branch
        if not goes_on:
            timeline.fork(new, step)
        timeline.keep()
        self._delivery.went_back(step)
        return Return(new, step, step * self._sim.dt, not why, why)

    def _replay(self, events: list[Event], until: int) -> None:
        for event in events:
            self._compute(event.step)
            if event.kind == "input":
                self._inputs.put(*event.what)
            elif event.kind == "change":
                self._changes.again(event.what)
        self._compute(until)

    def _say_how_far(self) -> None:
        first, last = self._whole
        if last - first > REPLAYED:
            self._say(f"going back, {(self._sim.n_steps - first) / (last - first):.0%}")

    def _compute(self, until: int) -> None:
        """Compute up to a step, as it was computed before."""
        sim = self._sim
        while sim.n_steps < until:
            if self._closing():
                raise SimulatorClosed("the session was closed while it went back")
            self._say_how_far()
            first = sim.n_steps + 1
            data = sim.advance(min(REPLAYED, until - sim.n_steps))
            record(self._feeds(), data, first, sim.n_steps, self._delivery)
        if sim.n_steps > until:
            raise SimulationError(f"the run stands at step {sim.n_steps}, after step {until}")


def record(
    feeds: Iterable[Feed], data: dict[Any, np.ndarray], first: int, last: int, delivery: Delivery
) -> None:
    """Hand over what a tile gave to what is plotted."""
    for feed in feeds:
        if feed.source in data:
            samples = feed.samples(data[feed.source], first, last)
            delivery.recorder.record(feed.probe.id, *samples)


def _common(here: Branch, other: Branch) -> int:
    """Up to which step two branches are one."""
    own = {branch: until for branch, until, _ in here.lineage}
    return max((min(own[b], until) for b, until, _ in other.lineage if b in own), default=0)
