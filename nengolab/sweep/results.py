"""What a sweep found."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nengolab.checks import table_library


@dataclass(frozen=True)
class Failure:
    """An item of a sweep that raised an error.

    Attributes
    ----------
    settings : dict
    type, message : str
        Of the error, for example ``"ValueError"``.
    traceback : str
        As Python prints it, from the process in which the item ran.

    Examples
    --------
    >>> from nengolab.sweep import Failure
    >>> Failure({"x": 0}, "ZeroDivisionError", "division by zero", "Traceback ...")
    Failure(settings={'x': 0}, type='ZeroDivisionError', message='division by zero')
    """

    settings: dict[str, Any]
    type: str
    message: str
    traceback: str = field(repr=False)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found; everything is in the order in which the settings were given.

    Attributes
    ----------
    items : list of dict
        All settings.
    done : list of (dict, object)
        Settings, and what the function returned for them.
    failed : list of Failure
    cancelled : list of dict
        Settings that were not run, or not to their end, after an interrupt.

    Examples
    --------
    >>> from nengolab.sweep import Sweep
    >>> found = Sweep([{"x": 2}, {"x": 3}], {0: (True, 4), 1: (True, 9)})  # as `sweep` makes it
    >>> found
    <Sweep of 2: 2 done, 0 failed, 0 cancelled>
    >>> found.done
    [({'x': 2}, 4), ({'x': 3}, 9)]
    """

    items: list[dict[str, Any]] = field(repr=False)
    outcomes: dict[int, tuple[bool, Any]] = field(repr=False)

    @property
    def done(self) -> list[tuple[dict[str, Any], Any]]:
        return [(self.items[i], self.outcomes[i][1]) for i in self._which(True)]

    @property
    def failed(self) -> list[Failure]:
        return [Failure(self.items[i], *self.outcomes[i][1]) for i in self._which(False)]

    @property
    def cancelled(self) -> list[dict[str, Any]]:
        return [item for i, item in enumerate(self.items) if i not in self.outcomes]

    def _which(self, fine: bool) -> list[int]:
        return sorted(i for i, (worked, _) in self.outcomes.items() if worked is fine)

    def __repr__(self) -> str:
        counts = {k: len(getattr(self, k)) for k in ("done", "failed", "cancelled")}
        return f"<Sweep of {len(self.items)}: {', '.join(f'{n} {k}' for k, n in counts.items())}>"

    def to_pandas(self) -> Any:
        """A table with a row for every item.

        Columns are the settings, ``status`` (``"done"``, ``"failed"``, ``"cancelled"``),
        ``value`` and ``error``. Where values are mappings each of their keys is a column in place
        of ``value``; one that is a setting's name too is called ``value.<key>``.

        Raises
        ------
        ImportError
            Without pandas.
        """
        pandas = table_library("to_pandas")
        rows = [self._row(i, item) for i, item in enumerate(self.items)]
        columns = dict.fromkeys(itertools.chain(*self.items, ["status"], *rows))
        last = [c for c in columns if c != "error"] + ["error"]
        return pandas.DataFrame([{c: row.get(c) for c in last} for row in rows], columns=last)

    def _row(self, i: int, item: dict[str, Any]) -> dict[str, Any]:
        if i not in self.outcomes:
            return {**item, "status": "cancelled", "error": None}
        worked, value = self.outcomes[i]
        if not worked:
            return {**item, "status": "failed", "error": f"{value[0]}: {value[1]}"}
        values = value if isinstance(value, Mapping) else {"value": value}
        taken = {*item, "status", "error"}
        values = {f"value.{k}" if k in taken else k: v for k, v in values.items()}
        return {**item, "status": "done", "error": None, **values}
