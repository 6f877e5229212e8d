"""The function `sweep`: what is swept, what the processes do, and what goes on here."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from nengolab.checks import seconds, whole
from nengolab.exceptions import ValidationError
from nengolab.sweep.going import Going, check_dask, client_of
from nengolab.sweep.results import Sweep
from nengolab.sweep.settings import grid


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
    check_dask()
    if run is not None:
        run = seconds(run, "run", positive=True)
    if workers is not None:
        if address is not None:
            raise ValidationError(
                f"is for processes on this machine; the cluster at {address} has its own",
                attr="workers",
            )
        workers = whole(workers, "workers", 1)
    items = items_of(settings)
    function = _one_run(function, run)
    _check_arguments(function, items)
    going = Going(pickled(function), items)
    with client_of(address, workers, len(items)) as client:
        going.work(client, progress)
    found = Sweep(items, going.outcomes)
    for kind, where in ((found.failed, "failed"), (found.cancelled, "cancelled")):
        if kind:
            warnings.warn(f"{len(kind)} of {len(items)} items {where}: see .{where}", stacklevel=2)
    return found


# -- what is swept -----------------------------------------------------------------------------


def items_of(settings: Any) -> list[dict[str, Any]]:
    """The items of a list of settings, or of a grid."""
    if isinstance(settings, Mapping):
        settings = grid(settings)
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


def pickled(function: Any) -> bytes:
    """A function as it is sent to other processes."""
    import cloudpickle

    try:
        return cloudpickle.dumps(function)
    except Exception as error:
        raise ValidationError(
            f"{function!r} cannot be sent to another process: {type(error).__name__}: {error}",
            attr="function",
        ) from error
