"""A recording that a Node plays in place of its own output."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError

# A recording is kept in memory, and with it what it was played from.
MOST_BYTES = 256 * 2**20
# Of a sample's time: where steps and samples fall together but for rounding, the sample counts.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """Values over time, each held until the next; played from when it is given to a Node.

    Parameters
    ----------
    values : array_like (samples, size) or (samples,)
        Finite numbers; of one dimension where there is one axis.
    dt : float, optional
        Seconds from one sample to the next; default: one step of who plays it.
    times : array_like (samples,), optional
        Instead of ``dt``: when each sample begins. Only differences count.
    loop : bool
        Begin again after the last sample, which is then held as long as the one before; else the
        last is held for good.
    name : str
        What it is called where it plays.
    start : int, optional
        Step after which it plays; set by who plays it.
    """

    values: Any
    dt: float | None = None
    times: Any = None
    loop: bool = False
    name: str = "recording"
    start: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _read_values(self.values))
        times = self._read_times()
        if times is not None:
            times.flags.writeable = False
        object.__setattr__(self, "times", times)

    def _read_times(self) -> np.ndarray | None:
        if self.times is None:
            if self.dt is not None and not 0 < self.dt < math.inf:
                raise ValidationError(
                    f"must be a positive number of seconds, got {self.dt!r}", "dt"
                )
            return None
        if self.dt is not None:
            raise ValidationError("give dt or times, not both", "times")
        times = np.array(self.times, dtype=float)
        if times.shape != (len(self.values),):
            raise ValidationError(
                f"needs one time for each of {len(self.values)} samples, got shape {times.shape}",
                "times",
            )
        if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            row = int(np.flatnonzero(~(np.diff(times, prepend=-np.inf) > 0))[0])
            raise ValidationError(
                f"times must grow from sample to sample; sample {row} is at {times[row]!r}", "times"
            )
        return times - times[0]

    @classmethod
    def from_csv(
        cls,
        source: str | Path,
        size: int,
        *,
        dt: float | None = None,
        loop: bool = False,
        name: str = "",
    ) -> Recording:
        """Read a recording for a Node of some size from a CSV file, or from the text of one.

        Parameters
        ----------
        source : Path or str
            A file, or the text itself. Separated by commas, semicolons or tabs; the first line may
            hold names, lines that begin with # are left out.
        size : int
            Dimensions of the Node. One column more, before the others, is the time (s) of each row.
        dt : float, optional
            Seconds between rows; a column of times is not looked at then.
        loop, name
            As for `Recording`.

        Raises
        ------
        ValidationError
            Says which line is wrong, or how many columns there are and how many would work.
        """
        if isinstance(source, Path):
            name, source = name or source.name, source.read_text(encoding="utf-8-sig")
        table = _read_table(source.removeprefix("\ufeff"), size)
        times = table[:, 0] if table.shape[1] > size and dt is None else None
        return cls(table[:, -size:], dt=dt, times=times, loop=loop, name=name or "CSV file")

    @property
    def size(self) -> int:
        """Values in a sample."""
        return self.values.shape[1]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        how = ", looped" if self.loop else ""
        return f"<Recording {self.name!r}: {len(self)} samples of {self.size}{how}>"

    def duration(self, dt: float) -> float:
        """Seconds until it has been played once, in steps of ``dt``."""
        if self.times is None:
            return len(self.values) * (self.dt or dt)
        last = self.times[-1] - self.times[-2] if len(self.times) > 1 else dt
        return float(self.times[-1] + last)

    def starting(self, step: int) -> Recording:
        """Give the same, played from after a step on."""
        return replace(self, start=step)

    def rows(self, done: int, n_steps: int, dt: float) -> np.ndarray:
        """Give what is put out in the steps after ``done`` steps: ``(n_steps, 1, size)``.

        It depends on the step alone, so that a run that is computed again has the same.
        """
        since = np.maximum(np.arange(done, done + n_steps) - (self.start or 0), 0) * dt
        if self.times is None:
            every = self.dt or dt
            index = np.floor(since / every + ROUNDING).astype(np.int64)
            index = index % len(self.values) if self.loop else index
        else:
            every = self.duration(dt)
            slack = ROUNDING * every / len(self.values)
            if self.loop:
                since = np.maximum(since - np.floor(since / every + ROUNDING) * every, 0)
            index = np.searchsorted(self.times, since + slack, side="right") - 1
        return self.values[np.minimum(index, len(self.values) - 1)][:, None]


def _read_values(given: Any) -> np.ndarray:
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise ValidationError(
            f"a recording is an array of numbers (samples, size), got {type(given).__name__}",
            "values",
        ) from None
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        raise ValidationError(
            f"a recording is an array (samples, size) with samples, got shape {values.shape}",
            "values",
        )
    if values.nbytes > MOST_BYTES:
        raise ValidationError(
            f"a recording may take {MOST_BYTES // 2**20} MB, got {values.nbytes / 2**20:.0f} MB; "
            "give fewer samples and a longer dt",
            "values",
        )
    if not np.isfinite(values).all():
        sample, column = np.argwhere(~np.isfinite(values))[0]
        raise ValidationError(
            f"sample {sample}, dimension {column} is {values[sample, column]}; NaN and infinity "
            "are no inputs",
            "values",
        )
    values.flags.writeable = False
    return values


# ---- from a file of comma-separated values ----


def _read_table(text: str, size: int) -> np.ndarray:
    names, rows = _headed(_split(text))
    if not rows:
        raise ValidationError("the file has no rows of numbers", "csv")
    table = np.array(rows, dtype=float)
    columns = table.shape[1]
    if columns in (size, size + 1):
        return table
    found = f" ({', '.join(names[:8])}{', ...' if len(names) > 8 else ''})" if names else ""
    raise ValidationError(
        f"the file has {columns} column{'s' * (columns != 1)}{found}; the Node has {size} "
        f"dimension{'s' * (size != 1)}, so {size} or, with a first column of times, {size + 1} "
        "would work",
        "csv",
    )


def _split(text: str) -> list[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((d for d in ("\t", ";", ",") if d in first), ",")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        return [
            (reader.line_num, [cell.strip() for cell in row])
            for row in reader
            if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
        ]
    except csv.Error as error:
        raise ValidationError(f"line {reader.line_num} cannot be read: {error}", "csv") from None


def _headed(lines: Sequence[tuple[int, list[str]]]) -> tuple[list[str], list[list[float]]]:
    """Tell names from numbers."""
    names: list[str] = []
    if lines and not any(map(_is_number, lines[0][1])):
        names, lines = lines[0][1], lines[1:]
    rows: list[list[float]] = []
    for number, cells in lines:
        if len(cells) != len(lines[0][1]):
            raise ValidationError(
                f"line {number} has {len(cells)} columns, line {lines[0][0]} has "
                f"{len(lines[0][1])}",
                "csv",
            )
        bad = [cell for cell in cells if not _is_number(cell)]
        if bad:
            raise ValidationError(f"line {number}: {bad[0]!r} is no number", "csv")
        rows.append([float(cell) for cell in cells])
    return names, rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
