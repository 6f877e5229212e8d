"""The time machine of a run: moments are taken, put back, and what came after computed again."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

from .beside import WINDOWS
from .changes import Changes
from .delivery import Delivery
from .inputs import Inputs
from .journey import PIECE, Way
from .probes import Feed
from .recorder import Recorder
from .shelf import taken_down
from .specs import StreamSpec, window_steps
from .timeline import Branch, Moment, Timeline

# Steps that are computed again at a time: at first, and at most.
FIRST_REPLAYED, MOST_REPLAYED = 16, 512


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
    ) -> None:
        self._sim, self._delivery = sim, delivery
        self._feeds, self._inputs = feeds, inputs
        self._changes, self._closing = changes, closing
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

    def go_back(self, branch: Branch, step: int, name: str | None) -> Way:
        """Stand where a branch stood after a step, and go on from there on a new branch.

        At the end of a branch, without a name for a new one, the branch itself goes on.
        Gives how far it is after each stretch that is computed again, and returns a `Return`.
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
            shown = (self._feeds, self._delivery.recorder)
            yield from self._replay(branch, moment, step, *shown)
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

    # ---- what plots would have had -----------------------------------------

    def recall(self, branch: Branch, specs: list[StreamSpec]) -> Way:
        """Compute what some plots would have had of another branch, and stand here again.

        From where it left this one, as far back as plots show another branch. Filters of what was
        not probed then begin at rest, up to one interval of moments before.
        """
        if forgetful := self._sim.not_restorable:
            raise SimulationError(
                f"what plots had not seen of {branch.name!r} cannot be computed again without "
                f"disturbing the run: Python code may remember something ({', '.join(forgetful)})"
            )
        most = WINDOWS * max(window_steps(spec, self._sim.dt) for spec in specs)
        first = max(_common(self.timeline.here, branch), branch.end - most)
        moment = branch.last_moment(first)
        if moment is None:
            raise SimulationError(f"nothing is kept of step {first} or before it")
        recorder = Recorder(self._sim.dt)
        recorder.hold(specs)
        feeds = self._fresh_feeds(specs, moment)
        here, deeds = self.timeline.now(), self._changes.deeds
        try:
            self._put(moment)
            yield from self._replay(branch, moment, branch.end, lambda: feeds, recorder)
        finally:
            self._put(here)
            self._changes.deeds = deeds
        self._delivery.recorder.left.add(branch.name, recorder.rows())

    def _fresh_feeds(self, specs: list[StreamSpec], moment: Moment) -> list[Feed]:
        """Feeds of their own, so that those of what is shown do not notice."""
        wanted = {probe.id for spec in specs for probe in spec.probes}
        feeds = [Feed(f.probe, f.source, f.dt) for f in self._feeds() if f.probe.id in wanted]
        for feed in feeds:
            feed.put_filters(moment.filters.get(feed.probe.id))
        return feeds

    # ---- computing again ---------------------------------------------------

    def _replay(
        self,
        branch: Branch,
        moment: Moment,
        until: int,
        feeds: Callable[[], Iterable[Feed]],
        recorder: Recorder,
    ) -> Way:
        """Compute from a moment up to a step what was computed before, with all that was done."""
        sim, seconds = self._sim, 0.0

        def compute(until: int) -> Way:
            nonlocal seconds
            while sim.n_steps < until:
                if self._closing():
                    raise SimulatorClosed("the session was closed while it went back")
                first = sim.n_steps + 1
                # Pieces of about half of what commands wait for at most.
                fitting = int(PIECE / 2 / seconds) if seconds else FIRST_REPLAYED
                began = time.perf_counter()
                data = sim.advance(min(max(1, fitting), MOST_REPLAYED, until - sim.n_steps))
                record(feeds(), data, first, sim.n_steps, recorder)
                seconds = (time.perf_counter() - began) / (sim.n_steps - first + 1)
                yield (sim.n_steps - moment.step) / (whole or 1)
            if sim.n_steps > until:
                raise SimulationError(f"the run stands at step {sim.n_steps}, after step {until}")

        whole = until - moment.step
        for event in branch.events_after(moment, until):
            yield from compute(event.step)
            if event.kind == "input":
                self._inputs.put(*event.what)
            elif event.kind == "change":
                self._changes.again(event.what)
        yield from compute(until)


def record(
    feeds: Iterable[Feed], data: dict[Any, np.ndarray], first: int, last: int, recorder: Recorder
) -> None:
    """Hand over what a tile gave to what is plotted."""
    for feed in feeds:
        if feed.source in data:
            samples = feed.samples(data[feed.source], first, last)
            recorder.record(feed.probe.id, *samples)


def _common(here: Branch, other: Branch) -> int:
    """Up to which step two branches are one."""
    own = {branch: until for branch, until, _ in here.lineage}
    return max((min(own[b], until) for b, until, _ in other.lineage if b in own), default=0)
