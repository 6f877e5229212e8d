"""The function `sweep`: what is swept, what the processes do, and what goes on here."""

from __future__ import annotations

import inspect
import itertools
import logging
import multiprocessing
import signal
import threading
import traceback
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.utils.progress import Progress, ProgressTracker

from nengolab.checks import seconds, whole
from nengolab.exceptions import SimulationError, ValidationError
from nengolab.sweep.results import Sweep

HOST = "127.0.0.1"
CONNECTING = 20.0  # s


def sweep(
    function: Callable[..., Any] | nengo.Network,
    settings: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
    *,
    run: float | None = None,
    address: str | None = None,
    workers: int | None = None,
    progress: Any = True,
) -> Sweep:
    """Call a function, or run a network, with many settings, several at once.

    Parameters
    ----------
    function : callable or nengo.Network
        Gets the settings of an item as keyword arguments and returns anything that can be pickled.
        It may be defined in a notebook. With ``run`` it returns a network. A network itself needs
        ``run``, and the settings are arguments of ``nengolab.Simulator`` (``seed``, ``dt``, ...).
    settings : sequence of dict, or dict of sequences
        The items; or a grid: every combination, the last name varying fastest.
    run : float, optional
        Run each network for this long (s); the value of an item is then the data of its probes by
        their names, ``{name: (samples, size)}`` (``(batch, samples, size)`` with a
        ``minibatch_size``).
    address : str, optional
        Of the scheduler of a Dask cluster, for example ``"tcp://10.0.0.1:8786"``, whose workers
        have nengolab. Default: processes on this machine, started for this sweep and ended after.
    workers : int, optional
        Processes on this machine. Default: one for each processor, and no more than items.
    progress : bool or nengo.utils.progress.ProgressBar
        Show progress.

    Returns
    -------
    Sweep
        An item that fails does not end a sweep. An interrupt (Ctrl-C) does: nothing new is begun,
        what has begun is finished (a second interrupt gives that up too), and what is done is
        returned.

    Raises
    ------
    ValidationError
        For settings that are no settings or that the function does not take, and for a function
        that cannot be sent to another process; before any process is started.
    ImportError
        Without Dask.
    SimulationError
        Where there is no cluster at ``address``, or processes cannot be started.

    Notes
    -----
    A script must call it under ``if __name__ == "__main__":``, for the processes import the script.
    They share the processors: each has its own TensorFlow, on as many threads as there are
    processors for each of them. Their ports are open on the loopback interface only, unencrypted:
    every user of the machine can reach them while the sweep goes on.

    Examples
    --------
    >>> def spread(seed, radius):
    ...     return float(np.random.RandomState(seed).uniform(-radius, radius, 100).std())
    >>> found = nengolab.sweep(
    ...     spread, {"seed": [0, 1], "radius": [1, 2]}, workers=1, progress=False
    ... )
    >>> [settings for settings, value in found.done if value < 1]
    [{'seed': 0, 'radius': 1}, {'seed': 1, 'radius': 1}]
    """
    _check_dask()
    if run is not None:
        run = seconds(run, "run", positive=True)
    if workers is not None:
        if address is not None:
            raise ValidationError(
                f"is for processes on this machine; the cluster at {address} has its own",
                attr="workers",
            )
        workers = whole(workers, "workers", 1)
    items = _items(settings)
    function = _one_run(function, run)
    _check_arguments(function, items)
    going = _Going(_pickled(function), items)
    with _client(address, workers, len(items)) as client:
        going.work(client, progress)
    found = Sweep(items, going.outcomes)
    for kind, where in ((found.failed, "failed"), (found.cancelled, "cancelled")):
        if kind:
            warnings.warn(f"{len(kind)} of {len(items)} items {where}: see .{where}", stacklevel=2)
    return found


# -- what is swept -----------------------------------------------------------------------------


def _items(settings: Any) -> list[dict[str, Any]]:
    """The items of a list of settings, or of a grid."""
    if isinstance(settings, Mapping):
        for name, values in settings.items():
            if isinstance(values, (str, bytes)) or not isinstance(
                values, (Sequence, np.ndarray, range)
            ):
                raise ValidationError(
                    f"the values of {name!r} must be a sequence, got {values!r}; one value is "
                    f"[{values!r}]",
                    attr="settings",
                )
        settings = [
            dict(zip(settings, c, strict=True)) for c in itertools.product(*settings.values())
        ]
    if isinstance(settings, (str, bytes)) or not isinstance(settings, Sequence):
        raise ValidationError(
            f"must be a list of dicts, or a dict of lists, got {settings!r}", attr="settings"
        )
    for i, item in enumerate(settings):
        if not isinstance(item, Mapping) or not all(isinstance(k, str) for k in item):
            raise ValidationError(
                f"item {i} must be a dict of keyword arguments, got {item!r}", attr="settings"
            )
    if not settings:
        raise ValidationError("there are no settings: nothing to run", attr="settings")
    return [dict(item) for item in settings]


def _one_run(function: Any, run: float | None) -> Callable[..., Any]:
    """The function of one item's settings."""
    if isinstance(function, nengo.Network):
        if run is None:
            raise ValidationError(
                "a network needs a run time (s): sweep(network, settings, run=1)", attr="run"
            )
        return RunOfNetwork(function, run)
    if not callable(function):
        raise ValidationError(
            f"must be a function or a nengo.Network, got {function!r}", attr="function"
        )
    return function if run is None else RunOfBuilder(function, run)


@dataclass(frozen=True)
class RunOfNetwork:
    """Runs a network; settings are the simulator's."""

    network: nengo.Network
    run: float

    def __call__(self, **settings: Any) -> dict[str, np.ndarray]:
        return _run(self.network, self.run, settings)

    @property
    def signature(self) -> inspect.Signature:
        """What it can be called with."""
        from nengolab.simulator import Simulator

        known = inspect.signature(Simulator).parameters.values()
        return inspect.Signature(
            [
                p.replace(kind=p.KEYWORD_ONLY)
                for p in known
                if p.name not in ("network", "progress_bar")
            ]
        )


@dataclass(frozen=True)
class RunOfBuilder:
    """Builds a network of the settings and runs it."""

    build: Callable[..., nengo.Network]
    run: float

    def __call__(self, **settings: Any) -> dict[str, np.ndarray]:
        network = self.build(**settings)
        if not isinstance(network, nengo.Network):
            raise ValidationError(
                f"must return a nengo.Network when run is given, got {network!r}", attr="function"
            )
        return _run(network, self.run, {})

    @property
    def signature(self) -> inspect.Signature:
        """What it can be called with."""
        return inspect.signature(self.build)


def _run(network: nengo.Network, run: float, arguments: dict[str, Any]) -> dict[str, np.ndarray]:
    from nengolab.simulator import Simulator

    with Simulator(network, progress_bar=False, **arguments) as sim:
        sim.run(run)
        return {sim.name_of(p): np.array(sim.data[p]) for p in network.all_probes}


def _check_arguments(function: Any, items: list[dict[str, Any]]) -> None:
    """Settings that the function does not take are found before a process is started."""
    try:
        signature = getattr(function, "signature", None) or inspect.signature(function)
    except (ValueError, TypeError):  # some built-in functions have none
        return
    for i, item in enumerate(items):
        try:
            signature.bind(**item)
        except TypeError as error:
            raise ValidationError(
                f"item {i} does not fit the function: {error}; it takes {signature}, the item is "
                f"{item}",
                attr="settings",
            ) from None


def _pickled(function: Any) -> bytes:
    import cloudpickle

    try:
        return cloudpickle.dumps(function)
    except Exception as error:
        raise ValidationError(
            f"{function!r} cannot be sent to another process: {type(error).__name__}: {error}",
            attr="function",
        ) from error


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


def _check_dask() -> None:
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
def _client(address: str | None, workers: int | None, items: int) -> Iterator[Any]:
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


class _Going:
    """A sweep that goes on.

    As many items are sent as there are threads to run them, so what was sent has begun, and what
    was not can be left.
    """

    def __init__(self, function: bytes, items: list[dict[str, Any]]):
        import cloudpickle

        self.function = function
        self.waiting = deque((i, cloudpickle.dumps(item)) for i, item in enumerate(items))
        self.running: dict[Any, int] = {}
        self.outcomes: dict[int, tuple[bool, Any]] = {}
        self.name = f"nengolab-{uuid.uuid4().hex}"

    def work(self, client: Any, progress: Any) -> None:
        """Until all is done; an interrupt ends it early."""
        stage = Progress("Sweeping", "Sweep", len(self.waiting))
        stopping = False
        with ProgressTracker(progress, stage) as tracker:
            while self.waiting or self.running:
                try:
                    self._send(client)
                    self._take(tracker)
                except KeyboardInterrupt:
                    if stopping:
                        client.cancel(list(self.running), force=True)
                        return
                    stopping = True
                    self.waiting.clear()
                    warnings.warn(
                        f"interrupted: {len(self.running)} items that have begun are being "
                        "finished; interrupt again to give them up",
                        stacklevel=3,
                    )

    def _send(self, client: Any) -> None:
        threads = max(1, sum(client.nthreads().values()))
        while self.waiting and len(self.running) < threads:
            i, settings = self.waiting[0]
            key = f"{self.name}-{i}"
            future = client.submit(work_off, self.function, settings, key=key, pure=False)
            self.running[future] = i
            self.waiting.popleft()

    def _take(self, tracker: ProgressTracker) -> None:
        from distributed import wait

        if not self.running:
            return
        # Awaited only where the client is an asynchronous one.
        found: Any = wait(list(self.running), return_when="FIRST_COMPLETED")
        for future in found.done:
            self.outcomes[self.running[future]] = _outcome(future)
            del self.running[future]
            tracker.total_progress.step()


def _outcome(future: Any) -> tuple[bool, Any]:
    """What became of an item; an error of Dask's (a process that died) is the item's."""
    import cloudpickle

    try:
        worked, value = future.result()
        return worked, cloudpickle.loads(value) if worked else value
    except Exception as error:
        return False, _told(error)
