"""What pages are told of the arguments of an object, and of functions that are tried."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nengolab import building

from .drawing import Drawing
from .told import FieldTold, FunctionTold, PartTold, TriedTold

# Lines of a plot of a function.
MOST_LINES = 8


def fields_told(drawing: Drawing, made: building.Made, form: building.Form) -> list[FieldTold]:
    """Tell all arguments of a call; nothing of the code runs."""
    return [
        {
            **_told(field, field.name),
            "function": _function(drawing, made, form, field),
            "parts": [
                _told(part, f"{field.name}.{part.name}") for part in building.parts_of(made, field)
            ],
        }
        for field in form.fields
    ]


def _told(field: building.Field, name: str) -> PartTold:
    return {
        "name": name,
        "kind": field.kind,
        "value": field.source or "",
        "default": field.default,
        "now": field.now,
        "required": field.required,
        "unit": field.unit,
        "choices": [
            {"code": c.code, "title": c.title, "refused": c.refused} for c in field.choices
        ],
        "hint": field.text,
    }


def _function(
    drawing: Drawing, made: building.Made, form: building.Form, field: building.Field
) -> FunctionTold | None:
    if field.kind not in ("function", "output") or form.unclear:
        return None
    code = building.function_code(made, form.obj, field.name, form)
    if code is None:
        return None
    return {
        "text": code.text,
        "kind": code.kind,
        "line": drawing.line(code.line),
        "uses": code.uses,
        "along": list(code.along),
    }


def tried(
    drawing: Drawing, made: building.Made, obj: Any, name: str, code: str, element: int
) -> TriedTold:
    """Run a function that a person wants to see, and tell what it gave, or its error and line.

    Raises
    ------
    Refused
        Where what it gives cannot be taken.
    """
    held = building.function_code(made, obj, name)
    try:
        found = building.try_function(made, obj, name, code, element)
    except building.SourceError as error:
        text = str(error).removeprefix(f"line {error.line}: ")
        if held is None or error.line is None:
            return untold(text)
        # The field counts its lines as the code does.
        return {**untold(text), "line": drawing.line(held.line) + error.line - 1}
    return {
        **untold(""),
        "along": found.along,
        "x": [float(x) for x in found.x],
        "y": [_numbers(row) for row in found.y[:, :MOST_LINES].T],
        "size": found.y.shape[1],
    }


def untold(problem: str) -> TriedTold:
    """Tell why a function gave nothing."""
    return {"problem": problem, "line": None, "along": "", "x": [], "y": [], "size": 0}


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]
