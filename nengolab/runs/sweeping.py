"""Sweeps of training: started on Dask, looked at, stopped; each of their runs is kept as any."""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from nengolab.exceptions import ValidationError
from nengolab.runs import facts, sweeps, swept
from nengolab.runs.plan import AS_COMPILED, Plan
from nengolab.runs.ready import Ready, ready
from nengolab.runs.record import GOING, this_process
from nengolab.runs.sweeps import SweepRecord, nothing
from nengolab.sweep.running import items_of
from nengolab.sweep.started import Started, checked_workers
from nengolab.sweep.started import start as start_in_background

# What says on what is trained, and not how.
_FIXED = ("x", "y", "input", "probe", "check_x", "check_y", "feeds", "also", "fixed", "name")


class SweepOfRuns(SweepRecord):
    """A sweep that this process started; `start_sweep` makes it.

    Everything that a `SweepRecord` has, and stopping. Its methods may be called on any thread, and
    return at once unless they say that they wait.
    """

    def __init__(self, path: Path, changed: Callable[[], None]):
        super().__init__(path)
        self._started: Started | None = None
        self._hear = changed
        self._lock = threading.Lock()
        self._unpacked: set[int] = set()
        # Of which there is a folder here, unless somebody has deleted it.
        self._here: set[int] = set()

    def begin(self, made: swept.Training, address: str | None, workers: int | None) -> None:
        """Start it; processes are made in the background."""
        self._started = start_in_background(
            made,
            [{"number": i} for i in range(len(made.plans))],
            address=address,
            workers=workers,
            look=partial(swept.look, made.token),
            end=partial(swept.end, made.token),
            changed=self._changed,
        )

    @property
    def is_going(self) -> bool:
        return self._started is not None and self._started.is_going

    @property
    def is_connected(self) -> bool:
        """Whether its processes, or the cluster, are there."""
        return self._started is not None and self._started.connected

    @property
    def problem(self) -> Exception | None:
        """Why nothing was run: no cluster at the address, processes that cannot be started."""
        return None if self._started is None else self._started.problem

    def standing(self, number: int) -> dict[str, Any]:
        started = self._started
        if started is None:
            return nothing("waiting")
        outcome = started.outcome(number)
        if outcome is not None:
            return self._ended(number, *outcome, started.seen.get(number))
        state = started.state(number)
        if state == "begun":
            return started.seen.get(number) or nothing("starting")
        return nothing("waiting" if state == "waiting" else "not run")

    def _ended(
        self, number: int, worked: bool, value: Any, seen: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """How a run stands that has come back: since then it may have been gone on with."""
        if worked and number not in self._here:
            return {k: v for k, v in value.items() if k != "files"}
        own = super().standing(number)
        if worked or own["state"] in (*GOING, "finished", "stopped"):
            return nothing("deleted") if own["state"] == "not run" else own
        return _failed(value, seen)

    def stop(self, run: int | str | None = None) -> None:
        """End a run after the batch that is computed, or begin it no more; all without one.

        Parameters
        ----------
        run : int or str, optional
            Its number, from 0, or its name.

        Raises
        ------
        ValidationError
            Where there is no such run.
        """
        if isinstance(run, str) and run in self.runs:
            run = self.runs.index(run)
        if run is not None and run not in range(len(self.runs)):
            raise ValidationError(
                f"there is no run {run!r}; there are {len(self.runs)}, from 0", attr="run"
            )
        assert self._started is not None
        assert not isinstance(run, str)
        self._started.stop(run)

    def wait(self, timeout: float | None = None) -> list[dict[str, Any]]:
        """Wait until all runs have ended; Ctrl-C ends the waiting, not the sweep.

        Returns
        -------
        list of dict
            As `rows`.

        Raises
        ------
        SimulationError
            Where there is no cluster at the address, or processes cannot be started.
        """
        assert self._started is not None
        self._started.wait(timeout)
        return self.rows()

    def _changed(self) -> None:
        """Write down what is new, on a thread of the sweep's."""
        with self._lock:
            if self._started is not None:
                self._take(self._started)
        self._hear()

    def _take(self, started: Started) -> None:
        failed: dict[str, Any] = dict(self._facts["failed"])
        for number in range(len(self.runs)):
            outcome = started.outcome(number)
            if outcome is None or number in self._unpacked:
                continue
            self._unpacked.add(number)
            worked, value = outcome
            if worked and value["files"] is not None:
                swept.unpack(value["files"], self.folder / self.runs[number])
                value["files"] = None
            if worked:
                self._here.add(number)
            else:
                told = _failed(value, None)
                failed[str(number)] = {k: told[k] for k in ("error", "traceback")}
        ended = started.problem is not None or not any(
            started.state(i) in ("waiting", "begun") for i in range(len(self.runs))
        )
        if started.problem is not None and not started.connected:
            self.path.unlink(missing_ok=True)  # nothing was run, nothing is kept
        elif ended and self._facts["state"] == "running":
            self.write(failed=failed, state="ended", ran=sorted(self._here))
        elif failed != self._facts["failed"]:
            self.write(failed=failed)


def _failed(value: Any, seen: Mapping[str, Any] | None) -> dict[str, Any]:
    """How a run stands that did not come back."""
    kind, message, traceback = value
    error = f"{kind}: {message}"
    if kind == "KilledWorker":
        error = (
            "its process died: it was killed, or there was no memory left. Fewer processes at once "
            "take less; from its last whole epoch it can be gone on with"
        )
    return {**nothing("failed"), **(seen or {}), "state": "failed"} | {
        "error": error,
        "traceback": traceback,
    }


def start_sweep(
    sim: Any,
    plan: Plan,
    variables: Mapping[str, Any],
    settings: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
    *,
    folder: str | Path = "runs",
    name: str | None = None,
    address: str | None = None,
    workers: int | None = None,
    network: str = "sim.network",
    changed: Callable[[], None] = lambda: None,
    **fit: Any,
) -> SweepOfRuns:
    """Train with many settings, several at once, in other processes; all of it on disk.

    Each run is trained by a simulator of its own, made of the network of ``sim`` for its batch
    size, which begins with the weights of ``sim`` (or, where the plan says so, as built).

    Parameters
    ----------
    sim : nengolab.Simulator
        Whose network, weights, seed and time step all runs have. It is not trained.
    plan : Plan
        What all runs have in common.
    variables : Mapping of str to object
        The data of the plan, by name.
    settings : sequence of dict, or dict of sequences
        Fields of the plan, of each run; or a grid of them. `nengolab.sweep.Range` and
        `nengolab.sweep.draw` make some.
    folder : str or Path
        Of all runs.
    name : str, optional
        Of the sweep; its runs are called after it. Default: date and time.
    address : str, optional
        Of the scheduler of a Dask cluster, whose workers have nengolab. Where they do not share
        this folder, runs come back when they end.
    workers : int, optional
        Processes on this machine. Default: one for each processor, and no more than runs.
    network : str
        What the network is called in the notebook or script, for `Record.to_script`.
    changed : callable
        Called on a thread of the sweep's when something has changed.
    **fit
        Other arguments of ``sim.fit``.

    Returns
    -------
    SweepOfRuns
        At once: processes are started in the background.

    Raises
    ------
    ValidationError
        For settings that no plan has, or that do not fit, before anything is started; ``attr`` is
        the setting.
    ImportError
        Without Dask.

    Examples
    --------
    >>> from nengolab.runs import Plan, start_sweep
    >>> x = np.ones((8, 5, 1))
    >>> plan = Plan(x="x", y="y", input="stimulus", probe="output", epochs=2, batch_size=4)
    >>> rates = {"learning_rate": [0.1, 0.01]}
    >>> sweep = start_sweep(sim, plan, {"x": x, "y": x**2}, rates, folder=folder, workers=1)
    >>> [row["state"] for row in sweep.wait()]
    ['finished', 'finished']
    """
    if workers is not None:
        workers = checked_workers(workers, address)
    items = [{key: facts.plain(v) for key, v in item.items()} for item in items_of(settings)]
    plans = [made.plan for made in planned(plan, items, sim.network, variables)]
    with tempfile.TemporaryDirectory() as passing:
        path = Path(passing) / "begin.npz"
        sim.save_params(path)
        weights = path.read_bytes()
    token = uuid.uuid4().hex
    told = {
        "state": "running",
        "process": this_process(),
        "token": token,
        "choices": plan.facts(),
        "settings": items,
        "address": address,
    }
    sweep = SweepOfRuns(sweeps.new(Path(folder), name, told), changed)
    named = _named(plan)
    made = swept.Training(
        token=token,
        folder=str(sweep.folder),
        name=sweep.name,
        network=sim.network,
        weights=weights,
        seed=int(sim.seed),
        dt=sim.dt,
        variables={key: value for key, value in variables.items() if key in named},
        plans=tuple(plans),
        settings=tuple(items),
        runs=tuple(sweep.runs),
        called=network,
        code=facts.code_so_far(),
        fit=fit,
    )
    try:
        sweep.begin(made, address, workers)
    except BaseException:
        sweep.path.unlink(missing_ok=True)
        raise
    return sweep


def planned(
    plan: Plan,
    items: Sequence[Mapping[str, Any]],
    network: Any,
    variables: Mapping[str, Any],
) -> list[Ready]:
    """Check the plan of each run of a sweep.

    Raises
    ------
    ValidationError
        For the first setting that does not fit.
    """
    if plan.loss == AS_COMPILED:
        raise ValidationError(
            "is what sim.compile was told, which cannot be sent to other processes: choose loss "
            "and optimizer here",
            attr="loss",
        )
    known = [f.name for f in fields(Plan) if f.name not in _FIXED]
    for item in items:
        for name in item:
            if name not in known:
                raise ValidationError(
                    f"{name!r} is nothing that can be set in a sweep: {', '.join(known)}",
                    attr="settings",
                )
    made = (replace(plan, **item) for item in items)
    return [ready(one, network, variables, _size(one)) for one in made]


def _size(plan: Plan) -> int:
    """Items at once: a simulator is made for them, so that there is no bound."""
    size = plan.batch_size
    return size if isinstance(size, int) and not isinstance(size, bool) else 1


def _named(plan: Plan) -> set[str]:
    """The variables that a plan names."""
    others = [target.y for target in plan.also.values()]
    return {plan.x, plan.y, plan.check_x, plan.check_y, *plan.feeds.values(), *others} - {""}
