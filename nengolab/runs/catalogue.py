"""All runs of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.checks import table_library
from nengolab.exceptions import ValidationError
from nengolab.inspect.described import diff_described
from nengolab.names import listing
from nengolab.parameters.show import figures
from nengolab.runs.facts import unlike
from nengolab.runs.record import FILE, Record
from nengolab.runs.run import going
from nengolab.runs.sweeps import END, SweepRecord, sweeps_in
from nengolab.saving.archive import Archive
from nengolab.saving.loading import check_kind


class Catalogue(Mapping[str, Record]):
    """The runs of a folder by name, the oldest first; `nengolab.runs.open` makes it.

    Parameters
    ----------
    folder : Path

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> for epochs in (1, 2):
    ...     run = nengolab.runs.start(sim, x, x, epochs=epochs, folder=folder, name=f"of {epochs}")
    ...     state = run.wait()
    >>> runs = nengolab.runs.open(folder)
    >>> runs.differences("of 1", "of 2")[0]  # others: the weights with which they began
    ('planned', 1, 2)
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def _names(self) -> list[str]:
        found = [path.parent for path in self.folder.glob(f"*/{FILE}")]
        return [p.name for p in sorted(found, key=lambda p: (Record(p).facts["created"], p.name))]

    def __getitem__(self, name: str) -> Record:
        folder = (self.folder / name).absolute()
        if not (folder / FILE).is_file():
            raise KeyError(f"there is no run {name!r} in {str(self.folder)!r}; {self._known()}")
        return going(folder) or Record(folder)

    def _known(self) -> str:
        names = self._names()
        return f"there are {listing(names)}" if names else "there are none"

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    @property
    def sweeps(self) -> dict[str, SweepRecord]:
        """The sweeps of the folder by name, the oldest first."""
        return {name: SweepRecord(self.folder / f"{name}{END}") for name in sweeps_in(self.folder)}

    def table(self) -> Any:
        """One row a run: state, epochs, best epoch, metrics at the best epoch, settings, tags.

        Returns
        -------
        pandas.DataFrame
            With the names as index.

        Raises
        ------
        ImportError
            Without pandas.
        """
        pandas = table_library("a table of runs")
        rows = {name: _row(self[name]) for name in self}
        return pandas.DataFrame.from_dict(rows, orient="index").rename_axis("run")

    def differences(self, one: str, other: str) -> list[tuple[str, Any, Any]]:
        """What two runs were told differently.

        Parameters
        ----------
        one, other : str
            Names.

        Returns
        -------
        list of (str, object, object)
            What, and its value in either: ``("fit.batch_size", 32, 16)``; a learning rate that was
            changed on the way is ``("learning_rate.from batch 40", 0.001, None)``; of the
            networks, matched by name, ``("network: ensemble: radius", "1.0", "2.0")``; of arrays
            with which they began ``("weights at the start: ensemble.encoders", ...)``.
        """
        a, b = self[one], self[other]
        found = []
        for part in ("training", "fit", "environment", "planned"):
            found += _differing(part, a.facts[part], b.facts[part])
        found += _differing("learning_rate", _by_batch(a), _by_batch(b))
        found += [("data", text, None) for text in unlike(a.facts["data"], b.facts["data"])]
        found += _of_networks(a, b) + _of_weights(a, b)
        if a.code != b.code:
            found.append(("code", a.code, b.code))
        return found

    def __repr__(self) -> str:
        lines = [repr(self[name]) for name in self]
        return "\n".join([f"<{len(lines)} runs in {str(self.folder)!r}>", *lines])


def open(folder: str | Path = "runs") -> Catalogue:
    """All runs of a folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Catalogue
        What is there now: new runs are in it as soon as they begin.

    Raises
    ------
    ValidationError
        Where there is no such folder.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> run = nengolab.runs.start(sim, x, x**2, folder=folder, name="first", tags=["try"])
    >>> run.wait()
    'finished'
    >>> runs = nengolab.runs.open(folder)
    >>> list(runs), runs["first"].tags
    (['first'], ['try'])
    >>> runs.table().loc["first", "state"]
    'finished'
    """
    path = Path(folder)
    if not path.is_dir():
        raise ValidationError(f"there is no folder {str(path)!r}", attr="folder")
    return Catalogue(path)


def _row(run: Record) -> dict[str, Any]:
    pandas = table_library("a table of runs")
    training, fit = run.facts["training"], run.facts["fit"]
    row = {
        "state": run.state,
        "began": pandas.to_datetime(run.facts["created"], unit="s").floor("s"),
        "epochs": run.epochs,
        "best_epoch": run.best_epoch,
        "optimizer": training["optimizer"].get("class"),
        "learning_rate": training["learning_rate"],
        "batch_size": fit.get("batch_size") or training["minibatch_size"],
        "tags": ", ".join(run.tags),
        "note": run.note,
    }
    at = (run.best_epoch or run.epochs) - 1
    for name, values in run.history.items():
        if 0 <= at < len(values) and name != "learning_rate":
            row[name] = values[at]
    return row


def _of_networks(a: Record, b: Record) -> list[tuple[str, Any, Any]]:
    """What differs between the networks of two runs, as they were described."""
    one, other = a.network, b.network
    if one is None or other is None:
        return []
    rows = diff_described(one, other).rows
    return [(f"network: {row.a or row.b}: {row.what}", row.in_a, row.in_b) for row in rows]


def _of_weights(a: Record, b: Record) -> list[tuple[str, Any, Any]]:
    """Arrays with which two runs began that differ, where both are kept."""
    if 0 not in a.kept or 0 not in b.kept:
        return []
    found: list[tuple[str, Any, Any]] = []
    with Archive(a.checkpoint(0)) as one, Archive(b.checkpoint(0)) as other:
        for file in (one, other):
            check_kind(file)
        left, right = (
            {entry["name"]: entry["member"] for entry in file.manifest["parameters"]}
            for file in (one, other)
        )
        for name in (n for n in left if n in right):
            values = one.array(left[name]), other.array(right[name])
            if not np.array_equal(*values):
                same = values[0].shape == values[1].shape
                x, y = (figures(v) if same else f"shape {v.shape}" for v in values)
                if x == y:  # they are alike in short
                    y += f", at most {np.abs(values[0] - values[1]).max():.3g} apart"
                found.append((f"weights at the start: {name}", x, y))
    return found


def _by_batch(run: Record) -> dict[str, float]:
    """Learning rates that were changed on the way."""
    return {f"from batch {c['batch']}": c["learning_rate"] for c in run.facts["changes"]}


def _differing(where: str, a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [*a, *(k for k in b if k not in a)]
        return [d for k in keys for d in _differing(f"{where}.{k}", a.get(k), b.get(k))]
    return [] if a == b else [(where, a, b)]
