"""The transport bar: what its buttons ask of the session, and the status it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nengolab.live import Session


def status_message(session: Session) -> dict[str, Any]:
    """Describe the state of a session as frames do."""
    now = session.status
    return {
        "state": now.state,
        "time": now.time,
        "n_steps": now.n_steps,
        "rtf": now.real_time_factor,
        "speed": now.speed,
        "error": dict(now.error) if now.error else None,
    }


def transport_commands(session: Session) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Map each command of the bar to what it does: put something on the session's queue."""
    return {
        "play": lambda _: session.play(),
        "pause": lambda _: session.pause(),
        "reset": lambda _: session.reset(),
        "step": lambda message: session.step(int(message.get("n", 1))),
        "speed": lambda message: session.set_speed(message["value"]),
    }
