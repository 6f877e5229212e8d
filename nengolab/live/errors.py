"""Errors as data: threads do not print, so errors travel to whoever looks."""

from __future__ import annotations

import math
import re
import traceback
from typing import Any, TypedDict

from nengolab.names import Names


class ErrorReport(TypedDict):
    """An error for the panel, JSON-able."""

    object: str
    message: str
    traceback: str


def report_error(error: BaseException, names: Names, about: Any = None) -> ErrorReport:
    """Describe an error with the name of its object.

    Parameters
    ----------
    error : BaseException
        What was raised. An ``obj`` attribute, which Nengo's validation errors
        carry, says which object it is about.
    names : Names
        Names of the network's objects.
    about : object, optional
        The object a command was about, for errors that do not say it themselves.
    """
    message = str(error) or type(error).__name__
    subject = getattr(error, "obj", None)
    if subject is None:
        subject = about
    if subject is None:
        # The engine's errors begin with the name of what they are about.
        subject = names.find(message.partition(": ")[0])
    if subject is None or isinstance(subject, str):
        name = subject or ""
    else:
        name = names.get(subject)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {"object": name, "message": message, "traceback": text}


def failing_step(message: str, dt: float) -> int | None:
    """Read from an error of the engine at which step it was; None where it does not tell.

    The engine's errors say "at step 1001 (t = 1.001 s)", or "at t = 1.001 s" to six digits.
    """
    if found := re.search(r"\bat step (\d+)", message):
        return int(found[1])
    found = re.search(r"\bat t = ([\d.e+-]+) s", message)
    if found is None:
        return None
    t = float(found[1])
    # Six digits of a late time do not tell steps apart.
    fine = t == 0 or 10.0 ** (math.floor(math.log10(t)) - 5) < dt / 2
    return round(t / dt) if fine else None
