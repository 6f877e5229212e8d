"""What a person gave a panel of training in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Given:
    """What a person gave in Python.

    Attributes
    ----------
    x, y : object
        Data of any form that ``fit`` takes; None is for the form to choose.
    fit : dict
        Other arguments of `nengolab.runs.start`.
    folder : str
        Of the runs.
    variables : callable
        Gives what can be chosen by name.
    """

    x: Any = None
    y: Any = None
    fit: dict[str, Any] = field(default_factory=dict[str, Any])
    folder: str = "runs"
    variables: Callable[[], Mapping[str, Any]] = dict

    @property
    def is_whole(self) -> bool:
        """Whether the data are of a form that no name stands for."""
        return self.x is not None and not (_is_array(self.x) and (_is_array(self.y)))

    def named(self) -> dict[str, Any]:
        """What can be chosen by name, with what was given among it."""
        found = dict(self.variables())
        for usual, value in (("x", self.x), ("y", self.y)):
            if value is not None and not self.is_whole:
                found[name_of(value, found, usual)] = value
        return found


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")


def name_of(value: Any, variables: Mapping[str, Any], usual: str) -> str:
    """What a person calls a value."""
    names = [n for n, v in variables.items() if v is value and not n.startswith("_")]
    return names[0] if names else usual
