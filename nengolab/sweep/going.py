"""A sweep that goes on: the cluster, what is sent to it, what its processes do."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
import traceback
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nengo.utils.progress import Progress, ProgressTracker

from nengolab.exceptions import SimulationError

HOST = "127.0.0.1"
CONNECTING = 20.0  # s


# -- in the other processes --------------------------------------------------------------------


def work_off(function: bytes, settings: bytes) -> tuple[bool, Any]:
    """Run one item: ``(True, pickled value)`` or ``(False, (type, message, traceback))``."""
    import cloudpickle

    try:
        value = cloudpickle.loads(function)(**cloudpickle.loads(settings))
        return True, cloudpickle.dumps(value)
    except (Exception, SystemExit) as error:
        return False, _told(error)


def _told(error: BaseException) -> tuple[str, str, str]:
    return type(error).__name__, str(error), "".join(traceback.format_exception(error))


def dask_setup(worker: Any) -> None:
    """Dask's hook for a new process: an interrupt is the caller's to answer.

    A terminal, or Jupyter, sends it to all processes, and items that have begun are to be finished.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


# -- here --------------------------------------------------------------------------------------


def check_dask() -> None:
    """Raise what says what to do where sweeps cannot be made here."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "nengolab.sweep needs Dask: pip install 'nengolab[sweep]', or pip install distributed"
        ) from error
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SimulationError(
            "this script calls nengolab.sweep while a process of the sweep imports it; put the "
            'call under if __name__ == "__main__":'
        )


@contextmanager
def client_of(address: str | None, workers: int | None, items: int) -> Iterator[Any]:
    """A client of the cluster at an address, or of one of this machine's own processes."""
    from distributed import Client

    if address is not None:
        try:
            client = Client(address, timeout=CONNECTING, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SimulationError(f"no Dask cluster answers at {address!r}: {error}") from error
        with client, client.as_current():
            yield client
        return
    with _processes(workers, items) as cluster, Client(cluster, set_as_default=False) as client:
        with client.as_current():
            yield client


def _processes(workers: int | None, items: int) -> Any:
    from dask.system import CPU_COUNT
    from distributed import LocalCluster

    workers = min(workers or CPU_COUNT, items)
    threads = str(max(1, CPU_COUNT // workers))
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host=HOST,
            # The scheduler opens a port for figures in any case: a free one, without a dashboard.
            dashboard_address=f"{HOST}:0",
            # An item whose process dies has failed; it would kill three others.
            scheduler_kwargs={"dashboard": False, "allowed_failures": 0},
            silence_logs=logging.ERROR,
            preload=[__name__],
            env={"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads},
        )
    except RuntimeError as error:
        raise SimulationError(
            f"the processes cannot be started: {error} What they say is above; a script must call "
            'sweep under if __name__ == "__main__":'
        ) from error


class Going:
    """A sweep that goes on.

    As many items are sent as there are threads to run them, so what was sent has begun, and what
    was not can be left.

    Parameters
    ----------
    function : bytes
    items : list of dict
    """

    def __init__(self, function: bytes, items: list[dict[str, Any]]):
        import cloudpickle

        self.function = function
        self.waiting = deque((i, cloudpickle.dumps(item)) for i, item in enumerate(items))
        self.running: dict[Any, int] = {}
        self.outcomes: dict[int, tuple[bool, Any]] = {}
        self.name = f"nengolab-{uuid.uuid4().hex}"
        self._lock = threading.Lock()  # of what waits: a person may leave some of it

    @property
    def begun(self) -> list[int]:
        """Items that a process has, and has not done with."""
        return sorted(list(self.running.values()))

    def leave(self, number: int | None = None) -> None:
        """Begin an item no more, or none of them; on any thread."""
        with self._lock:
            kept = [] if number is None else [one for one in self.waiting if one[0] != number]
            self.waiting = deque(kept)

    def work(self, client: Any, progress: Any) -> None:
        """Until all is done; an interrupt ends it early."""
        stage = Progress("Sweeping", "Sweep", len(self.waiting))
        stopping = False
        with ProgressTracker(progress, stage) as tracker:
            while self.waiting or self.running:
                try:
                    self._send(client)
                    self._take(None, tracker.total_progress.step)
                except KeyboardInterrupt:
                    if stopping:
                        client.cancel(list(self.running), force=True)
                        return
                    stopping = True
                    self.leave()
                    warnings.warn(
                        f"interrupted: {len(self.running)} items that have begun are being "
                        "finished; interrupt again to give them up",
                        stacklevel=3,
                    )

    def work_watched(self, client: Any, every: float, look: Callable[[], None]) -> None:
        """Until all is done, calling something every so many seconds, and after each item."""
        while self.waiting or self.running:
            self._send(client)
            self._take(every)
            look()

    def _send(self, client: Any) -> None:
        threads = max(1, sum(client.nthreads().values()))
        while len(self.running) < threads:
            with self._lock:
                if not self.waiting:
                    return
                i, settings = self.waiting.popleft()
            key = f"{self.name}-{i}"
            try:
                future = client.submit(work_off, self.function, settings, key=key, pure=False)
            except BaseException:
                with self._lock:
                    self.waiting.appendleft((i, settings))
                raise
            self.running[future] = i

    def _take(self, timeout: float | None, taken: Callable[[], None] = lambda: None) -> None:
        from distributed import wait

        if not self.running:
            return
        try:
            # Awaited only where the client is an asynchronous one.
            found: Any = wait(list(self.running), timeout, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return
        for future in found.done:
            self.outcomes[self.running[future]] = _outcome(future)
            del self.running[future]
            taken()


def _outcome(future: Any) -> tuple[bool, Any]:
    """What became of an item; an error of Dask's (a process that died) is the item's."""
    import cloudpickle

    try:
        worked, value = future.result()
        return worked, cloudpickle.loads(value) if worked else value
    except Exception as error:
        return False, _told(error)
