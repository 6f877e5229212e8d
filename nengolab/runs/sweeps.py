"""Sweeps of training as they are on disk: a file beside their runs says which these are."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.checks import table_library
from nengolab.exceptions import ValidationError
from nengolab.runs.record import FILE, GOING, Record, checked_name, lives
from nengolab.saving.archive import text_of

#: What the file of a sweep is called: ``<name>.sweep.json``.
END = ".sweep.json"
FORMAT = 1
# Of metrics, the one by which runs are compared: the first that there is.
RESULTS = ("val_loss", "loss")


class SweepRecord:
    """A sweep in its folder: what was set, and how each of its runs stands.

    `Catalogue.sweeps` gives them.

    Parameters
    ----------
    path : Path
        Of its file.

    Raises
    ------
    ValidationError
        Where the file is none of a sweep.
    """

    def __init__(self, path: Path):
        self.path = Path(path).absolute()
        self._facts: dict[str, Any] = _read(self.path)
        self._rows: dict[int, tuple[float, dict[str, Any]]] = {}

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(END)

    @property
    def folder(self) -> Path:
        """Where its runs are."""
        return self.path.parent

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that its file holds."""
        return self._facts

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What was set in each of its runs."""
        return list(self._facts["settings"])

    @property
    def runs(self) -> list[str]:
        """Names of its runs, in the same order; not all of them need have begun."""
        return list(self._facts["runs"])

    @property
    def is_going(self) -> bool:
        """Whether a process is in charge of it."""
        return self._facts["state"] == "running" and lives(self._facts["process"])

    def rows(self) -> list[dict[str, Any]]:
        """How each run stands.

        Returns
        -------
        list of dict
            ``settings``, ``run`` (its name), ``state`` (``"waiting"``, ``"starting"``,
            ``"running"``, ``"finished"``, ``"stopped"``, ``"failed"``, ``"interrupted"``,
            ``"deleted"`` or ``"not run"``), ``epoch``, ``epochs``, ``part`` (of it that is done,
            0 to 1), ``metrics`` (at its best epoch; of one that goes on, as they are), ``error``
            and ``traceback``.
        """
        pairs = zip(self.settings, self.runs, strict=True)
        return [
            {"settings": settings, "run": name, **self.standing(i)}
            for i, (settings, name) in enumerate(pairs)
        ]

    def standing(self, number: int) -> dict[str, Any]:
        """How a run of it stands, without its settings."""
        failed = self._facts["failed"].get(str(number))
        folder = self.folder / self.runs[number]
        try:
            changed = (folder / FILE).stat().st_mtime
            held = self._rows.get(number)
            if held is None or held[0] != changed or held[1]["state"] in GOING:
                held = self._rows[number] = (changed, standing_of(Record(folder)))
        except (OSError, ValidationError):  # it never began, or was deleted
            if failed is None:
                return nothing("deleted" if number in self._facts.get("ran", ()) else "not run")
            return nothing("failed", failed["error"], failed["traceback"])
        # What its own folder says counts: a run that was cut off can be gone on with.
        row = held[1]
        if failed is None or row["state"] != "failed":
            return row
        return row | {"error": row["error"] or failed["error"], "traceback": failed["traceback"]}

    def table(self) -> Any:
        """One row a run: settings, state, epochs, metrics, error.

        Raises
        ------
        ImportError
            Without pandas.
        """
        pandas = table_library("a table of a sweep")
        rows = {
            row["run"]: {
                **row["settings"],
                **{key: row[key] for key in ("state", "epoch", "epochs")},
                **row["metrics"],
                "error": row["error"],
            }
            for row in self.rows()
        }
        return pandas.DataFrame.from_dict(rows, orient="index").rename_axis("run")

    def mattered(self, metric: str | None = None) -> dict[str, float]:
        """Which setting mattered: the share of the spread of a result that goes with each.

        Parameters
        ----------
        metric : str, optional
            Default: the validation loss, or the loss where nothing was validated.

        Returns
        -------
        dict of str to float
            0 to 1, the largest first, of settings that had several values. Of values that came
            several times it is the spread between their means over all of it (eta squared); of
            others the squared correlation of ranks. Empty where fewer than four runs have a result.
        """
        return mattered(self.rows(), metric)

    def write(self, **changes: Any) -> None:
        """Change entries of its file, which is replaced whole or not at all."""
        self._facts = {**self._facts, **changes, "updated": time.time()}
        _write(self.path, self._facts)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for row in self.rows():
            counts[row["state"]] = counts.get(row["state"], 0) + 1
        said = ", ".join(f"{n} {state}" for state, n in counts.items())
        return f"<sweep {self.name!r} of {len(self.runs)} runs: {said}>"


def standing_of(run: Record) -> dict[str, Any]:
    """How a run stands, as `SweepRecord.rows` has it."""
    history, planned = run.history, run.facts["planned"]
    at = (run.best_epoch or run.epochs) - 1
    metrics = {
        name: float(values[at])
        for name, values in history.items()
        if 0 <= at < len(values) and name != "learning_rate" and np.isfinite(values[at])
    }
    return {
        "state": run.state,
        "epoch": run.epochs,
        "epochs": planned,
        "part": 1.0 if run.state == "finished" else run.epochs / planned,
        "metrics": metrics,
        "error": run.error or "",
        "traceback": run.facts.get("traceback") or "",
    }


def nothing(state: str, error: str = "", traceback: str = "") -> dict[str, Any]:
    """How a run stands of which there is nothing."""
    return {
        "state": state,
        "epoch": 0,
        "epochs": 0,
        "part": 0.0,
        "metrics": {},
        "error": error,
        "traceback": traceback,
    }


def result_of(rows: list[dict[str, Any]]) -> str:
    """The metric by which runs are compared."""
    return next((name for name in RESULTS if any(name in r["metrics"] for r in rows)), "loss")


def mattered(rows: list[dict[str, Any]], metric: str | None = None) -> dict[str, float]:
    """As `SweepRecord.mattered`, of its rows."""
    metric = result_of(rows) if metric is None else metric
    rows = [r for r in rows if metric in r["metrics"] and r["state"] in ("finished", "stopped")]
    if len(rows) < 4:
        return {}
    results = np.array([row["metrics"][metric] for row in rows])
    found: dict[str, float] = {}
    for name in rows[0]["settings"]:
        values = [row["settings"][name] for row in rows]
        if len(set(map(repr, values))) > 1 and results.std() > 0:
            found[name] = _share(values, results)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _share(values: list[Any], results: np.ndarray) -> float:
    groups: dict[str, list[int]] = {}
    for i, value in enumerate(values):
        groups.setdefault(repr(value), []).append(i)
    if len(groups) > len(values) / 2 and all(isinstance(v, (int, float)) for v in values):
        ranks = [np.unique(of, return_inverse=True)[1] for of in (np.array(values), results)]
        x, y = (of - of.mean() for of in map(np.asarray, ranks))
        return float((x @ y) ** 2 / ((x @ x) * (y @ y)))
    means = np.empty(len(values))
    for own in groups.values():
        means[own] = results[own].mean()
    return float(means.var() / results.var())


def sweeps_in(folder: Path) -> list[str]:
    """Names of the sweeps of a folder, the oldest first."""
    found = []
    for path in folder.glob(f"*{END}"):
        try:
            found.append((_read(path)["created"], path.name.removesuffix(END)))
        except ValidationError:
            continue  # of another version
    return [name for _, name in sorted(found)]


def new(folder: Path, name: str | None, facts: Mapping[str, Any]) -> Path:
    """Make the file of a new sweep; a name that is taken gets a number.

    Returns
    -------
    Path
    """
    name = time.strftime("sweep %Y-%m-%d %H.%M.%S") if name is None else checked_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    number, path = 1, folder / f"{name}{END}"
    while path.exists() or any(folder.glob(f"{_plain(path)} ??")):
        number += 1
        path = folder / f"{name} {number}{END}"
    own = path.name.removesuffix(END)
    width = max(2, len(str(len(facts["settings"]))))
    runs = [f"{own} {i + 1:0{width}d}" for i in range(len(facts["settings"]))]
    usual = {"format": FORMAT, "created": time.time(), "runs": runs, "failed": {}}
    _write(path, {**usual, **facts})
    return path


def _plain(path: Path) -> str:
    """A name of a file that is no pattern."""
    import glob

    return glob.escape(path.name.removesuffix(END))


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    passing = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        passing.write_text(text_of(facts), encoding="utf-8")
        os.replace(passing, path)
    finally:
        passing.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValidationError(f"{str(path)!r} is no sweep: {error}", attr="path") from None
    needed = {"settings", "runs", "failed", "state", "process", "created"}
    if not isinstance(facts, dict) or facts.get("format") != FORMAT or needed - facts.keys():
        raise ValidationError(
            f"{str(path)!r} is not of format {FORMAT}, which this version writes", attr="path"
        )
    return facts
