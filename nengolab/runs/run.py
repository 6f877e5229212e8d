"""A run that this process is in charge of: a fit on a thread of its own."""

from __future__ import annotations

import atexit
import threading
import time
import traceback
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from nengo.utils.progress import Progress as Stage
from nengo.utils.progress import ProgressTracker

from nengolab.exceptions import SimulationError, ValidationError
from nengolab.runs import events, record
from nengolab.runs.record import Record

#: Seconds that the end of the interpreter waits for a batch to end.
PATIENCE = 30.0
# The runs that go on in this process, by folder.
_going: dict[Path, Run] = {}


@dataclass
class Task:
    """What is trained on what.

    Attributes
    ----------
    sim : nengolab.Simulator
    x, y : object
        As for ``sim.fit``.
    fit : dict
        Its other arguments, without epochs.
    keep_every : int
        Of how many checkpoints one stays.
    watchers : tuple of keras.callbacks.Callback
        Who looks on, and is no part of the run: nothing is written down of them.
    """

    sim: Any
    x: Any
    y: Any
    fit: dict[str, Any]
    keep_every: int = 1
    watchers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    epoch, epochs : int
        The epoch that goes on, from 1; how many there are to be.
    batch : int
        Batches of it that are done.
    batches : int or None
        Of an epoch, where that is known.
    batches_per_second, seconds_left : float or None
        Of training; validation and writing are not foreseen.
    logs : dict
        What the last batch ended with.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int | None
    batches_per_second: float | None
    logs: dict[str, float] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float | None:
        if self.batches is None or not self.batches_per_second:
            return None
        left = (self.epochs - self.epoch + 1) * self.batches - self.batch
        return left / self.batches_per_second


class Run(Record):
    """A run that goes on, or went on, in this process; `start` and `go_on` make it.

    Everything that a `Record` has, and the steering. Its methods may be called on any thread, and
    return at once unless they say that they wait.

    Attributes
    ----------
    task : Task
        What is trained on what.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> run = nengolab.runs.start(sim, x, x**2, epochs=1000, folder=folder)
    >>> run.pause()
    >>> run.state
    'paused'
    >>> run.set_learning_rate(1e-4)
    >>> run.resume()
    >>> run.stop()
    >>> run.state
    'stopped'
    """

    def __init__(self, folder: Path, task: Task, first: int):
        super().__init__(folder)
        from nengolab.runs.steering import Pace, Wishes

        self.task, self._first = task, first
        self._lock = threading.RLock()
        self.wishes = Wishes(self._now)
        self._writer = events.Writer(folder)
        self._pace = Pace()
        self._progress = Progress(first + 1, self.facts["planned"], 0, None, None)
        done = self._facts["batches"][first - 1] if first else 0
        self._recorded: dict[str, tuple[list[int], list[float]]] = {}
        for name, (steps, values) in events.read(folder).items():
            still = steps <= (first if name.startswith("epoch_") else done)
            self._recorded[name] = (steps[still].tolist(), values[still].tolist())
        self._counts: list[int] = []  # batches that were done after each epoch
        self._exception: BaseException | None = None
        self._began: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="nengolab run", daemon=True)

    # -- for a person --------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self._facts["state"]

    @property
    def problem(self) -> str | None:
        """Why it waits, where nobody asked it to: a full disk."""
        return self.wishes.problem

    @property
    def progress(self) -> Progress:
        return self._progress

    @property
    def metrics(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        with self._lock:
            return {
                name: (np.array(steps), np.array(values))
                for name, (steps, values) in self._recorded.items()
            }

    def pause(self, wait: bool = True) -> None:
        """Hold it between two batches; it goes on to the same numbers as without.

        Parameters
        ----------
        wait : bool
            Until it stands.
        """
        self._check_going("pause")
        self.wishes.want("paused")
        if wait and threading.current_thread() is not self._thread:
            self.wishes.wait_standing(lambda: not self._thread.is_alive())

    def resume(self) -> None:
        """Let it go on after a pause, or after what it waited for was mended."""
        self._check_going("resume")
        self.wishes.want("running")

    def stop(self, wait: bool = True) -> None:
        """End it after the batch that is computed; best and last weights are kept.

        `go_on` starts from the last whole epoch.
        """
        self.wishes.want("stopped")
        if wait and threading.current_thread() is not self._thread:
            self._thread.join()

    def set_learning_rate(self, value: float) -> None:
        """Train with another learning rate from the next batch on; it is written down."""
        self._check_going("change the learning rate of")
        value = float(value)
        if not (np.isfinite(value) and value > 0):
            raise ValidationError(f"must be a number above 0, got {value}", attr="learning_rate")
        if isinstance(self._facts["training"]["learning_rate"], dict):
            raise ValidationError(
                "follows a schedule here; compile with a number to change it on the way",
                attr="learning_rate",
            )
        self.wishes.want_learning_rate(value)

    def wait(self, timeout: float | None = None, progress: Any = False) -> str:
        """Wait until it has ended; Ctrl-C ends the waiting, not the run.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.
        progress : bool or nengo.utils.progress.ProgressBar
            Show how far it is, in a notebook or a terminal.

        Returns
        -------
        str
            Its state.

        Raises
        ------
        Exception
            What it failed with.
        """
        batches = self._progress.batches
        if progress and batches:
            self._show_progress(timeout, progress, batches * self._facts["planned"])
        else:
            self._thread.join(timeout)
        if self._exception is not None and not self._thread.is_alive():
            raise self._exception
        return self.state

    def _show_progress(self, timeout: float | None, bar: Any, total: int) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        with ProgressTracker(bar, Stage("Training", "Training", total)) as tracker:
            while self._thread.is_alive() and (end is None or time.monotonic() < end):
                self._thread.join(0.2)
                now = self._progress
                done = (now.epoch - 1) * (now.batches or 0) + now.batch
                tracker.total_progress.step(done - tracker.total_progress.n_steps)

    def _check_going(self, what: str) -> None:
        if not self._thread.is_alive():
            raise SimulationError(
                f"cannot {what} the run {self.name!r}: it is {self.state}; go_on trains on"
            )

    # -- the thread ----------------------------------------------------------------------------

    def launch(self) -> None:
        """Start the thread, and wait until the data were checked and training begins."""
        _going[self.folder] = self
        self._thread.start()
        try:
            self._began.result()
        except BaseException:
            self.wishes.want("stopped")
            self._thread.join()
            raise

    def _work(self) -> None:
        sim = self.task.sim
        try:
            sim.claim(f"the run {self.name!r}")
            try:
                self._train(sim)
            finally:
                sim.release()
        except BaseException as error:
            self._exception = error
        finally:
            _going.pop(self.folder, None)
            if not self._began.done():
                self._began.set_exception(self._exception or SimulationError("it did not begin"))

    def _train(self, sim: Any) -> None:
        from nengolab.runs.steering import Keeping, Steering, Stopped

        fit = dict(self.task.fit)
        given = list(fit.pop("callbacks", None) or ())
        done = self._facts["batches"][self._first - 1] if self._first else 0
        keeping = Keeping(self, given)
        own = [keeping, Steering(self, done)]
        if not self._first:
            sim.save_checkpoint(record.checkpoint_file(self.folder, 0), 0)
        last = {"epochs": self._facts["planned"], "initial_epoch": self._first}
        ended: dict[str, Any] = {"state": "finished", "error": None}
        try:
            sim.fit(
                self.task.x,
                self.task.y,
                callbacks=[*given, *own, *self.task.watchers],
                **fit,
                **last,
            )
        except Stopped:
            ended["state"] = "stopped"
        except BaseException as error:
            if isinstance(error, RuntimeError) and not threading.main_thread().is_alive():
                # The interpreter ends: before `_end_all` is called nothing can be written any more.
                ended["state"] = "stopped"
                return
            told = "".join(traceback.format_exception(error))
            ended = {"state": "failed", "error": f"{type(error).__name__}: {error}"}
            ended["traceback"] = told
            raise
        finally:
            keeping.close()
            self._writer.close()
            self._settle(ended)

    def _settle(self, ended: dict[str, Any]) -> None:
        """Write down how it ended; where the disk is full, it is known here at least."""
        try:
            self.write(**ended)
        except OSError:
            self._facts = self._facts | ended
            raise

    def _now(self, state: str) -> None:
        """It is paused now, or goes on."""
        self._pace.rest()
        if self.wishes.problem is None:
            self.wishes.insist(lambda: self.write(state=state), record.FILE)
        else:
            self._facts = self._facts | {"state": state}  # what cannot be written is known here

    # -- what the steering tells ---------------------------------------------------------------

    def begun(self) -> None:
        """The data fit, and the first batch comes."""
        self._began.set_result(None)

    def epoch_begins(self, epoch: int, batches: int | None) -> None:
        """An epoch begins, counted from 0."""
        planned = self._facts["planned"]
        self._progress = Progress(epoch + 1, planned, 0, batches, self._pace.batches_per_second)

    def note_change(self, batch: int, learning_rate: float) -> None:
        """Write down that the learning rate is another from a batch on."""
        change = {"batch": batch, "learning_rate": learning_rate}
        others = [c for c in self._facts["changes"] if c["batch"] != batch]
        changes = sorted([*others, change], key=lambda c: c["batch"])
        self.wishes.insist(lambda: self.write(changes=changes), record.FILE)

    def learning_rate_at(self, batch: int) -> float | None:
        """What the learning rate became before a batch, where somebody changed it there."""
        found = [c["learning_rate"] for c in self._facts["changes"] if c["batch"] == batch]
        return found[0] if found else None

    def batch_done(self, number: int, of_epoch: int, logs: dict[str, float]) -> None:
        """A batch is done: the so manieth of the run, and of the epoch."""
        self._pace.batch()
        before = self._progress
        rate = self._pace.batches_per_second
        self._progress = Progress(
            before.epoch, before.epochs, of_epoch, before.batches, rate, dict(logs)
        )
        self._record("batch_", number, logs)
        self._writer.batch(number, logs)
        if self._writer.due:
            self.wishes.insist(self._writer.flush, "metrics")

    def epoch_done(self, epochs: int, batches: int, logs: dict[str, float], rate: float) -> None:
        """An epoch is done."""
        self._pace.rest()
        self._record("epoch_", epochs, {**logs, "learning_rate": rate})
        self._writer.epoch(epochs, logs, rate)
        self.wishes.insist(self._writer.flush, "metrics")
        self._counts = [*self._facts["batches"][: epochs - 1], batches]

    def kept_after(self, epoch: int) -> None:
        """A checkpoint was written: the epoch counts; those that nobody needs are deleted."""
        _, losses = self._recorded.get("epoch_val_loss") or self._recorded["epoch_loss"]
        done = {"epochs": epoch, "batches": self._counts, "best": record.best_of(losses)}
        self.wishes.insist(lambda: self.write(**done), record.FILE)
        every = self.task.keep_every
        for other in self.kept:
            if 0 < other < epoch and other % every and other != self.best_epoch:
                record.checkpoint_file(self.folder, other).unlink(missing_ok=True)

    def _record(self, prefix: str, step: int, logs: dict[str, float]) -> None:
        with self._lock:
            for name, value in logs.items():
                steps, values = self._recorded.setdefault(f"{prefix}{name}", ([], []))
                while steps and steps[-1] >= step:  # of a way that was given up
                    steps.pop()
                    values.pop()
                steps.append(step)
                values.append(value)


def going(folder: Path) -> Run | None:
    """The run of a folder, where it goes on in this process."""
    return _going.get(folder)


def going_with(sim: Any) -> Run | None:
    """The run that trains a simulator in this process."""
    return next((run for run in list(_going.values()) if run.task.sim is sim), None)


@atexit.register
def _end_all() -> None:
    """Threads inside TensorFlow must not be cut off while the interpreter ends."""
    for run in list(_going.values()):
        run.wishes.want("stopped")
    for run in list(_going.values()):
        run._thread.join(PATIENCE)
