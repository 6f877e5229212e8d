"""What the transport bar shows of a session."""

from __future__ import annotations

from typing import Any

from nengolab.live import Session

from .messages import Past


def past_message(session: Session) -> Past:
    """Describe the branches of the run."""
    history = session.history
    return {
        "type": "past",
        "branch": history.branch,
        "branches": [branch.name for branch in history.branches],
        "doubts": history.not_restorable,
    }


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
