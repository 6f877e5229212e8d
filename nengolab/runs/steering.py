"""Between two batches: where a run is paused, stopped, told another learning rate, written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import tensorflow as tf

from nengolab.callbacks import Checkpoint
from nengolab.runs.record import checkpoint_file


class Stopped(BaseException):
    """Ends a fit between two batches; nothing that catches errors is to catch it."""


class Wishes:
    """What a person wants of a run, from any thread; heeded by the one that trains.

    Attributes
    ----------
    problem : str or None
        Why it waits, where nobody asked it to.
    """

    def __init__(self, changed: Callable[[str], None]):
        self._changed = changed  # told the state, on the thread that trains
        self._condition = threading.Condition()
        self._wanted = "running"
        self._stands = False
        self._learning_rate: float | None = None
        self.problem: str | None = None

    def want(self, state: str) -> None:
        """Want it ``"running"``, ``"paused"`` or ``"stopped"``; a stop is final."""
        with self._condition:
            if self._wanted != "stopped":
                self._wanted = state
            if state != "paused":
                self.problem = None
            self._condition.notify_all()

    def want_learning_rate(self, value: float) -> None:
        """Want another learning rate from the next batch on."""
        with self._condition:
            self._learning_rate = value

    def take_learning_rate(self) -> float | None:
        """The learning rate that is wanted since this was last asked."""
        with self._condition:
            value, self._learning_rate = self._learning_rate, None
            return value

    def heed(self) -> None:
        """Wait here while a pause is wanted.

        Raises
        ------
        Stopped
        """
        with self._condition:
            if self._wanted == "running":
                return
            paused = self._wanted == "paused"
        if paused:
            self._changed("paused")
            with self._condition:
                self._stands = True
                self._condition.notify_all()
                self._condition.wait_for(lambda: self._wanted != "paused")
                self._stands = False
        if self._wanted == "stopped":
            raise Stopped
        self._changed("running")

    def insist(self, job: Callable[[], None], what: str) -> None:
        """Do what may fail for a while (a full disk); where it does, wait to be resumed."""
        while True:
            try:
                job()
                return
            except (OSError, tf.errors.OpError) as error:
                with self._condition:
                    if self._wanted == "running":
                        self._wanted = "paused"
                    self.problem = (
                        f"{what} could not be written ({error}); make room or mend it, then resume:"
                        " training waits, nothing is lost"
                    )
            self.heed()

    def wait_standing(self, ended: Callable[[], bool]) -> None:
        """Wait until it stands still between two batches, or has ended."""
        while True:
            with self._condition:
                if self._stands or self._condition.wait_for(lambda: self._stands, 0.05):
                    return
            if ended():
                return


class Steered(Protocol):
    """What is told of the batches of a run; see `nengolab.runs.run.Run`."""

    folder: Path
    wishes: Wishes

    def begun(self) -> None: ...

    def epoch_begins(self, epoch: int, batches: int | None) -> None: ...

    def note_change(self, batch: int, learning_rate: float) -> None: ...

    def learning_rate_at(self, batch: int) -> float | None: ...

    def batch_done(self, number: int, of_epoch: int, logs: dict[str, float]) -> None: ...

    def epoch_done(
        self, epochs: int, batches: int, logs: dict[str, float], rate: float
    ) -> None: ...

    def kept_after(self, epoch: int) -> None: ...


class Steering(keras.callbacks.Callback):
    """Heeds what a person wants of a run, and writes down what comes of it.

    Parameters
    ----------
    run : Steered
    first_batch : int
        Batches that were done before.
    """

    def __init__(self, run: Steered, first_batch: int):
        super().__init__()
        self._run, self._batches = run, first_batch

    def on_train_begin(self, logs: Any = None) -> None:
        self._run.begun()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        wishes = self._run.wishes
        wishes.heed()
        value = wishes.take_learning_rate()
        if value is not None:
            self._run.note_change(self._batches, value)
        value = self._run.learning_rate_at(self._batches)
        if value is not None:
            self.model.optimizer.learning_rate.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batches += 1
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        self._run.batch_done(self._batches, batch + 1, numbers)
        self._run.wishes.heed()

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._run.wishes.heed()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._run.epoch_begins(epoch, self.params.get("steps"))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        rate = float(self.model.optimizer.learning_rate)
        self._run.epoch_done(epoch + 1, self._batches, numbers, rate)


class Keeping(Checkpoint):
    """A checkpoint of each epoch, in a file of its own; it is told of epochs before `Steering`.

    Parameters
    ----------
    run : Steered
    callbacks : list
        Whose memory is kept too.
    """

    def __init__(self, run: Steered, callbacks: list[Any]):
        super().__init__(checkpoint_file(run.folder, 0), callbacks=callbacks)
        self._run, self._earlier = run, self.path  # that of the start is never deleted
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="nengolab-checkpoint")
        self._writing: _Writing | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self._begun:
            self.path = self._file(epoch)  # what was remembered then
        super().on_epoch_begin(epoch, logs)

    def _file(self, epoch: int) -> Path:
        return checkpoint_file(self._run.folder, epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        writing = self._writing
        if writing is not None and writing.job is not None and writing.job.done():
            self.settle()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.settle()  # before another epoch is noted
        super().on_epoch_end(epoch, logs)

    def _write(self) -> None:
        """Take the checkpoint that is due; it is written while the next epoch is trained.

        What waits for a disk would hold up training for a hundredth of a short epoch.
        """
        if self._due is not None:
            self.settle()
            epoch, self._due = self._due, None
            self.path = self._file(epoch)
            write = self._packed(epoch)
            self._writing = _Writing(epoch, write, self._worker.submit(write))

    def on_train_end(self, logs: Any = None) -> None:
        super().on_train_end(logs)
        self.settle()

    def settle(self) -> None:
        """Wait until what is being written is on the disk: that epoch counts from then on.

        Raises
        ------
        Stopped
            Where it cannot be written, and the run is to stop.
        """
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        what = f"the checkpoint after epoch {writing.epoch}"
        self._run.wishes.insist(writing.finish, what)
        self._run.kept_after(writing.epoch)

    def close(self) -> None:
        """Settle, however training ended; nothing is written after that."""
        try:
            self.settle()
        except Stopped:
            pass  # that epoch does not count
        finally:
            self._worker.shutdown()


@dataclass
class _Writing:
    """A checkpoint on its way to the disk."""

    epoch: int
    write: Callable[[], None]
    job: Future[None] | None

    def finish(self) -> None:
        """Wait for it; where it failed, the next call writes it here.

        Raises
        ------
        OSError
        """
        job, self.job = self.job, None
        if job is None:
            self.write()
        else:
            job.result()


class Pace:
    """How fast batches come, and so how long the rest takes.

    Notes
    -----
    The first batch of a fit does not count: it is compiled. Pauses do not count either.
    """

    def __init__(self) -> None:
        self._at: float | None = None
        self._seconds = self._counted = 0.0

    def batch(self) -> None:
        """A batch is done."""
        now = time.monotonic()
        if self._at is not None:
            self._seconds += now - self._at
            self._counted += 1
        self._at = now

    def rest(self) -> None:
        """What passes until the next batch does not count."""
        self._at = None

    @property
    def batches_per_second(self) -> float | None:
        return self._counted / self._seconds if self._seconds > 0 else None
