"""What the transport bar shows of a session."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
from nengo.exceptions import ValidationError

from nengolab import Recording
from nengolab.live import Session
from nengolab.live.history import EventInfo
from nengolab.names import Names

from .choice import Menu
from .messages import Mark, Past
from .values import has_value, usual_filter

# More marks than this are no marks any more.
MOST_MARKS = 60
KINDS = ("input", "change", "error", "branch")


def past_message(session: Session) -> Past:
    """Describe the branches of the run."""
    history = session.history
    return {
        "type": "past",
        "branch": history.branch,
        "branches": [branch.name for branch in history.branches],
        "doubts": history.not_restorable,
        "memory": history.summary,
        "marks": [_mark(event) for event in history.marks(MOST_MARKS)],
    }


def _mark(event: EventInfo) -> Mark:
    kind = event.kind if event.kind in KINDS else "change"
    return {"time": event.time, "kind": cast("Any", kind), "text": _said(event)}


def _said(event: EventInfo) -> str:
    if event.kind == "branch":
        return f"{event.name} begins"
    if event.kind == "error":
        return f"error in {event.name}: {event.value}" if event.name else f"error: {event.value}"
    if event.kind == "input":
        return f"{event.name}: {_value(event.value)}"
    return f"{event.name}: {event.role} {_value(event.value)}"


def _value(value: Any) -> str:
    if value is None:
        return "given back"
    if isinstance(value, Recording):
        return f"plays «{value.name}»"
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.size > 4:
        return str(value) if array.ndim == 0 else f"array {array.shape}"
    return ", ".join(f"{v:.3g}" for v in np.ravel(array))


def status_message(session: Session) -> dict[str, Any]:
    """Describe the state of a session as frames do."""
    now = session.status
    return {
        "state": now.state,
        "time": now.time,
        "n_steps": now.n_steps,
        "rtf": now.real_time_factor,
        "speed": now.speed,
        "returning": now.returning,
        "note": now.note,
        "error": dict(now.error) if now.error else None,
    }


def until_when(message: Any, menu: Menu, names: Names) -> float | str:
    """Read what a run is to go on until: a time, or a condition as the session takes it.

    Raises
    ------
    ValidationError
        Where the object has no value, or not that dimension.
    """
    if "time" in message:
        return float(message["time"])
    obj = menu.find(str(message.get("object")))
    name, dim, level = names.get(obj), message.get("dim", 0), message.get("level")
    if not has_value(obj) or level is None:
        raise ValidationError(f"{name!r} has no value to wait for", "object")
    if not 0 <= dim < obj.size_out:
        raise ValidationError(f"{name!r} has {obj.size_out} dimensions, there is no {dim}", "dim")
    tau = usual_filter(obj, menu.network)
    filtered = "" if tau is None else f"({tau:g})"
    sign = ">" if message.get("above", True) else "<"
    written = name if name.isidentifier() else f"obj[{json.dumps(name, ensure_ascii=False)}]"
    return f"{written}.value{filtered}[{dim}] {sign} {level:g}"
