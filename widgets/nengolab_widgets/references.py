"""What a plot looks at, said in a file: by the readable names of the network's objects.

A name is a text, a view of part of an object ``{"of": name, "at": "0:2"}``, several objects a list,
and none is null.
"""

from __future__ import annotations

import difflib
from typing import Any, cast

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .narrowing import is_dict, is_list, is_list_or_tuple, is_tuple


class GoneError(ValidationError):
    """A name that nothing in the network has."""


def refer(obj: Any, names: Names) -> Any:
    """Say in JSON which object it is.

    Raises
    ------
    ValidationError
        When its name would not lead back to it.
    """
    if obj is None:
        return None
    if is_tuple(obj):
        return [refer(part, names) for part in obj]
    if isinstance(obj, ObjView):
        return {"of": refer(obj.obj, names), "at": slice_text(obj.slice)}
    name = names.get(obj)
    if not names.has(_owner(obj)) or name not in _named(names):
        raise ValidationError(f"{obj!r} is not in the network, so no file can name it", "obj")
    return name


def resolve(reference: Any, names: Names) -> Any:
    """Find what `refer` named.

    Raises
    ------
    GoneError
        Names what the network does not have.
    ValidationError
        When it is no reference, or the part of the object does not exist.
    """
    if reference is None:
        return None
    if is_list(reference):
        return tuple(resolve(part, names) for part in reference)
    if is_dict(reference) and isinstance(reference.get("of"), str):
        obj = resolve(reference["of"], names)
        try:
            return obj[_read_slice(reference.get("at"))]
        except (IndexError, TypeError, nengo.exceptions.NengoException) as error:
            name, part = reference["of"], reference.get("at")
            raise ValidationError(f"{name!r} has no part [{part}]: {error}", "object") from None
    if not isinstance(reference, str):
        raise ValidationError(
            f'an object is a name, {{"of": name, "at": "0:2"}}, a list of them or null, '
            f"got {reference!r}",
            "object",
        )
    found = _named(names)
    if reference not in found:
        close = difflib.get_close_matches(reference, found, n=1)
        hint = f"; there is {close[0]!r}" if close else ""
        raise GoneError(f"the network has no {reference!r}{hint}", "object")
    return found[reference]


def _owner(obj: Any) -> Any:
    """Give the object of the network that neurons or a learning rule belong to."""
    if isinstance(obj, Neurons):
        return obj.ensemble
    return obj.connection if isinstance(obj, LearningRule) else obj


def _named(names: Names) -> dict[str, Any]:
    """All that a name can mean: objects, neurons, learning rules."""
    found: dict[str, Any] = {}
    for obj in names.objects():
        found[names.get(obj)] = obj
        if isinstance(obj, nengo.Ensemble):
            found[names.get(obj.neurons)] = obj.neurons
        elif isinstance(obj, nengo.Connection):
            found.update((names.get(rule), rule) for rule in rules_of(obj).values())
    return found


def rules_of(connection: nengo.Connection) -> dict[str, Any]:
    """Give a connection's learning rules by the Python that gives them of it."""
    kinds, rules = connection.learning_rule_type, connection.learning_rule
    if kinds is None:
        return {}
    if is_dict(kinds):
        return {f".learning_rule[{key!r}]": rule for key, rule in rules.items()}
    if is_list_or_tuple(kinds):
        return {f".learning_rule[{i}]": rule for i, rule in enumerate(rules)}
    return {".learning_rule": rules}


def slice_text(part: Any) -> str:
    """Write which part of an object a view shows, as between square brackets: "0:2", "0, 3"."""
    if isinstance(part, slice):
        whole = cast("slice[Any, Any, Any]", part)
        ends = ["" if end is None else str(end) for end in (whole.start, whole.stop)]
        return ":".join(ends if whole.step in (None, 1) else [*ends, str(whole.step)])
    return ", ".join(str(int(index)) for index in part)


def _read_slice(text: Any) -> slice | list[int]:
    try:
        if ":" in text:
            return slice(*(int(end) if end.strip() else None for end in text.split(":")))
        return [int(index) for index in text.split(",")]
    except (TypeError, ValueError):
        raise ValidationError(
            f'"at" must be such as "0:2" or "0, 3", got {text!r}', "object"
        ) from None
