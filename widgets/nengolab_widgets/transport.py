"""What the transport bar shows of a session."""

from __future__ import annotations

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
