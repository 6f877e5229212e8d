"""Checks of the numbers that commands are given."""

from __future__ import annotations

import math
import operator
from typing import Any

from nengo.exceptions import ValidationError


def check_speed(speed: Any) -> float | None:
    """Refuse what is no real-time factor; None is as fast as it goes."""
    if speed is None:
        return None
    if not (isinstance(speed, (int, float)) and math.isfinite(speed) and speed > 0):
        raise ValidationError(
            f"must be a positive real-time factor, or None for unlimited; got {speed!r}", "speed"
        )
    return float(speed)


def check_steps(n: Any) -> int:
    """Refuse what is no count of steps."""
    try:
        count = operator.index(n)
    except TypeError:
        raise ValidationError(f"needs a whole number of steps, got {n!r}", "n") from None
    if count < 1:
        raise ValidationError(f"needs at least one step, got {count}", "n")
    return count


def steps_in(seconds: Any, dt: float) -> int:
    """Count the steps in some seconds, at least one."""
    if not (isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= dt / 2):
        raise ValidationError(
            f"needs a time of at least one step ({dt} s), got {seconds!r}", "seconds"
        )
    return max(1, round(seconds / dt))
