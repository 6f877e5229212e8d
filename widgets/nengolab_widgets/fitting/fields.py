"""Fields of the form before a run, as a page is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from .told import Choice, Field

YES, NO = "yes", "no"


class Fields:
    """Makes fields of what was typed.

    Parameters
    ----------
    typed, errors : dict of str to str
        By field, as they are now.
    """

    def __init__(self, typed: Mapping[str, str], errors: Mapping[str, str]) -> None:
        self.typed, self.errors = typed, errors

    def choice(
        self,
        name: str,
        label: str,
        choices: Iterable[Choice],
        hint: str | Mapping[str, str],
        group: str = "",
    ) -> Field:
        """Make a field to choose in; a hint may be that of what is chosen."""
        words = hint if isinstance(hint, str) else hint.get(self.typed[name], "")
        made = self.field(name, label, "choice", words, group)
        return {**made, "choices": list(choices)}

    def entry(
        self,
        name: str,
        label: str,
        kind: Literal["whole", "number", "text"],
        hint: str,
        group: str = "",
    ) -> Field:
        """Make a field to type in."""
        return self.field(name, label, kind, hint, group)

    def field(
        self,
        name: str,
        label: str,
        kind: Literal["choice", "whole", "number", "text"],
        hint: str,
        group: str = "",
    ) -> Field:
        return {
            "name": name,
            "label": label,
            "kind": kind,
            "value": self.typed[name],
            "choices": [],
            "hint": hint,
            "error": self.errors.get(name, ""),
            "group": group,
        }


def plain(name: str, note: str = "") -> Choice:
    """A choice that can be made."""
    return {"name": name, "note": note, "why": ""}


def shown(value: Any) -> str:
    """A value as it stands in a field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    return f"{value:g}" if isinstance(value, float) else str(value)
