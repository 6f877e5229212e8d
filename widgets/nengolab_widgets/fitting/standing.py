"""How a run stands, as a page is told several times a second."""

from __future__ import annotations

from math import isfinite

from nengolab.runs import Run
from nengolab.runs.record import GOING

from .told import Now, Phase, redundant

_COME = {("pausing", "paused"), ("resuming", "running")}


def has_come(wish: str, run: Run) -> bool:
    """Whether what was asked of a run has happened, or can no longer."""
    return (wish, run.state) in _COME or run.state not in GOING


def standing(run: Run | None, phase: Phase, wish: str) -> Now:
    """Say how a run stands.

    Parameters
    ----------
    run : Run or None
    phase : Phase
        What the panel does; while it measures or starts, that counts and not the run's state.
    wish : str
        What was asked of the run and has not happened yet.
    """
    if run is None:
        return _no_run(phase)
    state, at = run.state, run.progress
    if phase not in ("measuring", "starting"):
        phase = "paused" if state == "paused" else "running" if state in GOING else "ended"
    size = run.task.fit.get("batch_size") or run.task.sim.minibatch_size or 1
    rate = run.facts["training"]["learning_rate"]
    is_number = isinstance(rate, float)
    changes = run.facts["changes"]
    if changes:
        rate = changes[-1]["learning_rate"]
    a_second = at.batches_per_second or 0.0
    epoch_names = [f"epoch_{name}" for name in at.logs]
    return {
        "phase": phase,
        "wish": wish,
        "run": run.name,
        "state": state,
        "epoch": at.epoch,
        "epochs": at.epochs,
        "batch": at.batch,
        "batches": at.batches or 0,
        "rate": a_second,
        "items": a_second * size,
        "left": -1.0 if at.seconds_left is None else at.seconds_left,
        "learning_rate": rate if isinstance(rate, float) else 0.0,
        "fixed_rate": "" if is_number else "follows a schedule",
        "metrics": [
            (name, value)
            for name, value in at.logs.items()
            if isfinite(value) and not redundant(name, epoch_names)
        ],
        "best": run.best_epoch or 0,
        "waits": run.problem or "",
    }


def _no_run(phase: Phase) -> Now:
    return {
        "phase": phase,
        "wish": "",
        "run": "",
        "state": "",
        "epoch": 0,
        "epochs": 0,
        "batch": 0,
        "batches": 0,
        "rate": 0.0,
        "items": 0.0,
        "left": -1.0,
        "learning_rate": 0.0,
        "fixed_rate": "",
        "metrics": [],
        "best": 0,
        "waits": "",
    }
