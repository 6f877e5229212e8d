"""What the owner thread does with the simulator: tiles, and the commands about them.

::

    ready | paused | finished | error  --play, step, run_for-->  running
    running  --pause, goal reached-->  paused | finished
    running  --something raised-->  error      (state before the failing tile is kept)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

from nengolab.names import Names

from .changes import Changes
from .delivery import Delivery
from .errors import failing_step, report_error
from .inputs import InputEdit, Inputs, Standing, Value
from .journey import Journey
from .machine import Return, TimeMachine, record
from .pacing import FRAME_PERIOD, Pacer, RateMeter, TileSizer
from .probes import Feed, LiveProbe
from .status import Status
from .taps import Taps
from .timeline import NEVER
from .travels import Travels
from .watch import Watch

Publish = Callable[..., object]
# How often a run that waits for the signal of its condition looks whether it is there.
WATCH_POLL = 0.02


@dataclass
class Goal:
    """Where a run is to stop by itself: after a step, or where a condition holds before that.

    ``said`` tells people why it stopped.
    """

    step: int
    paced: bool
    end: str
    watch: Watch | None = None
    said: str = ""
    result: Future[float] = field(default_factory=Future[float])

    @property
    def waits(self) -> bool:
        """Whether something that it watches is not read out yet; raises where it cannot be."""
        return self.watch is not None and not self.watch.ready


class LiveRunner:
    """Runs a simulator tile by tile; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    delivery : Delivery
        Takes the data of each tile.
    read : callable
        Gives the current `Status`.
    publish : callable
        Changes fields of the status, and lets every listener hear of it.
    note_progress : callable
        Changes fields of the status; listeners hear of it with the data.
    names : Names
        Names of the network's objects, for errors.
    closing : callable
        Whether the session is to end.
    budget : int
        Bytes of memory for going back.
    driven : callable
        Hears of each Node that puts out something else from now on.
    """

    def __init__(
        self,
        sim: Any,
        delivery: Delivery,
        read: Callable[[], Status],
        publish: Publish,
        note_progress: Publish,
        names: Names,
        closing: Callable[[], bool],
        budget: int,
        driven: Callable[[Any, Any], None],
    ) -> None:
        self.sim = sim
        self._delivery, self._names = delivery, names
        self._read, self._publish, self._note_progress = read, publish, note_progress
        self._feeds: dict[str, Feed] = {}
        self._taps = Taps(sim)
        self._goal: Goal | None = None
        self._pacer, self._sizer, self._meter = Pacer(), TileSizer(), RateMeter()
        self._aside = 0.0
        self._hurried = False
        # What stood when the simulator came, to give it back so.
        self._found: Any = None
        self._inputs, self._driven = Inputs(sim, self._note_input), driven
        self.changes = Changes(sim, self._note_change, self._inputs.set)
        self.machine = TimeMachine(
            sim,
            delivery,
            lambda: self._feeds.values(),
            self._inputs,
            self.changes,
            closing,
            budget,
        )
        self.travels = Travels(
            sim, self.machine, delivery, publish, read, lambda: self._feeds, lambda: self.settled
        )

    def begin(self) -> None:
        """The simulator is claimed, and as it is to start: this can be gone back to."""
        if self._found is None:
            self._found = self.sim.standing
        self.machine.timeline.begin(self.sim.n_steps)
        self.machine.timeline.keep()

    @property
    def running(self) -> bool:
        """Whether the simulation is to go on."""
        return self._read().state == "running"

    @property
    def has_goal(self) -> bool:
        """Whether the run is to stop by itself somewhere."""
        return self._goal is not None

    @property
    def stepping(self) -> bool:
        """Whether steps that were asked for are still to be done."""
        return self._goal is not None and not self._goal.paced

    # ---- tiles -----------------------------------------------------------

    def tile_if_due(self) -> float | None:
        """Run a tile when it is time; return the seconds until the next, None when not running."""
        if self.travels.go_on():
            return 0.0
        if not self.running:
            return self.travels.recall_if_due()
        try:
            if self._goal is not None and self._goal.waits:
                return WATCH_POLL
        except Exception as error:
            self._stop_for(error)
            return None
        pause = self._pause()
        if pause > (FRAME_PERIOD if self._hurried else 0.0):
            return pause
        self._hurried = False
        steps = self._sizer.steps(
            self._delivery.watched(time.perf_counter()), self._speed, self.sim.dt
        )
        if self._goal is not None:
            steps = min(steps, self._goal.step - self.sim.n_steps)
        try:
            self._tile(steps)
        except Exception as error:
            self._stop_for(self._go_up_to(error, steps))
        return self._pause() if self.running else None

    def spent_aside(self, seconds: float) -> None:
        """Note what was spent on frames since the last tile."""
        self._aside = seconds

    @property
    def _speed(self) -> float | None:
        paced = self._goal is None or self._goal.paced
        return self._read().speed if paced else None

    def _pause(self) -> float:
        return self._pacer.delay(time.perf_counter(), self._read().time, self._speed)

    def _tile(self, steps: int) -> None:
        before = time.perf_counter()
        first = self.sim.n_steps + 1
        watch = self._goal.watch if self._goal is not None else None
        data = self.sim.advance(steps) if watch is None else watch.advance(self.sim, steps)
        if watch is not None and watch.held:
            assert self._goal is not None
            self._goal.step = self.sim.n_steps
        done = time.perf_counter()
        record(self._feeds.values(), data, first, self.sim.n_steps, self._delivery.recorder)
        now = time.perf_counter()
        self._sizer.learn(steps, done - before, now - done + self._aside)
        self._settle_changes()
        self.machine.timeline.reached(self.sim.n_steps)
        self._arrive(now)

    def _arrive(self, wall: float) -> None:
        """Publish how far the run has come, and end it where it was to end."""
        sim, goal = self.sim, self._goal
        progress = {
            "time": sim.time,
            "n_steps": sim.n_steps,
            "real_time_factor": self._meter.mark(wall, sim.time),
        }
        if goal is None or sim.n_steps < goal.step:
            self._note_progress(**progress)
            return
        self._goal = None
        ended = {"state": goal.end, "real_time_factor": None, "note": goal.said}
        self._publish(**{**progress, **ended})
        goal.result.set_result(sim.time)

    def _go_up_to(self, error: Exception, tried: int) -> Exception:
        """Run what came before the step that failed, where the error tells which that was.

        What is worked out ahead of time fails before what is run step by step, so an earlier
        error may come up on the way: then that is the one to tell of.
        """
        failed = failing_step(str(error), self.sim.dt)
        steps = 0 if failed is None else failed - 1 - self.sim.n_steps
        if not 0 < steps < tried:
            return error
        try:
            self._tile(steps)
        except Exception as earlier:
            return self._go_up_to(earlier, steps)
        return error

    def _stop_for(self, error: Exception) -> None:
        report = report_error(error, self._names)
        self._publish(state="error", error=report, real_time_factor=None)
        self.machine.timeline.note(self.sim.n_steps, "error", report)
        goal, self._goal = self._goal, None
        if goal is not None:
            goal.result.set_exception(error)

    # ---- commands --------------------------------------------------------

    def play(self) -> None:
        """Run until told otherwise."""
        self._drop_goal()
        self._start()

    def pause(self) -> None:
        """Stop after the current tile; a run that an error stopped stays so."""
        self._drop_goal()
        if self._read().state != "error":
            self._publish(state="paused", real_time_factor=None, note="")

    def run_steps(self, n: int, paced: bool, end: str) -> Future[float]:
        """Run n steps and stop in state ``end``; the result is the time reached."""
        self._drop_goal()
        goal = self._goal = Goal(self.sim.n_steps + n, paced, end)
        self._start()
        return goal.result

    def run_to(self, step: int) -> Future[float]:
        """Run up to a step, which may be reached already."""
        if step > self.sim.n_steps:
            return self.run_steps(step - self.sim.n_steps, paced=True, end="finished")
        raise ValidationError(
            f"{step * self.sim.dt:g} s is not ahead: the run stands at {self.sim.time:g} s; "
            "history.go_on_from goes back",
            "when",
        )

    def run_until(self, watch: Watch, said: str) -> Future[float]:
        """Run until a condition holds; the result is the time reached, of a pause, too."""
        self._drop_goal()
        goal = self._goal = Goal(NEVER, True, "finished", watch, said)
        goal.result.add_done_callback(lambda _: self._leave(watch))
        self._start()
        return goal.result

    def _leave(self, watch: Watch) -> None:
        """Look no more at what a condition was about."""
        watch.forget(watch.own)
        for probe in watch.own:
            if probe.id in self._feeds:
                self.remove_probe(probe)

    def reset(self, seed: int | None) -> None:
        """Back to step 0; a run goes on from there."""
        # Steps that were asked for are of the run that ends here.
        runs_on = self.running and self._goal is None
        self._drop_goal()
        self.changes.finish()
        self._inputs.finish()
        standing = self.sim.standing
        self.sim.reset(seed=seed)
        self.sim.standing = standing
        self._inputs.restart()
        for feed in self._feeds.values():
            feed.reset()
        self._delivery.time_restarted(self.sim.n_steps)
        self.begin()
        self._publish(
            state="running" if runs_on else "ready",
            error=None,
            time=self.sim.time,
            n_steps=self.sim.n_steps,
            note="",
        )
        self.count_from_here()

    def drive(self, node: Any, value: Value, gesture: str | None = None) -> Future[Any]:
        """Override a node's output; None gives back its own. The result comes when it counts."""
        edit = InputEdit(node, self._names.get(node), self._inputs.asked(node), value)
        return self.changes.drive(edit, gesture)

    def set_input(self, node: Any, value: Value) -> None:
        """Override a node's output at once, as nothing that is to be undone."""
        self._inputs.put(node, value)
        self._note_input(node, self.inputs.get(node))

    def _note_input(self, node: Any, value: Value) -> None:
        self.machine.timeline.note(self.sim.n_steps, "input", (node, value))
        self._driven(node, value)
        # Its effect is shown at once: the next tile comes up to a frame early.
        self._hurried = True

    def drop_changes(self) -> None:
        """Take all changes back."""
        self.changes.drop()

    def keep_changes(self) -> None:
        """Write all changes to the network's objects."""
        self.changes.keep()
        self._found = self.sim.standing

    def _note_change(self, edit: Any, step: int) -> None:
        self.machine.timeline.note(step, "change", edit)
        self._hurried = True
        self._delivery.state_changed()

    def go_back(self, branch: str | None, step: int | None, name: str | None) -> Future[Return]:
        """Stand where a branch stood after a step (or at its end), paused."""
        timeline = self.machine.timeline
        self._drop_goal()
        found = timeline.here if branch is None else timeline.branch(branch)
        if found is timeline.here:
            found.end = self.sim.n_steps
        self._publish(state="paused", error=None, real_time_factor=None, note="")
        way = self.machine.go_back(found, found.end if step is None else step, name)
        return self.travels.set_off(Journey(way, "going back"))

    @property
    def settled(self) -> bool:
        """Whether nothing is being compiled that somebody waits for."""
        waiting = self._settle_changes()
        return not waiting and all(f.probe.attached.done() for f in self._feeds.values())

    def count_from_here(self) -> None:
        """Pace and measure from this moment, after anything that breaks the run."""
        wall, sim_time = time.perf_counter(), self._read().time
        self._pacer.restart(wall, sim_time)
        self._meter.restart(wall, sim_time)

    def _start(self) -> None:
        self._publish(state="running", error=None, note="")
        self.count_from_here()

    def _drop_goal(self) -> None:
        goal, self._goal = self._goal, None
        if goal is not None:
            goal.result.set_result(self._read().time)

    # ---- probes ----------------------------------------------------------

    def add_probe(self, probe: LiveProbe) -> Future[LiveProbe]:
        """Start to look at something; the result comes when its data does."""
        source = probe.nengo_probe
        if source is None:
            source = self._taps.take(probe.target, probe.attr)
        self._feeds[probe.id] = Feed(probe, source, self.sim.dt)
        self.settle_taps()
        return probe.attached

    def remove_probe(self, probe: LiveProbe) -> None:
        """Look at it no more; its plots end with it."""
        feed = self._feeds.pop(probe.id, None)
        if feed is None:
            raise SimulationError(f"{probe.label!r} is not a probe of this session, or no longer")
        self._forget(feed, "it was removed")

    def filters(self) -> dict[str, Any]:
        """What the filters of probes remember, by the probes' ids."""
        return {probe_id: feed.filters() for probe_id, feed in self._feeds.items()}

    def put_filters(self, filters: Mapping[str, Any]) -> None:
        """Let the filters of probes remember this; those of others stay as they are."""
        for probe_id, memory in filters.items():
            if (feed := self._feeds.get(probe_id)) is not None:
                feed.put_filters(memory)

    def settle_taps(self) -> bool:
        """Tell those who wait for a probe that its data starts, or why not.

        Returns
        -------
        waiting : bool
            Whether some tap is still being compiled.
        """
        for feed in list(self._feeds.values()):
            if feed.probe.attached.done():
                continue
            error = feed.source.error if feed.is_tap else None
            if error is not None:
                del self._feeds[feed.probe.id]
                self._delivery.drop_probe(feed.probe.id)
                self._publish(error=report_error(error, self._names, feed.probe.target))
                feed.probe.attached.set_exception(error)
            elif not feed.is_tap or feed.source.ready:
                feed.probe.attached.set_result(feed.probe)
        return not all(feed.probe.attached.done() for feed in self._feeds.values())

    def settle(self) -> bool:
        """Tell those who wait for probes or changes; whether some are still being compiled."""
        changing = self._settle_changes()
        if changing:
            self.sim.take_up()
            changing = self._settle_changes()
        return self.settle_taps() or changing

    def _settle_changes(self) -> bool:
        changing = self.changes.settle()
        return self._inputs.settle() or changing

    @property
    def inputs(self) -> Standing:
        """What Nodes put out instead of their own output."""
        return self._inputs.standing

    def feed_of(self, probe: LiveProbe) -> Feed:
        """The owner's side of a probe."""
        return self._feeds[probe.id]

    def _forget(self, feed: Feed, why: str) -> None:
        if feed.is_tap:
            self._taps.leave(feed.source)
        if not feed.probe.attached.done():
            feed.probe.attached.set_exception(SimulatorClosed(f"{feed.probe.label!r}: {why}"))
        self._delivery.drop_probe(feed.probe.id)

    # ---- the end ---------------------------------------------------------

    def abandon(self, error: Exception) -> None:
        """Tell those who wait for probes that the simulator could not be compiled."""
        for feed in self._feeds.values():
            self._delivery.drop_probe(feed.probe.id)
            if not feed.probe.attached.done():
                feed.probe.attached.set_exception(error)

    @property
    def probes(self) -> list[LiveProbe]:
        """What is looked at."""
        return [feed.probe for feed in self._feeds.values()]

    def let_go(self, built_here: bool, ended: bool = True) -> None:
        """Close the simulator, or give it back as it was: no taps, no inputs set.

        Where the session has not ended, those who look at probes keep what they see.
        """
        self._drop_goal()
        self.travels.close(SimulatorClosed("the session was closed, or its network is built again"))
        if ended:
            for feed in self._feeds.values():
                self._forget(feed, "the session was closed")
        self._taps.clear()
        self.machine.timeline.shelf.close()
        if not built_here and self._found is not None:
            self.changes.finish()
            self.sim.standing = self._found
        if built_here:
            self.sim.close()
            return
        for node in self.inputs:
            self.sim.set_input(node, None)
        self.sim.hear_prints(None)
        self.sim.release()
