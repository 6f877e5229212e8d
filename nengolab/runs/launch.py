"""Starting a run, and going on with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nengolab.checks import whole
from nengolab.exceptions import SimulationError, ValidationError
from nengolab.inspect.described import describe
from nengolab.names import listing
from nengolab.runs import facts, record
from nengolab.runs.record import GOING, Record
from nengolab.runs.run import Run, Task

# Arguments of fit that say what is trained on; the others are settings.
_DATA = ("validation_data", "sample_weight", "class_weight")


def start(
    sim: Any,
    x: Any = None,
    y: Any = None,
    *,
    epochs: int = 1,
    folder: str | Path = "runs",
    name: str | None = None,
    note: str = "",
    tags: Iterable[str] = (),
    keep_every: int = 1,
    learning_rates: Mapping[int, float] | None = None,
    plan: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Any] | None = None,
    code: str | None = None,
    watchers: Iterable[Any] = (),
    **fit: Any,
) -> Run:
    """Train in the background, all of it on disk.

    Parameters
    ----------
    sim : nengolab.Simulator
        Compiled. Until the run has ended it belongs to the run: calls from elsewhere raise
        `SimulatorBusy`.
    x, y : object, optional
        As for ``sim.fit``.
    epochs : int
    folder : str or Path
        Of all runs; this one gets a folder in it.
    name : str, optional
        Default: date and time. A name that is taken gets a number.
    note : str
    tags : iterable of str
    keep_every : int
        The checkpoint of every so manieth epoch is kept, besides that of the start, the newest and
        the best. One holds the parameters, twice as much for Adam, and the network's state.
    learning_rates : Mapping of int to float, optional
        Learning rates that come on the way, by how many batches are done before: those that were
        set by hand in a run that is to be repeated.
    plan : Mapping, optional
        What a panel was told (``choices``), and the ``lines`` of Python that do the same, for
        `Record.to_script`. It is only written down.
    sweep : Mapping, optional
        Of which it is a part (``name``), and what was set in it (``settings``); written down, too.
    code : str, optional
        What had been run before, where this process does not know. Default: the cells of the
        notebook, or the script.
    watchers : iterable of keras.callbacks.Callback
        Who looks on, such as `nengolab.runs.watching.Watching`: nothing is written down of them.
    **fit
        Other arguments of ``sim.fit``: ``batch_size``, ``validation_data``, ``callbacks``, ...
        ``verbose`` is 0 unless given.

    Returns
    -------
    Run
        It has begun: the data were checked.

    Raises
    ------
    Exception
        What ``sim.fit`` raises for data that do not fit; nothing is left on disk then.
    SimulatorBusy
        Where another run or a live session owns the simulator.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> run = nengolab.runs.start(sim, x, x**2, epochs=3, folder=folder, name="squares")
    >>> run.wait()
    'finished'
    >>> run
    <run 'squares': finished, 3 of 3 epochs>
    >>> len(run.history["loss"]), run.kept
    (3, [0, 1, 2, 3])
    """
    if getattr(sim.keras_model, "optimizer", None) is None:
        raise SimulationError("cannot start a run before compile(optimizer, loss) was called")
    _check_fit(fit)
    fit = {"verbose": 0, **fit}
    task = Task(sim, x, y, fit, whole(keep_every, "keep_every", 1), tuple(watchers))
    told = {
        "state": "running",
        "process": record.this_process(),
        "planned": whole(epochs, "epochs", 1),
        "keep_every": task.keep_every,
        "note": str(note),
        "changes": _changes(learning_rates or {}),
        "plan": None if plan is None else dict(plan),
        "sweep": None if sweep is None else dict(sweep),
        "tags": record.checked_tags(tags),
        "network": getattr(sim.network, "label", None),
        "training": facts.training_settings(sim),
        "fit": _settings(task),
        "data": _data(task),
        "environment": facts.environment(),
    }
    code = facts.code_so_far() if code is None else code
    own = record.new(Path(folder), name, told, code, describe(sim.network))
    run = Run(own, task, 0)
    try:
        run.launch()
    except BaseException:
        record.remove(own)
        raise
    return run


def go_on(
    run: Record,
    sim: Any = None,
    x: Any = None,
    y: Any = None,
    *,
    epochs: int | None = None,
    start: int | None = None,
    other_data: bool = False,
    watchers: Iterable[Any] | None = None,
    **fit: Any,
) -> Run:
    """Train a run on: one that was stopped, failed or interrupted, or more epochs of it.

    It goes on from a checkpoint, to the same numbers as if nothing had been.

    Parameters
    ----------
    run : Record
    sim : nengolab.Simulator, optional
        Compiled, of the same network; another kernel may have made it. Default: that of ``run``,
        where it went on in this process, with data and callbacks.
    x, y : object, optional
        The same data.
    epochs : int, optional
        So many more, from ``start`` on. Default: those that were planned.
    start : int, optional
        Epochs of the run that are to count: what came after is given up, its changes of the
        learning rate too. Default: all whole ones.
    other_data : bool
        Let the data be others than before.
    watchers : iterable of keras.callbacks.Callback, optional
        As for `start`.
    **fit
        Other arguments of ``sim.fit``. Default: as before; data and callbacks must be given again.

    Returns
    -------
    Run

    Raises
    ------
    ValidationError
        Where ``run`` still goes on, the data are others, a checkpoint is not there or does not fit,
        or no epoch is left.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> run = nengolab.runs.start(sim, x, x**2, epochs=2, folder=folder)
    >>> run.wait()
    'finished'
    >>> run = nengolab.runs.go_on(run, epochs=1)
    >>> run.wait(), run.epochs
    ('finished', 3)
    """
    run.refresh()
    if run.state in GOING:
        raise SimulationError(f"{run.name!r} is {run.state}: there is nothing to go on with yet")
    _check_fit(fit)
    first = run.epochs if start is None else whole(start, "start", 0)
    before = run.facts
    planned = before["planned"] if epochs is None else first + whole(epochs, "epochs", 1)
    if planned <= first:
        raise ValidationError(
            f"{run.name!r} has done all {first} epochs that were planned; say how many more",
            attr="epochs",
        )
    if sim is None:
        if not isinstance(run, Run):
            raise ValidationError(
                f"{run.name!r} was made by another process: give a simulator of its network, and "
                "its data",
                attr="sim",
            )
        task = replace(run.task, fit=run.task.fit | fit)
    else:
        task = Task(sim, x, y, _as_before(before, fit), before["keep_every"])
    if watchers is not None:
        task = replace(task, watchers=tuple(watchers))
    data = _data(task)
    if not other_data:
        _check_data(run, data)
    checkpoint, history = run.checkpoint(first), run.history
    task.sim.load_checkpoint(checkpoint)
    changes = before["changes"]
    if start is not None:
        done = before["batches"][first - 1] if first else 0
        changes = [change for change in changes if change["batch"] < done]
    for later in run.kept:
        if later > first:
            record.checkpoint_file(run.folder, later).unlink()
    run.write(
        state="running",
        process=record.this_process(),
        planned=planned,
        epochs=first,
        batches=before["batches"][:first],
        best=record.best_of((history.get("val_loss") or history.get("loss") or [])[:first]),
        changes=changes,
        data=data,
        error=None,
        traceback=None,
    )
    again = Run(run.folder, task, first)
    try:
        again.launch()
    except BaseException as error:
        again.write(state="failed", error=f"{type(error).__name__}: {error}")
        raise
    return again


def _settings(task: Task) -> dict[str, Any]:
    """Arguments of fit that are settings, as JSON can hold them; callbacks by their types."""
    found = {}
    for key, value in task.fit.items():
        if key == "callbacks":
            value = [type(one).__name__ for one in value or ()]
        if key not in _DATA:
            found[key] = facts.plain(value)
    return found


def _data(task: Task) -> dict[str, Any]:
    """Fingerprints of everything that is trained on."""
    parts = {"x": task.x, "y": task.y} | {k: task.fit.get(k) for k in _DATA}
    name = task.sim.name_of
    return {k: facts.fingerprint(part, name) for k, part in parts.items() if part is not None}


def _as_before(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of fit: those that are given, and else those of before."""
    fit = {k: v for k, v in before["fit"].items() if k != "callbacks"}
    callbacks = before["fit"].get("callbacks")
    if callbacks and "callbacks" not in given:
        raise ValidationError(
            f"this run had {listing(callbacks)}: give them again, or callbacks=() for none",
            attr="callbacks",
        )
    return fit | given


def _check_data(run: Record, now: dict[str, Any]) -> None:
    if differing := facts.unlike(run.facts["data"], now):
        raise ValidationError(
            f"the data are not those of {run.name!r}: {'; '.join(differing)}. "
            "other_data=True trains on with these",
            attr="data",
        )


def _changes(rates: Mapping[int, float]) -> list[dict[str, Any]]:
    return [
        {"batch": whole(batch, "learning_rates", 0), "learning_rate": float(rate)}
        for batch, rate in sorted(rates.items())
    ]


def _check_fit(fit: dict[str, Any]) -> None:
    if "initial_epoch" in fit:
        raise ValidationError(
            "a run begins with its first epoch; nengolab.runs.go_on trains one on",
            attr="initial_epoch",
        )
