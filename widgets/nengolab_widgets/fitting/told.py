"""What a page is told of training: the types, and words for what went wrong."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Literal, TypedDict

import numpy as np
from nengo.exceptions import SimulatorClosed

from nengolab.exceptions import SimulatorBusy
from nengolab.runs import Record, Run
from nengolab.runs.record import GOING

# What a curve has on a page.
MOST_POINTS = 500

Phase = Literal["set up", "measuring", "starting", "running", "paused", "ended"]


class Trouble(TypedDict):
    """What went wrong, what to do, and the traceback where there is one; ``field`` of the form."""

    text: str
    advice: str
    traceback: str
    field: str


class Now(TypedDict):
    """How the run stands; ``wish`` is what was asked for and has not come yet."""

    phase: Phase
    wish: str
    run: str
    state: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    rate: float
    items: float
    left: float
    learning_rate: float
    fixed_rate: str
    metrics: list[tuple[str, float]]
    best: int
    waits: str


class Choice(TypedDict):
    """Something to choose from; ``why`` says why it cannot be."""

    name: str
    note: str
    why: str


class Field(TypedDict):
    """One field of the form: ``value`` is what a person gave, ``error`` what is wrong with it.

    Those of a ``group`` are folded away under its name.
    """

    name: str
    label: str
    kind: Literal["choice", "whole", "number", "text"]
    value: str
    choices: list[Choice]
    hint: str
    error: str
    group: str


class Trained(TypedDict):
    """An array that could be trained: whether it is, and why."""

    name: str
    owner: str
    role: str
    size: int
    shape: str
    trains: bool
    can: bool
    why: str


class Row(TypedDict):
    """A run of the folder, in the table; ``shown`` is its number among the curves, or -1."""

    name: str
    state: str
    began: str
    epochs: str
    loss: float | None
    val_loss: float | None
    accuracy: float | None
    learning_rate: str
    tags: list[str]
    note: str
    error: str
    shown: int
    resumable: bool
    stoppable: bool
    kept: list[int]


class Desk(TypedDict):
    """Everything that changes when somebody does something: form, runs, what went wrong."""

    given: bool
    fields: list[Field]
    trained: list[Trained]
    samples: str
    summary: list[str]
    trouble: list[Trouble]
    notice: str
    runs: list[Row]
    folder: str
    differences: list[tuple[str, str, str]]
    compared: list[str]


class Series(TypedDict):
    """A curve: ``x`` counts epochs; its points are the arrays ``x<i>`` and ``y<i>``."""

    run: str
    number: int
    metric: str
    of: Literal["batches", "epochs", "validation"]


class Moved(TypedDict):
    """What a batch did to an array: the norm of its gradient, and how far it moved, of its size.

    Of a training that diverges neither is a number.
    """

    name: str
    gradient: float | None
    update: float | None


class Layer(TypedDict):
    """How the neurons of a probe fire: the mean rate (Hz), shares that never and always do.

    ``counts`` say how many have which rate, from 0 to ``top``.
    """

    name: str
    neurons: int
    mean: float
    dead: float
    saturated: float | None
    counts: list[int]
    top: float


class Seen(TypedDict):
    """What was seen while it trains.

    ``epoch`` is after which the answers are; ``samples`` say which class each drawn item is of, and
    which was answered; the confusion is of ``items``. ``points`` are epochs, spikes an item and the
    share of right answers.
    """

    epoch: int
    items: int
    right: int
    samples: list[tuple[int, int]]
    moved: list[Moved]
    problem: str
    layers: list[Layer]
    points: list[tuple[int, float, float]]


def trouble_of(error: BaseException, traceback: str = "", field: str = "") -> Trouble:
    """Say what went wrong, and what to do."""
    text = str(error)
    attr = getattr(error, "attr", None)
    if attr:
        text = text.removeprefix(f"{attr}: ")
    if not text:
        text = type(error).__name__
    return {"text": text, "advice": advice(error), "traceback": traceback, "field": field}


def advice(error: BaseException) -> str:
    """What to do about an error, in a line; "" where it says so itself."""
    text = str(error)
    if isinstance(error, SimulatorBusy):
        return (
            "Wait for that run, or stop it; a live session ends with the Lab that shows it. "
            "Fit(net) instead trains a simulator of its own."
        )
    if isinstance(error, SimulatorClosed):
        return "Make the simulator again, without a with block around it, and give it to Fit."
    return advice_for(text)


def advice_for(text: str) -> str:
    """The same, of the text of an error that was written down."""
    if "numbers are NaN or infinite" in text:
        return (
            "The weights to begin with are not finite themselves: Restore those of an epoch "
            "(a run's name under Runs), or begin with weights as built."
        )
    if "NaN" in text or "not finite" in text or "infinit" in text:
        return (
            "The weights are those before that batch, which may be far off already: Restore those "
            "of a good epoch (the run's name under Runs), or begin with weights as built. Then "
            "take a smaller learning rate, a tenth, and start again."
        )
    if "No space left" in text:
        return "Make room on the disk, and go on from the last whole epoch."
    return ""


def failure_of(run: Record) -> Trouble | None:
    """What a run that has ended failed with, or why it came to no end."""
    if run.state == "failed":
        text = run.error or "it failed"
        found = run.facts.get("traceback") or ""
        return {"text": text, "advice": advice_for(text), "traceback": found, "field": ""}
    counts = np.diff([0, *run.facts["batches"]])
    short = np.flatnonzero(counts < counts[0]) if len(counts) else counts
    if len(short):
        return {
            "text": f"The data ran out in epoch {short[0] + 1}, after {counts[short[0]]} of "
            f"{counts[0]} batches.",
            "advice": "A generator is used up by one pass: a keras.utils.PyDataset, or a "
            "tf.data.Dataset with .repeat() and steps_per_epoch, gives as much as is asked for.",
            "traceback": "",
            "field": "",
        }
    return None


def thinned(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points of a curve: of each stretch the least and the largest, and the last.

    Parameters
    ----------
    x, y : array of shape (n,)
    most : int
        Even.
    """
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
    kept = {len(x) - 1}
    for start, stop in itertools.pairwise(edges):
        part = np.nan_to_num(y[start:stop], nan=np.inf)
        kept |= {start + int(part.argmin()), start + int(part.argmax())}
    at = sorted(kept)
    return x[at], y[at]


def curves_of(run: Record, number: int) -> list[tuple[Series, np.ndarray, np.ndarray]]:
    """The curves of a run, over epochs."""
    metrics = run.metrics
    a_epoch = _batches(run)
    found: list[tuple[Series, np.ndarray, np.ndarray]] = []
    for name, (steps, values) in metrics.items():
        prefix, _, metric = name.partition("_")
        if metric == "learning_rate" or redundant(metric, metrics):
            continue
        if prefix == "batch":
            if not a_epoch:
                continue
            x, of = steps / a_epoch, "batches"
        else:
            x, of = np.asarray(steps, float), "epochs"
            if metric.startswith("val_"):
                metric, of = metric.removeprefix("val_"), "validation"
        series: Series = {"run": run.name, "number": number, "metric": metric, "of": of}
        found.append((series, *thinned(np.asarray(x, float), np.asarray(values, float))))
    return found


def redundant(metric: str, metrics: Collection[str]) -> bool:
    """Whether another name says the same: with one loss, Keras's own is enough."""
    bare = metric.removeprefix("val_")
    for short in ("loss", "accuracy"):
        if bare != short and bare.endswith(f"_{short}"):
            same = [m for m in metrics if m.endswith(f"_{short}") and m.startswith("epoch_")]
            probes = {m for m in same if m != f"epoch_{short}" and not m.startswith("epoch_val_")}
            whole = {f"epoch_{short}", f"batch_{short}"} & set(metrics)
            return bool(whole) and len(probes) <= 1
    return False


def _batches(run: Record) -> int:
    """Of an epoch; 0 where that is not known."""
    counts = run.facts["batches"]
    if counts:
        return counts[0]
    return (run.progress.batches or 0) if isinstance(run, Run) else 0


def row_of(run: Record, shown: int) -> Row:
    """What the table says of a run."""
    history = run.history
    at = (run.best_epoch or run.epochs) - 1

    def best(name: str) -> float:
        values = history.get(name, [])
        return values[at] if 0 <= at < len(values) else float("nan")

    training = run.facts["training"]
    rate = training.get("learning_rate")
    changes = run.facts["changes"]
    rates = [rate if isinstance(rate, float) else "schedule"]
    rates += [change["learning_rate"] for change in changes]
    told = [f"{r:.3g}" if isinstance(r, float) else str(r) for r in rates]
    names = [name for name in history if name.endswith("accuracy")]
    accuracy = best(min(names, key=lambda name: not name.startswith("val_"), default=""))
    return {
        "name": run.name,
        "state": run.state,
        "began": _time(run.facts["created"]),
        "epochs": f"{run.epochs} of {run.facts['planned']}",
        "loss": finite(best("loss")),
        "val_loss": finite(best("val_loss")),
        "accuracy": finite(accuracy),
        "learning_rate": " → ".join(told if len(told) < 4 else [told[0], "…", told[-1]]),
        "tags": run.tags,
        "note": run.note,
        "error": run.error or "",
        "shown": shown,
        "resumable": run.state not in GOING and run.epochs < run.facts["planned"],
        # Another process's, such as a sweep's, is not to be reached.
        "stoppable": isinstance(run, Run) and run.state in GOING,
        "kept": run.kept,
    }


def _time(seconds: float) -> str:
    import time

    return time.strftime("%d %b %H:%M", time.localtime(seconds))


def finite(value: float) -> float | None:
    """JSON has no NaN: None stands for what is not known."""
    return float(value) if np.isfinite(value) else None
