"""The owner thread: the only one that touches the simulator.

::

    loading -> building -> compiling -> ready -> ... (see `runner`) ... -> closed

It sleeps on its mailbox. Between two tiles it carries out what came in, and hands frames
to the listeners. While the simulator is being built, on a helper thread, it carries out
what needs none: who listens, to what.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import nengo
from nengo.exceptions import SimulationError, SimulatorClosed

from nengolab.names import Names

from .changes import Change, Deed
from .delivery import Delivery
from .errors import report_error
from .machine import Return
from .mailbox import Command, Mailbox
from .opening import Opening
from .openings import Openings
from .prints import Prints
from .rebuilt import Rebuilt
from .recorder import Recorder
from .replacing import Replacement
from .runner import LiveRunner
from .status import Status, StatusBoard
from .timeline import DEFAULT_BUDGET, Timeline
from .travels import GivenUp

T = TypeVar("T")

# A tap compiles in the background; this is how often a resting owner asks for it.
TAP_POLL = 0.05
# How soon the thread of a session that nobody holds any more notices.
FORGOTTEN_POLL = 1.0
# At exit a tile that is still going on is given this long to come to an end:
# ending the interpreter under a thread inside TensorFlow can crash it.
EXIT_PATIENCE = 20.0


class OwnerThread(Openings):
    """Builds the simulator and runs it as the commands say.

    Parameters
    ----------
    target : nengo.Network or Simulator
        What to run.
    options : dict
        Keyword arguments for building the Simulator.
    dt : float
        Length of a step (s).
    names : Names
        Names of the network's objects, for errors.
    title : str
        What the simulator's errors call this session.
    speed : float or None
        Real-time factor asked for.
    before : callable, optional
        Makes the network ready to be built, beside what is going on; is given what takes words of
        how far it is.
    """

    def __init__(
        self,
        target: Any,
        options: dict[str, Any],
        dt: float,
        names: Names,
        title: str,
        speed: float | None,
        asleep: bool = False,
        before: Callable[[Callable[[str], Any]], None] | None = None,
    ) -> None:
        self._before = before
        self._target, self._options, self._names, self._title = target, options, names, title
        first = "asleep" if asleep else "loading"
        self.board = StatusBoard(Status(state=first, speed=speed))
        self.mailbox = Mailbox()
        self.delivery, self.prints = Delivery(Recorder(dt)), Prints()
        self.inputs: dict[Any, Any] = {}
        self.input_watchers: list[Callable[[Any, Any], None]] = []
        self.budget = DEFAULT_BUDGET
        self._runner: LiveRunner | None = None
        self._rebuilt: Rebuilt | None = None
        self._replacing: Replacement | None = None
        self._opening: Opening | None = None
        self._left: list[Opening] = []
        # While it sleeps it does what it does while it opens: what needs no simulator.
        self._is_opening = self._is_asleep = asleep
        # A simulator that sleeps is somebody else's, and is only looked at.
        self._looks_only = asleep and not isinstance(target, nengo.Network)
        self.delivery.resting = target if asleep else None
        self._waking = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="nengolab session", daemon=True)

    # ---- from any thread -------------------------------------------------

    @property
    def target(self) -> Any:
        """The network or simulator that it was made for."""
        return self._target

    def start(self) -> None:
        """Begin to build, unless it sleeps."""
        atexit.register(self._at_exit)
        if not self._is_asleep:
            self._open()
        self._thread.start()

    def wake(self) -> None:
        """Begin to build where that has not begun.

        Raises
        ------
        SimulationError
            Where there is a simulator that is only looked at.
        """
        if self._looks_only:
            raise SimulationError(
                "the simulator that is looked at here is yours, and runs where you run it; give it "
                "to a Session or a Lab to have it run live"
            )
        with self._waking:
            if not self._is_asleep or self._closing:
                return
            self._is_asleep = False
            self.delivery.resting = None
        # At once, so that nobody sees it asleep who has woken it.
        self.publish(state="loading", note="")
        self._open()

    def post(
        self,
        act: Callable[[], T | Future[T]],
        about: Any = None,
        *,
        early: bool = False,
        wakes: bool = True,
        before_compile: bool = False,
        after_steps: bool = False,
        underway: bool = False,
    ) -> Future[T]:
        """Queue something for the owner thread; arguments as for `Command`.

        ``wakes`` says whether it needs a simulator, so that one that sleeps begins to build.

        Raises
        ------
        SimulatorClosed
            When the session is closed: nobody would do it.
        """
        command = Command(act, about, early, before_compile, after_steps, underway)
        needs_simulator = wakes and not early
        if needs_simulator and self._looks_only:
            self.wake()
        if not self.mailbox.post(command):
            raise SimulatorClosed("the session is closed; make a new one")
        if needs_simulator:
            self.wake()
        return command.result

    def ask_to_close(self) -> None:
        """Let the thread end after what it is doing now; does not wait."""
        self._closing = True
        if self._opening is not None:
            self._opening.leave()
        for command in self.mailbox.shut():
            if command.result.set_running_or_notify_cancel():
                command.result.set_exception(SimulatorClosed("the session was closed first"))

    @property
    def is_closing(self) -> bool:
        """Whether the thread is to end, or has."""
        return self._closing

    def forget(self) -> None:
        """Let the thread end soon; for the garbage collector.

        That may run in the middle of anything, so this takes no lock.
        """
        self._closing = True

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread's end, unless this is that thread."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def wait(self, reached: Callable[[Status], bool], timeout: float | None) -> bool:
        """Sleep until a status is reached, or the session is stuck or closed.

        Commands that were posted before are carried out first, so that the answer is
        not of a time before them. False when the time is over.
        """
        before = [command for command in self.mailbox.outstanding() if not command.early]

        def over(status: Status) -> bool:
            done = all(command.carried_out for command in before)
            if status.state in ("loading", "building", "compiling"):
                return reached(status)
            done = done and status.returning is None
            # It sleeps where the build was stopped: what was posted is not going to be done.
            return (done and (reached(status) or status.state == "error")) or (
                status.state in ("closed", "asleep")
            )

        return self.board.wait(over, timeout)

    def _at_exit(self) -> None:
        self.ask_to_close()
        self.join(EXIT_PATIENCE)

    # ---- the thread ------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing:
                self._obey()
                pause = self._runner.tile_if_due() if self._runner else None
                self._deliver()
                self.mailbox.wait(self._rest(pause))
        finally:
            self._finish()

    def _obey(self) -> None:
        while not self._closing and (command := self.mailbox.take(self._may)):
            if command.result.set_running_or_notify_cancel():
                if self._runner is not None and not (command.early or command.underway):
                    self._runner.travels.be_here()
                self._carry_out(command)
            command.carried_out = True
            # Those who wait for this command look again.
            self.board.update()

    def _may(self, command: Command) -> bool:
        if self._is_opening:
            return command.early or (command.before_compile and self._runner is not None)
        runner = self._runner
        if runner is not None and runner.travels.returning:
            return command.early or command.underway
        return not (runner is not None and runner.stepping and command.after_steps)

    def _carry_out(self, command: Command) -> None:
        """Run a command; an error goes to its caller and to the panel, never up."""
        try:
            answer = command.act()
        except Exception as error:
            if self.board.now.state != "error":
                # What stopped the run matters more than what was refused after it.
                self.publish(error=report_error(error, self._names, command.about))
            command.result.set_exception(error)
            return
        status = self.board.now
        if status.error is not None and status.state != "error" and not command.early:
            # A refusal is shown until something works again.
            self.publish(error=None)
        if isinstance(answer, Future):
            _pass_on(cast("Future[Any]", answer), command.result)
        else:
            command.result.set_result(answer)

    def _rest(self, pause: float | None) -> float:
        """Tell how long the thread may sleep if nothing comes in."""
        if self.mailbox.has(self._may):
            # It waited for steps that are done now; its own arrival woke us before.
            return 0.0
        waits = [
            FORGOTTEN_POLL,
            pause,
            self.delivery.next_due(self.board.now, time.perf_counter()),
        ]
        if self._runner is not None and self._runner.settle():
            waits.append(TAP_POLL)
        return min(wait for wait in waits if wait is not None)

    def publish(self, **changes: Any) -> None:
        """Change what everybody can see, and let every listener hear of it."""
        self.board.update(**changes)
        self.delivery.state_changed()

    def _deliver(self) -> None:
        before = time.perf_counter()
        for error in self.delivery.deliver(self.board.now, before):
            self.publish(error=report_error(error, self._names, "a listener"))
        if self._runner is not None:
            self._runner.spent_aside(time.perf_counter() - before)

    def _finish(self) -> None:
        self.ask_to_close()
        self.delivery.sim = None
        try:
            if self._runner is not None:
                self._runner.let_go(built_here=self._runner.sim is not self._target)
        finally:
            self.publish(state="closed", real_time_factor=None)
            self._deliver()
            atexit.unregister(self._at_exit)

    # ---- opening ---------------------------------------------------------

    def _take_up(self, sim: Any) -> None:
        self._runner = LiveRunner(
            sim,
            self.delivery,
            read=lambda: self.board.now,
            publish=self.publish,
            note_progress=self.board.update,
            names=self._names,
            closing=lambda: self._closing,
            budget=self.budget,
            driven=self._driven,
        )
        if self._rebuilt is not None:
            self._rebuilt.attach(self._runner, self.delivery)
        self._obey()

    def _take_over(self, outcome: Any) -> None:
        self._is_opening = False
        # Exit handlers run last in, first out: this thread is to stop before
        # TensorFlow, which has registered its own by now, takes itself apart.
        atexit.unregister(self._at_exit)
        atexit.register(self._at_exit)
        try:
            if isinstance(outcome, Exception):
                raise outcome
            outcome.claim(self._title)
        except Exception as error:
            if self._runner is not None:
                self._runner.abandon(error)
                self._runner = None
            self.publish(state="error", error=report_error(error, self._names), note="")
            return
        runner = self.runner
        outcome.hear_prints(self.prints.take)
        if self._rebuilt is not None:
            self._rebuilt.go_on(runner, self.delivery, self.inputs)
            self._rebuilt = None
        self.delivery.sim = outcome
        runner.begin()
        runner.settle_taps()
        self.publish(state="ready", error=None, time=outcome.time, n_steps=outcome.n_steps)
        if self._replacing is not None and self._replacing.resumes:
            runner.play()

    @property
    def changes(self) -> list[Change]:
        """How the network differs from what was built. To be read from any thread."""
        runner = self._runner
        return [] if runner is None else list(runner.changes.standing.values())

    @property
    def deeds(self) -> tuple[Deed | None, Deed | None]:
        """What would be undone, and what done again. To be read from any thread."""
        runner = self._runner
        return (None, None) if runner is None else (runner.changes.undoes, runner.changes.redoes)

    @property
    def timeline(self) -> Timeline | None:
        """What can be gone back to; None while nothing is built. To be read from any thread."""
        runner = self._runner
        return None if runner is None or self._is_opening else runner.machine.timeline

    # ---- commands, on the thread -----------------------------------------

    @property
    def runner(self) -> LiveRunner:
        """The simulator's runner.

        Raises
        ------
        SimulationError
            When the simulator could not be built.
        """
        if self._runner is None:
            error = self.board.now.error
            why = f": {error['message']}" if error else ""
            raise SimulationError(
                f"there is no simulator, it could not be built{why}. reset() tries again"
            )
        return self._runner

    def reset(self, seed: int | None) -> None:
        """Back to step 0, or build again what could not be built."""
        if self._runner is None:
            # At once, so that nobody who waits still sees the old error.
            self.publish(state="building", error=None)
            self._open()
        else:
            try:
                self._runner.reset(seed)
            finally:
                self._follow_inputs()

    def rebuild(self, keep_state: bool) -> None:
        """Build the network again as it is now, and go on from the state that there is."""
        runner = self.runner
        self._refuse_while_replacing()
        if runner.sim is self._target:
            raise SimulationError(
                "the session was given a simulator, which it cannot build again; make a new one"
            )
        self._rebuilt = Rebuilt(
            runner.sim.state if keep_state else None, runner.probes, runner.filters()
        )
        runner.let_go(built_here=True, ended=False)
        self._runner = self.delivery.sim = None
        self.publish(state="building", error=None, real_time_factor=None)
        self._open()

    def _driven(self, node: Any, values: Any) -> None:
        """A Node puts out something else, or with None its own; tell those who watch."""
        # Others read it while this thread goes on.
        rest = {other: v for other, v in self.inputs.items() if other is not node}
        self.inputs = rest if values is None else {**rest, node: values}
        for watcher in list(self.input_watchers):
            watcher(node, values)
        self.delivery.state_changed()

    def go_back(self, branch: str | None, step: int | None, name: str | None) -> Future[Return]:
        """Stand where a branch stood after a step (or at its end), with its inputs."""
        arrived = self.runner.go_back(branch, step, name)
        arrived.add_done_callback(self._arrived)
        return arrived

    def _arrived(self, outcome: Future[Return]) -> None:
        self._follow_inputs()
        error = outcome.exception()
        if isinstance(error, Exception) and not isinstance(error, GivenUp):
            self.publish(error=report_error(error, self._names))

    def _follow_inputs(self) -> None:
        """All inputs may be others now: tell those who watch."""
        before, self.inputs = self.inputs, dict(self.runner.inputs)
        for node in {*before, *self.inputs}:
            for watcher in list(self.input_watchers):
                watcher(node, self.inputs.get(node))

    def set_budget(self, nbytes: int) -> None:
        """Keep no more than this of the past."""
        if self._runner is not None:
            self._runner.machine.timeline.budget = nbytes
            self._runner.machine.timeline.stay_within()

    def set_disk_budget(self, nbytes: int) -> None:
        """Keep no more than this of the past on disk."""
        timeline = self.runner.machine.timeline
        timeline.shelf.budget = nbytes
        timeline.stay_within()

    def set_speed(self, speed: float | None) -> None:
        """Change the real-time factor asked for."""
        self.publish(speed=speed)
        if self._runner is not None:
            self._runner.count_from_here()


def _pass_on(source: Future[Any], target: Future[Any]) -> None:
    """Let one Future end as another does."""

    def copy(done: Future[Any]) -> None:
        if (error := done.exception()) is not None:
            target.set_exception(error)
        else:
            target.set_result(done.result())

    source.add_done_callback(copy)
